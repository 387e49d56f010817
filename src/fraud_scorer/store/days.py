"""What ``fraud_db`` knows of one day, for the morning mail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import psycopg2.extensions
from sqlalchemy import Engine

from fraud_scorer.domain.day_facts import DayFacts, FraudSums, Gaps, HourSums, ListedPayment
from fraud_scorer.store.bulk import rows
from fraud_scorer.store.engine import transaction


class PostgresDays:
    """Days of the report's calendar. Every method raises StoreUnavailable if ``fraud_db`` cannot be asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def facts(self, day: date, *, now: datetime, most: int = 10) -> DayFacts:
        """What is known of ``day`` at ``now`` (aware), as one moment saw it.

        What the day is compared with, `report_usual_days` in `sql/views` says, for the dashboard's page as well.

        Args:
            day: a day of the report's calendar.
            now: what is known later does not count.
            most: payments listed of each currency, at most.
        """
        one_moment = self._engine.execution_options(isolation_level="REPEATABLE READ")
        with transaction(one_moment) as cursor:
            rows(cursor, "morning_mail/now", {"now": now.isoformat()})
            values = {"day": day, "most": most}
            calendar = _all(cursor, "morning_mail/calendar", values)[0]
            listed = _all(cursor, "morning_mail/listed", values)
            return DayFacts(
                day=day,
                **calendar,
                hours=tuple(HourSums(**row) for row in _all(cursor, "morning_mail/hours", values)),
                frauds=tuple(FraudSums(**row) for row in _all(cursor, "morning_mail/frauds", values)),
                listed=tuple(_listed(row) for row in listed if row["list"] == "day"),
                too_old=tuple(_listed(row) for row in listed if row["list"] == "too_old"),
                gaps=_gaps(cursor, values),
                drifted=tuple((row["feature"], row["psi"]) for row in _all(cursor, "morning_mail/drift", values)),
            )


def _gaps(cursor: psycopg2.extensions.cursor, values: Mapping[str, object]) -> Gaps:
    mails = _all(cursor, "morning_mail/mails", values)[0]
    return Gaps(
        **_all(cursor, "morning_mail/minutes", values)[0],
        quarantine=tuple((row["reason"], row["records"]) for row in _all(cursor, "morning_mail/quarantine", values)),
        not_mailed=tuple((row["why"], row["payments"]) for row in _all(cursor, "morning_mail/not_mailed", values)),
        mails_refused=mails["refused"],
        mails_waiting=mails["waiting"],
    )


def _listed(row: Mapping[str, Any]) -> ListedPayment:
    reasons = row["reasons"] or [{}]
    rest = {name: value for name, value in row.items() if name not in ("list", "reasons")}
    return ListedPayment(**rest, reason=str(reasons[0].get("text", "")))


def _all(cursor: psycopg2.extensions.cursor, name: str, values: Mapping[str, object]) -> list[dict[str, Any]]:
    return rows(cursor, name, values)
