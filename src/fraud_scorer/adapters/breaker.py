"""A circuit breaker that outlives the process: each minute's run is a new one, so its memory is a row in PostgreSQL.

Closed: every run asks the endpoint. After ``failures`` failed runs in a row it opens: nobody asks for
``pause_seconds``; then one run may (the probe). The probe's success closes it, its failure starts another pause.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import Engine

from fraud_scorer.adapters.postgres.engine import transaction
from fraud_scorer.adapters.postgres.queries import query


@dataclass(frozen=True)
class BreakerState:
    """What is remembered of an endpoint. ``open_until`` (UTC) is None while the breaker is closed."""

    failed_runs: int = 0
    open_until: datetime | None = None
    last_error: str = ""
    may_ask: bool = True

    @property
    def sentence(self) -> str:
        """The state in one sentence, for the ledger and for ``status``."""
        if self.open_until is None:
            after = f" after {self.failed_runs} failed in a row: {self.last_error}" if self.failed_runs else ""
            return f"the endpoint is asked by each run{after}"
        until = self.open_until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        last = f"; the last said: {self.last_error}" if self.last_error else ""
        return f"the endpoint is not asked until {until}, after {self.failed_runs} failed runs in a row{last}"


class Breaker(Protocol):
    """The memory of one endpoint's failures."""

    def claim(self) -> BreakerState:
        """The state, and whether this run may ask. Of runs that come after a pause, one alone may."""

    def failed(self, error: str) -> None:
        """Count a run that asked, and got no usable scores."""

    def succeeded(self) -> None:
        """Close the breaker: a run asked and got its scores."""


class PostgresBreaker:
    """The breaker's memory in table ``circuit_breaker``, one row an endpoint.

    Every method raises StoreUnavailable if PostgreSQL cannot be asked, TerminalError if it is not migrated.
    """

    def __init__(self, engine: Engine, endpoint: str, *, failures: int, pause_seconds: float) -> None:
        self._engine = engine
        self._endpoint = endpoint
        self._failures = failures
        self._pause_seconds = pause_seconds

    def state(self) -> BreakerState:
        """What is remembered; changes nothing."""
        return self._as_state(self._run("breaker_state"))

    def claim(self) -> BreakerState:
        """The state, and whether this run may ask."""
        return self._as_state(self._run("breaker_claim", pause_seconds=self._pause_seconds))

    def failed(self, error: str) -> None:
        """Count a failed run; the one that reaches ``failures`` opens the breaker."""
        self._run("breaker_failed", error=error, failures=self._failures, pause_seconds=self._pause_seconds)

    def succeeded(self) -> None:
        """Forget the failures."""
        self._run("breaker_succeeded")

    def _as_state(self, row: dict[str, object] | None) -> BreakerState:
        return BreakerState(**row) if row else BreakerState()  # type: ignore[arg-type]  # the query's columns

    def _run(self, name: str, **parameters: object) -> dict[str, object] | None:
        with transaction(self._engine) as cursor:
            cursor.execute(query(name), {"endpoint": self._endpoint, **parameters})
            if cursor.description is None:
                return None
            row = cursor.fetchone()
            return dict(zip((column.name for column in cursor.description), row, strict=True)) if row else None
