"""The morning mail on a real database: which day, to whom, and once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg2.extensions
import pytest

from fraud_common.errors import SettingsError
from fraud_scorer.alerting.render import render_email, render_slack
from fraud_scorer.use_cases.morning_report import daily_report, daily_report_text
from fraud_scorer.wiring import Parts

Cursor = psycopg2.extensions.cursor
Insert = Callable[..., None]
Content = Callable[[Cursor], dict[str, Any]]
NOW = datetime(2026, 11, 20, 7, 0, 2, tzinfo=ZoneInfo("America/Chicago"))


def outbox(cursor: Cursor) -> list[tuple[Any, ...]]:
    """Kind, channel, recipient and status of what waits."""
    cursor.execute("select kind, channel, recipient, status from outbox order by channel, recipient")
    return cursor.fetchall()


def test_the_day_is_mailed_once_to_each_recipient(
    postgres_url: str, cursor: Cursor, payment: Insert, parts: Callable[..., Parts], content: Content
) -> None:
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


def test_what_is_flagged_may_still_be_alerted(
    postgres_url: str, cursor: Cursor, payment: Insert, parts: Callable[..., Parts]
) -> None:
    """The morning mail does not count as having told anybody of a single payment."""
    payment("p", "2026-11-19T03:12", flagged=True)
    daily_report(parts(postgres_url))
    cursor.execute("select count(*) from outbox_payments")
    assert cursor.fetchone() == (0,)


def test_what_waits_can_be_sent(postgres_url: str, payment: Insert, parts: Callable[..., Parts]) -> None:
    """What the outbox gives back renders, in mail and chat, as what was written."""
    payment("first", "2026-11-10T12:00")
    payment("p", "2026-11-19T03:12", flagged=True, amount_cents=5000)
    wired = parts(postgres_url, alert_slack_webhook="https://chat.example.org/hook", alert_recipients="a@example.org")
    text = daily_report_text(wired)
    daily_report(wired)
    _lease, messages = wired.database.outbox.lease(5, seconds=60, channels=["email", "slack"])
    [email, slack] = sorted(messages, key=lambda message: message.channel)
    mail = render_email(email, sender="Fraud scorer <fraud-scorer@example.org>")
    assert mail["Subject"] == "Thu 19 Nov: 1 of 1 payment flagged, 50.00 USD at risk"
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == text  # type: ignore[union-attr]
    assert "1 of 1 payment flagged" in str(render_slack(slack)["text"])


def test_the_first_day_has_nothing_to_be_compared_with(
    postgres_url: str, cursor: Cursor, payment: Insert, parts: Callable[..., Parts]
) -> None:
    """Nor has the second, whose only neighbour was no whole day; the third is compared with the second."""
    for day in (17, 18, 19):
        payment(f"p{day}", f"2026-11-{day}T15:00")
    wired = parts(postgres_url)
    assert "No comparison yet" in daily_report_text(wired, date(2026, 11, 17))
    assert "No comparison yet" in daily_report_text(wired, date(2026, 11, 18))
    assert "Usual: the day before." in daily_report_text(wired, date(2026, 11, 19))
    assert outbox(cursor) == []


def test_before_the_first_payment_nobody_is_mailed(
    postgres_url: str, cursor: Cursor, payment: Insert, parts: Callable[..., Parts]
) -> None:
    """Neither with an empty database nor on the morning after which the first payment came."""
    assert "no payment was ever stored" in daily_report(parts(postgres_url))["note"]
    payment("p", "2026-11-20T06:00")
    assert "lies before the first payment" in daily_report(parts(postgres_url))["note"]
    assert "lies before the first payment" in daily_report_text(parts(postgres_url))
    assert outbox(cursor) == []


def test_a_day_that_is_not_over_is_not_frozen(
    postgres_url: str, cursor: Cursor, payment: Insert, parts: Callable[..., Parts]
) -> None:
    """Today can be looked at and not sent."""
    payment("p", "2026-11-20T01:00")
    with pytest.raises(SettingsError, match="dry-run"):
        daily_report(parts(postgres_url), date(2026, 11, 20))
    assert "The day is not over." in daily_report_text(parts(postgres_url), date(2026, 11, 20))
    assert outbox(cursor) == []


def test_no_recipients_is_an_error(postgres_url: str, payment: Insert, parts: Callable[..., Parts]) -> None:
    """A report that nobody gets is a mistake in the settings."""
    payment("p", "2026-11-19T01:00")
    with pytest.raises(SettingsError, match="ALERT_RECIPIENTS"):
        daily_report(parts(postgres_url, alert_recipients=" , "))
