"""A circuit breaker in front of the endpoint.

Closed: every run asks the endpoint. After so many failed runs in a row it opens: no run asks during a pause; then one
run may (the probe). The probe's success closes it, its failure starts another pause.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


@dataclass(frozen=True)
class BreakerState:
    """The remembered failures of an endpoint. ``open_until`` (UTC) is None while the breaker is closed."""

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
