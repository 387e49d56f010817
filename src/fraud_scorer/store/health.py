"""What the watchdog asks of ``fraud_db``, in time: a server that hangs is as good as none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from fraud_scorer.store.bulk import rows
from fraud_scorer.store.engine import create_store_engine, transaction


@dataclass(frozen=True)
class LedgerSnapshot:
    """One look at the ledger. Times are UTC, None where there was nothing within two days."""

    waiting: int  # batches that landed and are not loaded
    last_minute: datetime | None  # the latest that the ledger knows
    last_completed_at: datetime | None  # when a minute was loaded last
    last_minute_with_payments: datetime | None  # new ones: repeats are no sign of life
    fallback_minutes: int  # loaded lately, scored by the local model because the endpoint failed
    fallback_reason: str
    failed_minutes: int  # unreadable within two days, or passed, however long ago; those passed by hand left out
    open_breakers: tuple[str, ...]  # endpoints that are not asked now
    mails_waiting: int
    oldest_mail_at: datetime | None  # when the mail that waits longest was made
    mails_refused: int  # within a day
    mail_error: str
    unscored: int = 0  # new records that were loaded lately, if no payment of them was scored; of events 200 at most
    all_negative: bool = False  # these are payments, all below zero
    unscored_kinds: str = ""  # what came instead of payments: events by kind, records in quarantine
    failed_error: str = ""  # of the failed minute that landed last
    killers: str = ""  # batches that were passed because runs died over them, and tried again or not to be tried soon
    noted_minutes: int = 0  # loaded lately, with answers that are not all of what there was
    note: str = ""  # of one of them
    refused: int = 0  # records of the last hour's answers in quarantine for the most frequent reason
    refused_of: int = 0  # so many came
    refused_reason: str = ""


class PostgresWatching:
    """Looks; never waits longer than some seconds, never writes.

    ``lag_minutes``: so much earlier each window begins, and so many more answers hold each record.
    """

    def __init__(self, url: str, *, lag_minutes: int = 0, statement_seconds: float = 10.0) -> None:
        self._lag_minutes = lag_minutes
        self._engine = create_store_engine(
            url,
            connect_seconds=5,
            statement_seconds=statement_seconds,
            lock_seconds=statement_seconds,
            transaction_seconds=2 * statement_seconds,
        )

    def look(self, now: datetime, *, fallback_seconds: float) -> LedgerSnapshot:
        """What the ledger says at ``now`` (aware). Raises StoreUnavailable, or TerminalError if it is not migrated."""
        with transaction(self._engine) as cursor:
            values = {"now": now, "fallback_seconds": fallback_seconds, "lag_minutes": self._lag_minutes}
            ledger = cast("dict[str, Any]", rows(cursor, "monitoring/watch_ledger", values)[0])
            mail = cast("dict[str, Any]", rows(cursor, "monitoring/watch_mail", values)[0])
            breakers = rows(cursor, "monitoring/watch_breaker", values)
            latest = cast("dict[str, Any]", rows(cursor, "monitoring/watch_unscored", values)[0])
            refused = cast("list[dict[str, Any]]", rows(cursor, "monitoring/watch_refused", values))
        return LedgerSnapshot(
            **ledger,
            open_breakers=tuple(str(row["endpoint"]) for row in breakers),
            mails_waiting=mail["pending"],
            oldest_mail_at=mail["oldest_pending_at"],
            mails_refused=mail["refused"],
            mail_error=mail["last_error"],
            **_unscored(latest),
            **_refused(refused),
        )


def _unscored(latest: dict[str, Any]) -> dict[str, Any]:
    """What was loaded lately, as long as no payment of it was scored."""
    if latest["is_scored"]:
        return {}
    others = latest["events"] + latest["refused"]
    refused = f"{latest['refused']} in quarantine" if latest["refused"] else ""
    return {
        "unscored": latest["payments"] + others,
        "all_negative": latest["payments"] > 0 and latest["all_negative"] and not others,
        "unscored_kinds": ", ".join(filter(None, (latest["event_kinds"], refused))),
    }


def _refused(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The reason that keeps most records of the last hour in quarantine, and of how many; empty if none is there."""
    if not found:
        return {}
    most = found[0]
    return {"refused": most["refused"], "refused_of": most["received"], "refused_reason": most["reason"]}
