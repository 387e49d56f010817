"""The circuit breaker in PostgreSQL, because each minute's run is a new process."""

from __future__ import annotations

from sqlalchemy import Engine

from fraud_scorer.domain.circuit_breaker import BreakerState
from fraud_scorer.store.engine import transaction
from fraud_scorer.store.queries import query


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
        return self._as_state(self._run("breaker/state"))

    def claim(self) -> BreakerState:
        """The state, and whether this run may ask."""
        return self._as_state(self._run("breaker/claim", pause_seconds=self._pause_seconds))

    def failed(self, error: str) -> None:
        """Count a failed run; the one that reaches ``failures`` opens the breaker."""
        self._run("breaker/failed", error=error, failures=self._failures, pause_seconds=self._pause_seconds)

    def succeeded(self) -> None:
        """Forget the failures."""
        self._run("breaker/succeeded")

    def _as_state(self, row: dict[str, object] | None) -> BreakerState:
        return BreakerState(**row) if row else BreakerState()  # type: ignore[arg-type]  # the query's columns

    def _run(self, name: str, **parameters: object) -> dict[str, object] | None:
        with transaction(self._engine) as cursor:
            cursor.execute(query(name), {"endpoint": self._endpoint, **parameters})
            if cursor.description is None:
                return None
            row = cursor.fetchone()
            return dict(zip((column.name for column in cursor.description), row, strict=True)) if row else None
