"""The morning mail on a real database: which day, what of it, and once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg2
import psycopg2.extensions
import pytest

from fraud_scorer.errors import SettingsError
from fraud_scorer.messages.render import render_email, render_slack
from fraud_scorer.operations.daily import daily_report, daily_text
from fraud_scorer.settings import Settings
from fraud_scorer.wiring import Parts

Cursor = psycopg2.extensions.cursor
Insert = Callable[..., None]
CHICAGO = ZoneInfo("America/Chicago")
THURSDAY = date(2026, 11, 19)
NOW = datetime(2026, 11, 20, 7, 0, 2, tzinfo=CHICAGO)
REASONS = [{"code": "card_1h", "text": "6 payments with this card in the last hour", "value": 6, "usual": 0.3}]
PAYMENT = {
    "first_batch_id": "b", "first_landing_seq": 1, "batch_id": "b", "landing_seq": 1, "body_hash": b"\x00",
    "amount_cents": 1250, "currency": "USD", "card_token": "a" * 64, "card_key_id": "k1", "card_last4": "4512",
    "merchant": "fraud_Kuhn LLC", "fraud_probability": 0.2, "threshold": 0.9, "flagged": False, "scored_by": "local",
}  # fmt: skip


class Clock:
    """A clock that stands still."""

    def __init__(self, now: datetime) -> None:
        self.moment = now

    def now(self) -> datetime:
        """The time."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """No time passes."""


@pytest.fixture
def cursor(postgres_url: str) -> Iterator[Cursor]:
    """A fresh database in Chicago's calendar, each statement a transaction."""
    connection = psycopg2.connect(postgres_url.replace("+psycopg2", ""))
    connection.autocommit = True
    with connection.cursor() as opened:
        opened.execute("update report_settings set time_zone = 'America/Chicago'")
        yield opened
    connection.close()


@pytest.fixture
def insert(cursor: Cursor) -> Insert:
    """Insert one row."""

    def one(table: str, **columns: object) -> None:
        names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
        cursor.execute(f"insert into {table} ({names}) values ({marks})", list(columns.values()))

    return one


@pytest.fixture
def payment(insert: Insert) -> Insert:
    """Insert one payment at a local time; flagged ones have a reason."""

    def one(trans_num: str, at: str, **columns: Any) -> None:
        event_time = datetime.fromisoformat(at).replace(tzinfo=CHICAGO)
        reasons = json.dumps(REASONS) if columns.get("flagged") else None
        insert(
            "payments_scored", **PAYMENT | {"trans_num": trans_num, "event_time": event_time} | columns, reasons=reasons
        )

    return one


def minute(insert: Insert, at: str, status: str = "done", **columns: Any) -> str:
    """A minute of the ledger at a local time."""
    moment = datetime.fromisoformat(at).replace(tzinfo=CHICAGO).astimezone(UTC)
    batch_id = f"{moment:%Y-%m-%dT%H:%MZ}"
    insert("run_ledger", batch_id=batch_id, kind="minute", minute=moment, status=status, **columns)
    return batch_id


def parts(url: str, now: datetime = NOW, **changes: Any) -> Parts:
    """The real parts, two recipients, a clock that stands still."""
    chosen = {
        "fraud_db_url": url,
        "fraud_time_zone": "America/Chicago",
        "alert_recipients": "b@example.org, a@example.org",
        "dashboard_url": "https://fraud.example.org",
    }
    return Parts(Settings(_env_file=None, **(chosen | changes)), Clock(now))  # type: ignore[call-arg, arg-type]


def outbox(cursor: Cursor) -> list[tuple[Any, ...]]:
    """Kind, channel, recipient and status of what waits."""
    cursor.execute("select kind, channel, recipient, status from outbox order by channel, recipient")
    return cursor.fetchall()


def content(cursor: Cursor) -> dict[str, Any]:
    """What the first message says."""
    cursor.execute("select content from outbox where kind = 'daily' order by recipient limit 1")
    row = cursor.fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


