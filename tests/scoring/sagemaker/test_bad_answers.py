"""Everything an endpoint can do wrong, over real HTTP: the local model scores the batch, and says why.

For each: the batch has one score a payment, all from the local model (none zero by accident); the reason that
goes to the run ledger; the log's line; the breaker's count; and in mode ``sagemaker`` an error and no scores.
"""

import socket
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from fraud_common.errors import EndpointUnavailable
from fraud_scorer.domain.circuit_breaker import BreakerState
from fraud_scorer.scoring.sagemaker.client import SageMakerScorer
from fraud_scorer.scoring.sagemaker.fallback import FallbackScorer

GOOD = b'{"predictions": [{"score": 0.1}, {"score": 0.2}]}'
HTML = b"<html><head><title>502</title></head><body>\n<h1>Bad Gateway</h1></body></html>"

# name: (what the endpoint does, how often it is asked, what the ledger says)
CASES: dict[str, tuple[Callable[[Any], Any], int, str]] = {
    "empty answer": (lambda r: r.http(200, b""), 1, "an empty body for 2 payments"),
    "204": (lambda r: r.http(204, b"", ""), 1, "an empty body for 2 payments"),
    "too few scores": (lambda r: r.scores(0.1), 1, "1 scores for 2 payments"),
    "too few scores in lines": (lambda r: r.scores(0.1, form="lines"), 1, "1 scores for 2 payments"),
    "too many scores": (lambda r: r.scores(0.1, 0.2, 0.3), 1, "3 scores for 2 payments"),
    "too many scores in a line": (lambda r: r.scores(0.1, 0.2, 0.3, form="line"), 1, "3 scores for 2 payments"),
    "no predictions": (lambda r: r.http(200, b'{"predictions": []}'), 1, "0 scores for 2 payments"),
    "NaN": (lambda r: r.scores(0.1, float("nan")), 1, "1 scores of 2 that are no finite numbers"),
    "NaN in CSV": (lambda r: r.scores("nan", 0.1, form="lines"), 1, "1 scores of 2 that are no finite numbers"),
    "infinity": (lambda r: r.scores(float("inf"), 0.1), 1, "1 scores of 2 that are no finite numbers"),
    "above 1": (lambda r: r.scores(0.1, 1.5), 1, "scores outside 0 to 1, the first of them 1.5"),
    "below 0": (lambda r: r.scores(-0.25, 0.1, form="line"), 1, "the first of them -0.25"),
    "null": (lambda r: r.scores(0.1, None), 1, "scores that are no numbers"),
    "text for a number": (lambda r: r.scores(0.1, "0.2"), 1, "scores that are no numbers"),
    "true for a number": (lambda r: r.scores(0.1, True), 1, "scores that are no numbers"),
    "a giant integer": (lambda r: r.scores(0.1, 10**400), 1, "too large"),
    "an empty cell": (lambda r: r.scores(0.1, "", form="line"), 1, "CSV whose cells are no numbers"),
    "another JSON": (lambda r: r.http(200, b'{"scores": [0.1, 0.2]}'), 1, 'JSON without {"predictions"'),
    "broken JSON": (lambda r: r.http(200, GOOD[:-4]), 1, 'JSON without {"predictions"'),
    "HTML with 200": (lambda r: r.http(200, HTML, "text/html"), 1, "text/html instead of JSON or CSV: <html>"),
    "HTML with 502": (lambda r: r.http(502, HTML, "text/html"), 3, "answered 502"),
    "HTML with 403": (lambda r: r.http(403, HTML, "text/html"), 1, "answered 403"),
    "scores as text/plain": (lambda r: r.http(200, b"0.1,0.2", "text/plain"), 1, "text/plain instead of JSON or CSV"),
    "no content type": (lambda r: r.http(200, GOOD, ""), 1, "no content type instead of JSON or CSV"),
    "JSON said to be CSV": (lambda r: r.http(200, GOOD, "text/csv"), 1, "CSV whose cells are no numbers"),
    "400": (lambda r: r.error(400, "ValidationError", "Endpoint x not found."), 1, "400 (ValidationError): Endpoint x"),
    "400 throttled": (lambda r: r.error(400, "ThrottlingException", "Rate exceeded"), 3, "throttled"),
    "413": (lambda r: r.http(413, b"<html>too large</html>", "text/html"), 1, "answered 413"),
    "424 of a 400": (
        lambda r: r.error(424, "ModelError", "Received client error (400)", OriginalStatusCode=400,
                          OriginalMessage="Unable to evaluate payload provided"),
        1, "the model behind the endpoint answered 400: Unable to evaluate payload provided",
    ),
    "424 of a 500": (
        lambda r: r.error(424, "ModelError", "Received server error (500)", OriginalStatusCode=500),
        3, "the model behind the endpoint answered 500: Received server error (500)",
    ),
    "424 of nothing": (lambda r: r.error(424, "ModelError", "?"), 1, "the model behind the endpoint answered 0"),
    "429": (lambda r: r.error(429, "ModelNotReadyException", "loading"), 3, "loading"),
    "500": (lambda r: r.error(500, "InternalFailure", "oops"), 3, "answered 500 (InternalFailure): oops"),
    "503": (lambda r: r.error(503, "ServiceUnavailable", "down"), 3, "answered 503 (ServiceUnavailable): down"),
    "530": (lambda r: r.error(530, "InternalDependencyException", "d"), 3, "answered 530"),
    "slow first byte": (lambda r: r.silence, 1, "did not answer in time"),
    "slow body": (lambda r: r.drip, 1, "took longer than"),
    "cut mid-body": (lambda r: r.cut(GOOD[:20], announced=len(GOOD)), 1, "the connection to the endpoint failed"),
    "cut before the answer": (lambda r: lambda connection, _: None, 1, "the connection to the endpoint failed"),
    "not HTTP at all": (lambda r: lambda connection, _: connection.sendall(b"hello\r\n"), 1, "connection to the"),
    "an endless answer": (lambda r: r.http(200, b" " * 70_000 + GOOD), 1, "too long or too slow"),
    "another model": (lambda r: r.scores(0.1, 0.2, variant="model-other"), 1, "another model (model-other; here lies"),
    "no variant": (lambda r: r.scores(0.1, 0.2, variant=""), 1, "another model (unnamed; here lies"),
}  # fmt: skip


