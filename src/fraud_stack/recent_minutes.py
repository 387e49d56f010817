"""The last minutes, as the run ledger and Airflow's metadata record them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fraud_scorer.store.quick_query import ask


@dataclass(frozen=True)
class Minute:
    """A finished minute: one line on the terminal."""

    batch_id: str
    minute: datetime
    status: str
    received: int
    inserted: int
    flagged: int
    alerted: int
    quarantined: int
    lag_seconds: float | None
    scored_by: str | None
    error: str | None

    def line(self) -> str:
        """As the terminal shows it.

        >>> from datetime import UTC
        >>> at = datetime(2026, 11, 20, 10, 31, tzinfo=UTC)
        >>> Minute("b", at, "done", 20, 19, 1, 1, 0, 2.64, "local", None).line()
        '10:31Z  20 received, 19 new, 1 flagged, 1 alerted, 2.6 s after its end'
        >>> Minute("b", at, "missed", 0, 0, 0, 0, 0, None, None, None).line()
        '10:31Z  missed'
        """
        clock = f"{self.minute:%H:%M}Z"
        if self.status != "done":
            return f"{clock}  {self.status}" + (f": {self.error}" if self.error else "")
        parts = [
            f"{self.received} received", f"{self.inserted} new", f"{self.flagged} flagged", f"{self.alerted} alerted",
        ]  # fmt: skip
        if self.quarantined:
            parts.append(f"{self.quarantined} in quarantine")
        if self.lag_seconds is not None:
            parts.append(f"{self.lag_seconds:.1f} s after its end")
        if self.scored_by not in {"local", None}:
            parts.append(str(self.scored_by))
        return f"{clock}  " + ", ".join(parts)


def settled_minutes(fraud_db_url: str, since: datetime) -> list[Minute]:
    """Minutes that were finished after ``since``, their mail included, oldest first."""
    return [Minute(*row) for row in ask(fraud_db_url, "monitoring/stack_minutes", {"since": since})]


def imported_days(fraud_db_url: str) -> int:
    """The number of days of history that are imported."""
    return int(ask(fraud_db_url, "monitoring/stack_imported_days")[0][0])