def test_the_day_is_mailed_once_to_each_recipient(postgres_url: str, cursor: Cursor, payment: Insert) -> None:
    """A second run writes nothing, also when more is known by then; a recipient who is new gets theirs."""
    payment("first", "2026-11-01T12:00", flagged=False)
    payment("p", "2026-11-19T03:12", flagged=True)
    wired = parts(postgres_url)
    assert daily_report(wired) == {"day": "2026-11-19", "messages": 2, "note": ""}

    payment("late", "2026-11-19T04:00", flagged=True)
    again = daily_report(parts(postgres_url, NOW + timedelta(hours=1)))
    assert again["messages"] == 0
    assert "was written before" in again["note"]
    assert content(cursor)["flagged"] == 1

    slack = {"alert_slack_webhook": "https://chat.example.org/hook", "alert_recipients": "a@example.org,c@example.org"}
    assert daily_report(parts(postgres_url, **slack))["messages"] == 2
    assert outbox(cursor) == [
        ("daily", "email", "a@example.org", "pending"),
        ("daily", "email", "b@example.org", "pending"),
        ("daily", "email", "c@example.org", "pending"),
        ("daily", "slack", "slack", "pending"),
    ]


def test_what_is_flagged_may_still_be_alerted(postgres_url: str, cursor: Cursor, payment: Insert) -> None:
    """The morning mail does not count as having told anybody of a single payment."""
    payment("p", "2026-11-19T03:12", flagged=True)
    daily_report(parts(postgres_url))
    cursor.execute("select count(*) from outbox_payments")
    assert cursor.fetchone() == (0,)


def test_what_waits_can_be_sent(postgres_url: str, payment: Insert) -> None:
    """What the outbox gives back renders, in mail and chat, as what was written."""
    payment("first", "2026-11-10T12:00")
    payment("p", "2026-11-19T03:12", flagged=True, amount_cents=5000)
    wired = parts(postgres_url, alert_slack_webhook="https://chat.example.org/hook", alert_recipients="a@example.org")
    text = daily_text(wired)
    daily_report(wired)
    _lease, messages = wired.outbox.lease(5, seconds=60, channels=["email", "slack"])
    [email, slack] = sorted(messages, key=lambda message: message.channel)
    mail = render_email(email, sender="Fraud scorer <fraud-scorer@example.org>")
    assert mail["Subject"] == "Thu 19 Nov: 1 of 1 payment flagged, 50.00 USD at risk"
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == text  # type: ignore[union-attr]
    assert "1 of 1 payment flagged" in str(render_slack(slack)["text"])


def test_totals_hours_and_what_is_usual(postgres_url: str, cursor: Cursor, payment: Insert) -> None:
    """Sums of the day alone, by local hour, refunds apart; usual is the mean of earlier Thursdays but the first day."""
    payment("first day", "2026-10-29T12:00")  # a Thursday too, and no whole day
    payment("usual", "2026-11-05T12:00", amount_cents=3000)
    for number in range(3):
        payment(f"usual {number}", "2026-11-12T12:00", amount_cents=1000, flagged=number == 0)
    payment("too early", "2026-11-18T23:59:59")
    payment("midnight", "2026-11-19T00:00", amount_cents=5000, flagged=True)
    payment("evening", "2026-11-19T23:59:59")
    payment("refund", "2026-11-19T12:00", amount_cents=-700, fraud_probability=None, scored_by=None)
    payment("too late", "2026-11-20T00:00")
    daily_report(parts(postgres_url))

    told = content(cursor)
    assert (told["payment_count"], told["flagged"]) == (2, 1)
    assert told["amounts"] == [
        {
            "currency": "USD",
            "payments": 2,
            "amount_cents": 6250,
            "refunds": 1,
            "refund_cents": 700,
            "flagged_cents": 5000,
        }
    ]
    assert [hour["hour"] for hour in told["hours"] if hour["payments"]] == [0, 23]
    assert told["usual"]["said"] == "the mean of the 2 Thursdays before"
    assert (told["usual"]["payments"], told["usual"]["flagged"]) == (2.0, 0.5)
    assert told["usual"]["amounts"]["USD"]["amount_cents"] == 3000.0