class CountingBreaker:
    """A breaker in memory that never opens."""

    def __init__(self) -> None:
        self.failures: list[str] = []

    def claim(self) -> BreakerState:
        return BreakerState(failed_runs=len(self.failures))

    def failed(self, error: str) -> None:
        self.failures.append(error)

    def succeeded(self) -> None:
        self.failures.clear()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("case", CASES)
def test_auto_falls_back_whole_and_says_why(
    case: str, scorer: SageMakerScorer, endpoint: Any, reply: Any, local: Any, matrix: np.ndarray
) -> None:
    """Every payment has the local model's score; ledger, log and breaker know the reason."""
    script, calls, reason = CASES[case]
    endpoint.play(script(reply))
    breaker = CountingBreaker()
    with capture_logs() as events:
        result = FallbackScorer(scorer, local, breaker).score(matrix, reference="2026-11-20T10:31Z")
    assert result.raw.tolist() == [0.25, 0.25]
    assert result.scored_by == "local-fallback"
    assert reason in result.fallback_reason
    assert "\n" not in result.fallback_reason
    assert len(endpoint.requests) == calls
    assert breaker.failures == [result.fallback_reason]
    assert events[-1] == {
        "event": "The local model scores: the endpoint gave nothing.", "log_level": "warning", "action": "score",
        "batch_id": "2026-11-20T10:31Z", "rows": 2, "reason": result.fallback_reason,
    }  # fmt: skip


@pytest.mark.parametrize("case", ["empty answer", "too few scores", "424 of a 400", "cut mid-body", "another model"])
def test_sagemaker_alone_fails_the_task(
    case: str, scorer: SageMakerScorer, endpoint: Any, reply: Any, local: Any, matrix: np.ndarray
) -> None:
    """No scores at all, an error that a retry may heal, and the breaker counts it."""
    script, _, reason = CASES[case]
    endpoint.play(script(reply))
    breaker = CountingBreaker()
    with pytest.raises(EndpointUnavailable) as caught:
        FallbackScorer(scorer, local, breaker, "sagemaker").score(matrix, reference="run")
    assert reason in caught.value.what
    assert breaker.failures == [caught.value.what]


def test_connection_refused(aws_environment: Any, scorer: SageMakerScorer, local: Any, matrix: np.ndarray) -> None:
    """Nobody listens: the local model scores, and the reason is plain."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    aws_environment.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", address)
    result = FallbackScorer(scorer, local, CountingBreaker()).score(matrix, reference="run")
    assert result.raw.tolist() == [0.25, 0.25]
    assert "cannot be reached" in result.fallback_reason
