"""Which scorer scores: the endpoint, or the local model where the endpoint fails or is not asked."""

from datetime import UTC, datetime

import numpy as np
import pytest
from structlog.testing import capture_logs

from fraud_common.errors import ArtifactError, EndpointUnavailable, StoreUnavailable
from fraud_scorer.domain.circuit_breaker import BreakerState
from fraud_scorer.domain.ports import RawScores
from fraud_scorer.scoring.sagemaker.fallback import FallbackScorer

MATRIX = np.ones((2, 3), dtype="float32")
OPEN = BreakerState(3, datetime(2026, 11, 20, 10, 36, tzinfo=UTC), "refused", may_ask=False)


class Primary:
    """An endpoint: scores 0.75, or raises what it is told."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked = 0

    def score(self, matrix: np.ndarray, *, reference: str) -> RawScores:
        self.asked += 1
        if self.error:
            raise self.error
        return RawScores(np.full(len(matrix), 0.75), "sagemaker", variant="v", calls=1)


class Memory:
    """A breaker that says ``state`` and writes down what it is told."""

    def __init__(self, state: BreakerState | None = None) -> None:
        self.state = state or BreakerState()
        self.told: list[str] = []

    def claim(self) -> BreakerState:
        return self.state

    def failed(self, error: str) -> None:
        self.told.append(error)

    def succeeded(self) -> None:
        self.told.append("closed")


class Down:
    """A breaker whose store is down."""

    def claim(self) -> BreakerState:
        raise StoreUnavailable("PostgreSQL is down")

    def failed(self, error: str) -> None:
        raise StoreUnavailable("PostgreSQL is down")

    def succeeded(self) -> None:
        raise StoreUnavailable("PostgreSQL is down")


def test_the_endpoints_scores_are_taken(local) -> None:
    """No failure, nothing to remember."""
    memory = Memory()
    result = FallbackScorer(Primary(), local, memory).score(MATRIX, reference="run")
    assert (result.raw.tolist(), result.scored_by, result.fallback_reason) == ([0.75, 0.75], "sagemaker", "")
    assert memory.told == []


def test_a_success_after_failures_closes_the_breaker(local) -> None:
    """The endpoint is back."""
    memory = Memory(BreakerState(failed_runs=4, last_error="refused"))
    FallbackScorer(Primary(), local, memory).score(MATRIX, reference="run")
    assert memory.told == ["closed"]


def test_an_open_breaker_asks_nothing(local) -> None:
    """The local model scores at once; the reason names the pause's end and the last error."""
    primary = Primary()
    result = FallbackScorer(primary, local, Memory(OPEN)).score(MATRIX, reference="run")
    assert primary.asked == 0
    assert result.scored_by == "local-fallback"
    assert "not asked until 2026-11-20T10:36:00Z, after 3 failed runs" in result.fallback_reason
    assert "refused" in result.fallback_reason


def test_sagemaker_alone_asks_through_an_open_breaker(local) -> None:
    """It has nothing else to score with, so a pause would only lengthen the outage."""
    primary = Primary()
    memory = Memory(OPEN)
    result = FallbackScorer(primary, local, memory, "sagemaker").score(MATRIX, reference="run")
    assert (primary.asked, result.scored_by, memory.told) == (1, "sagemaker", ["closed"])


def test_a_fault_of_ours_is_not_the_endpoints(local) -> None:
    """A matrix that does not fit the model fits no model: nothing is scored, and the breaker counts nothing."""
    memory = Memory()
    with pytest.raises(ArtifactError):
        FallbackScorer(Primary(ArtifactError("too wide")), local, memory).score(MATRIX, reference="run")
    assert memory.told == []


@pytest.mark.parametrize("error", [None, EndpointUnavailable("refused")])
def test_a_breaker_without_its_store_does_not_stop_the_scoring(local, error) -> None:
    """The memory is a convenience; the log says that it is missing."""
    with capture_logs() as events:
        result = FallbackScorer(Primary(error), local, Down()).score(MATRIX, reference="run")
    assert result.scored_by == ("local-fallback" if error else "sagemaker")
    assert events[0]["event"] == "The circuit breaker cannot be read."


def test_no_payments_ask_nobody(local) -> None:
    """A batch of refunds says nothing about the endpoint."""
    primary, memory = Primary(), Memory()
    result = FallbackScorer(primary, local, memory).score(MATRIX[:0], reference="run")
    assert (len(result.raw), primary.asked, memory.told) == (0, 0, [])