def test_the_first_day_has_nothing_to_be_compared_with(postgres_url: str, cursor: Cursor, payment: Insert) -> None:
    """Nor has the second, whose only neighbour was no whole day; the third is compared with the second."""
    for day in (17, 18, 19):
        payment(f"p{day}", f"2026-11-{day}T15:00")
    wired = parts(postgres_url)
    assert "No comparison yet" in daily_text(wired, date(2026, 11, 17))
    assert "No comparison yet" in daily_text(wired, date(2026, 11, 18))
    assert "Usual: the day before." in daily_text(wired, date(2026, 11, 19))
    assert outbox(cursor) == []


def test_before_the_first_payment_nobody_is_mailed(postgres_url: str, cursor: Cursor, payment: Insert) -> None:
    """Neither with an empty database nor on the morning after which the first payment came."""
    assert "no payment was ever stored" in daily_report(parts(postgres_url))["note"]
    payment("p", "2026-11-20T06:00")
    assert "lies before the first payment" in daily_report(parts(postgres_url))["note"]
    assert "lies before the first payment" in daily_text(parts(postgres_url))
    assert outbox(cursor) == []


def test_an_empty_day_is_mailed(postgres_url: str, cursor: Cursor, payment: Insert, insert: Insert) -> None:
    """No payment where there should be some is news, with the minutes that never ran."""
    payment("p", "2026-11-10T12:00")
    minute(insert, "2026-11-10T12:00")
    assert daily_report(parts(postgres_url))["messages"] == 2
    assert content(cursor)["payment_count"] == 0
    assert content(cursor)["gaps"] == [["1,440 minutes", "never ran: nothing was running then"]]


@pytest.mark.parametrize(
    ("day", "hours", "last"), [(date(2026, 3, 8), 23, "2026-03-08T23:59"), (date(2026, 11, 1), 25, "2026-11-01T23:59")]
)
def test_days_on_which_clocks_change(
    postgres_url: str, cursor: Cursor, payment: Insert, insert: Insert, day: date, hours: int, last: str
) -> None:
    """Every payment of the day counts, no neighbour's does, and exactly the day's minutes are expected."""
    minute(insert, "2026-01-01T00:00")
    payment("long ago", "2026-01-01T00:00")
    payment("before", f"{day - timedelta(days=1)}T23:59")
    payment("first", f"{day}T00:00")
    payment("last", last)
    payment("after", f"{day + timedelta(days=1)}T00:00")
    daily_report(parts(postgres_url), day)
    told = content(cursor)
    assert told["hours_in_day"] == hours
    assert told["payment_count"] == 2
    assert told["gaps"] == [[f"{hours * 60:,} minutes", "never ran: nothing was running then"]]


def test_what_is_known_of_the_day(postgres_url: str, cursor: Cursor, payment: Insert, insert: Insert) -> None:
    """Frauds count by the label in force, flagged by us or not, and known frauds are named first."""
    payment("first", "2026-11-01T12:00")
    payment("flagged", "2026-11-19T03:12:07", flagged=True, fraud_probability=0.97, amount_cents=5000)
    payment("overlooked", "2026-11-19T10:00", amount_cents=9000)
    payment("honest", "2026-11-19T11:00", flagged=True, amount_cents=100)
    payment("another day's", "2026-11-18T11:00", amount_cents=70_000)
    said_at = datetime(2026, 11, 19, 18, tzinfo=CHICAGO)
    for trans_num, verdict, at in (
        ("flagged", "fraud", said_at),
        ("overlooked", "fraud", said_at),
        ("honest", "not_fraud", said_at),
        ("another day's", "fraud", said_at),
        ("flagged", "not_fraud", NOW + timedelta(hours=1)),
    ):
        insert("labels", trans_num=trans_num, source="verdict", verdict=verdict, known_at=at, author="ana")
    daily_report(parts(postgres_url))

    told = content(cursor)
    assert told["frauds"] == {"judged": 3, "known": 2, "flagged": 1, "amounts": [[14_000, "USD"]]}
    assert [one["amount_cents"] for one in told["listed"]] == [9000, 5000, 100]
    assert told["listed"][1] == {
        "amount_cents": 5000,
        "currency": "USD",
        "merchant": "Kuhn LLC",
        "local_time": "03:12:07 CST",
        "last4": "4512",
        "probability": 0.97,
        "flagged": True,
        "reason": "6 payments with this card in the last hour",
        "label": "fraud, says a verdict",
        "look_url": "https://fraud.example.org/?payment=flagged",
    }
    assert "aaaa" not in json.dumps(told)


