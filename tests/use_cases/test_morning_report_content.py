"""What the morning mail says of its day: totals, frauds, what was missed, also when clocks change."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg2.extensions
import pytest

from fraud_scorer.use_cases.morning_report import daily_report
from fraud_scorer.wiring import Parts

Cursor = psycopg2.extensions.cursor
Insert = Callable[..., None]
Content = Callable[[Cursor], dict[str, Any]]
CHICAGO = ZoneInfo("America/Chicago")
NOW = datetime(2026, 11, 20, 7, 0, 2, tzinfo=CHICAGO)


def minute(insert: Insert, at: str, status: str = "done", **columns: Any) -> str:
    """A minute of the ledger at a local time."""
    moment = datetime.fromisoformat(at).replace(tzinfo=CHICAGO).astimezone(UTC)
    batch_id = f"{moment:%Y-%m-%dT%H:%MZ}"
    insert("run_ledger", batch_id=batch_id, kind="minute", minute=moment, status=status, **columns)
    return batch_id


def test_totals_hours_and_what_is_usual(
    postgres_url: str, cursor: Cursor, payment: Insert, parts: Callable[..., Parts], content: Content
) -> None:
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


def test_an_empty_day_is_mailed(
    postgres_url: str, cursor: Cursor, payment: Insert, insert: Insert, parts: Callable[..., Parts], content: Content
) -> None:
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
    postgres_url: str,
    cursor: Cursor,
    payment: Insert,
    insert: Insert,
    day: date,
    hours: int,
    last: str,
    parts: Callable[..., Parts],
    content: Content,
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


def test_what_is_known_of_the_day(
    postgres_url: str, cursor: Cursor, payment: Insert, insert: Insert, parts: Callable[..., Parts], content: Content
) -> None:
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
        "events": "",
    }
    assert "aaaa" not in json.dumps(told)


def test_what_was_missed(
    postgres_url: str, cursor: Cursor, payment: Insert, insert: Insert, parts: Callable[..., Parts], content: Content
) -> None:
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
