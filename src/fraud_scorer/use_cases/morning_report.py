"""The morning mail: writes a day's report to the outbox, one message a recipient; the step ``alert`` sends it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import structlog

from fraud_common.errors import SettingsError
from fraud_scorer.alerting.channels import chats_set
from fraud_scorer.alerting.morning_mail import compose_daily
from fraud_scorer.alerting.render import text_of
from fraud_scorer.alerting.routing import Address
from fraud_scorer.domain.batches import require_aware

if TYPE_CHECKING:
    from fraud_scorer.domain.day_facts import DayFacts
    from fraud_scorer.wiring import Parts

log = structlog.get_logger()


def yesterday(now: datetime, time_zone: str) -> date:
    """The day before ``now`` (aware) on the clock of ``time_zone``.

    >>> from datetime import UTC
    >>> yesterday(datetime(2026, 11, 20, 3, 0, tzinfo=UTC), "America/Chicago")
    datetime.date(2026, 11, 18)
    """
    return require_aware(now).astimezone(ZoneInfo(time_zone)).date() - timedelta(days=1)


def daily_report(parts: Parts, day: date | None = None) -> dict[str, Any]:
    """Write the report on ``day`` (None: yesterday) to the outbox, for everyone who has none of that day yet.

    What is written is frozen: a second call writes nothing, whatever became known meanwhile.

    Returns:
        ``day``, ``messages`` (new ones), and ``note``: why there are none, empty if there are.

    Raises:
        SettingsError: the day is not over, or no one is told.
        StoreUnavailable: ``fraud_db`` cannot be reached.
    """
    facts = _facts(parts, day)
    if not facts.is_over:
        raise SettingsError(
            f"{facts.day} is not over, and its report is written once",
            "Wait for its end, or look at it as it stands: --dry-run",
        )
    messages = compose_daily(facts, _addresses(parts), policy=parts.alerting.policy, now=parts.clock.now())
    written = parts.database.outbox.write(messages)
    note = "" if written else _why_no_report(facts)
    log.info("Wrote the morning mail.", action="daily_report", day=str(facts.day), messages=written)
    return {"day": str(facts.day), "messages": written, "note": note}


def daily_report_text(parts: Parts, day: date | None = None) -> str:
    """The report on ``day`` (None: yesterday; today as it stands) as its mail's text part reads; nothing is written."""
    facts = _facts(parts, day)
    messages = compose_daily(facts, _addresses(parts)[:1], policy=parts.alerting.policy, now=parts.clock.now())
    return text_of(messages[0]) if messages else f"{_why_no_report(facts)}\n"


def _facts(parts: Parts, day: date | None) -> DayFacts:
    now = parts.clock.now()
    return parts.database.days.facts(day or yesterday(now, parts.settings.fraud_time_zone), now=now)


def _addresses(parts: Parts) -> list[Address]:
    """Everyone in ALERT_RECIPIENTS, and each chat that is set; the rules are about single payments."""
    found = [Address.of(name) for name in (*parts.settings.recipients, *chats_set(parts.settings))]
    if not found:
        raise SettingsError("no one is told of the day", "Set ALERT_RECIPIENTS to at least one address")
    return found


def _why_no_report(facts: DayFacts) -> str:
    if facts.first_day is None:
        return "no payment was ever stored: there is nothing to report"
    if facts.is_before_first_payment:
        return f"{facts.day} lies before the first payment ({facts.first_day}): there is nothing to report"
    return f"the report on {facts.day} was written before"