def test_what_was_missed(postgres_url: str, cursor: Cursor, payment: Insert, insert: Insert) -> None:
    """Minutes by how they ended, quarantine by reason, payments by why nobody was mailed, mails that did not go out."""
    payment("first", "2026-11-01T12:00")
    payment("old", "2026-11-16T08:00:00", flagged=True, fraud_probability=0.95, amount_cents=7000)
    done = minute(insert, "2026-11-19T23:50")
    minute(insert, "2026-11-19T23:51", scored_by="local-fallback")
    minute(insert, "2026-11-19T23:52", "missed")
    minute(insert, "2026-11-19T23:53", "failed")
    minute(insert, "2026-11-19T23:54", "landed")
    minute(insert, "2026-11-20T00:10", "missed")
    for row, (reason, status) in enumerate([("future", "open"), ("bad_amount", "open"), ("future", "retried")]):
        insert("quarantine", batch_id=done, part=1, row_index=row, reason=reason, detail="", record=b"", status=status)
    for name, status, why in (("m1", "suppressed", "too_old"), ("m2", "suppressed", "flood"), ("m3", "failed", "550")):
        insert(
            "outbox", message_id=name, batch_id=done, kind="alert", channel="email", recipient="a@example.org",
            content="{}", status=status, last_error=why, created_at=datetime(2026, 11, 19, 9, tzinfo=CHICAGO),
        )  # fmt: skip
    for message_id, trans_num in (("m1", "old"), ("m2", "x"), ("m2", "y"), ("m3", "z")):
        insert(
            "outbox_payments", channel="email", recipient="a@example.org", trans_num=trans_num, message_id=message_id
        )
    daily_report(parts(postgres_url))

    told = content(cursor)
    assert [count for count, _meaning in told["gaps"]] == [
        "5 minutes",  # 23:55 to midnight never ran; nothing did before 23:50
        "1 minute",
        "1 minute",
        "1 minute",
        "1 minute",
        "2 records",
        "1 flagged payment",
        "2 flagged payments",
        "1 alert mail",
    ]
    assert told["gaps"][5][1] == "still open in quarantine: 1 bad amount, 1 future"
    [old] = told["too_old"]
    assert (old["local_time"], old["amount_cents"]) == ("Mon 16 Nov, 08:00:00 CST", 7000)


def test_a_day_that_is_not_over_is_not_frozen(postgres_url: str, cursor: Cursor, payment: Insert) -> None:
    """Today can be looked at and not sent."""
    payment("p", "2026-11-20T01:00")
    with pytest.raises(SettingsError, match="dry-run"):
        daily_report(parts(postgres_url), date(2026, 11, 20))
    assert "The day is not over." in daily_text(parts(postgres_url), date(2026, 11, 20))
    assert outbox(cursor) == []


def test_no_recipients_is_an_error(postgres_url: str, payment: Insert) -> None:
    """A report that nobody gets is a mistake in the settings."""
    payment("p", "2026-11-19T01:00")
    with pytest.raises(SettingsError, match="ALERT_RECIPIENTS"):
        daily_report(parts(postgres_url, alert_recipients=" , "))
