"""A team's own SageMaker endpoint scores: what is taken, what is refused, what the ledger keeps of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from structlog.testing import capture_logs

from fraud_scorer.scoring.sagemaker.variant import variant_name
from fraud_scorer.use_cases.check.run_checks import run_checks

Town = Any  # conftest.Town
ANOTHER_MODEL = variant_name("c0ffee" * 11)


class Endpoint:
    """Scores each row 0.25 and names ``variant`` as the one that did; none where it is None."""

    def __init__(self) -> None:
        self.variant: str | None = "AllTraffic"
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                rows = self.rfile.read(int(self.headers["Content-Length"])).decode().split("\n")
                body = "\n".join("0.25" for _ in rows).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/csv")
                self.send_header("Content-Length", str(len(body)))
                if endpoint.variant is not None:
                    self.send_header("x-Amzn-Invoked-Production-Variant", endpoint.variant)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """One that answers, with boto3 pointed at it."""
    endpoint = Endpoint()
    url = f"http://127.0.0.1:{endpoint.server.server_port}"
    for name, value in {
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": url, "AWS_ACCESS_KEY_ID": "dummy", "AWS_SECRET_ACCESS_KEY": "dummy",
        "AWS_DEFAULT_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    yield endpoint
    endpoint.server.shutdown()
    endpoint.server.server_close()


def scored(town: Town, **changed: Any) -> tuple[Any, ...]:
    """Who scored the first minute and as which variant, as the ledger keeps it; and how many warnings told of that."""
    with capture_logs() as events:
        assert town.run(0, scorer="auto", sagemaker_endpoint="theirs", **changed)["new"] > 0
    told = [event for event in events if event["event"] == "The endpoint does not say which model scored."]
    return (*town.rows("select scored_by, invoked_variant from run_ledger")[0], len(told))


@pytest.mark.parametrize("variant", ["AllTraffic", "model-a", "model-of-yesterday", None])
def test_an_endpoint_of_the_teams_own_scores(town: Town, endpoint: Endpoint, variant: str | None) -> None:
    """A variant that carries no model's hash, or none at all: the scores count, and the ledger keeps the name."""
    endpoint.variant = variant
    assert scored(town) == ("sagemaker", variant, 1)
    assert town.rows("select distinct raw_score from payments_scored where raw_score is not null") == [(0.25,)]


def test_another_model_on_an_endpoint_of_our_deploy_is_refused(town: Town, endpoint: Endpoint) -> None:
    """The name carries another model's hash: the local model scores, and the ledger says why."""
    endpoint.variant = ANOTHER_MODEL
    assert scored(town) == ("local-fallback", None, 0)
    assert ANOTHER_MODEL in town.rows("select fallback_reason from run_ledger")[0][0]


def test_strict_takes_no_scores_of_an_unnamed_model(town: Town, endpoint: Endpoint) -> None:
    """SAGEMAKER_MODEL_CHECK=strict: every endpoint must prove that the model here answered."""
    assert scored(town, sagemaker_model_check="strict") == ("local-fallback", None, 0)


def test_it_is_told_once_a_run(town: Town, endpoint: Endpoint) -> None:
    """Many calls and minutes of one run are one warning."""
    pipeline = town.pipeline(scorer="auto", sagemaker_endpoint="theirs", sagemaker_max_body_bytes=400)
    with capture_logs() as events:
        for number in range(2):
            pipeline.run_minute(town.at(number))
    assert sum(event["event"] == "The endpoint does not say which model scored." for event in events) == 1
    assert town.rows("select distinct scored_by, invoked_variant from run_ledger") == [("sagemaker", "AllTraffic")]


@pytest.mark.parametrize(
    ("variant", "check", "ok", "cure"),
    [("AllTraffic", "record", True, "SAGEMAKER_MODEL_CHECK=strict"), (None, "record", True, "sagemaker parity"),
     ("AllTraffic", "strict", False, "SAGEMAKER_MODEL_CHECK=record"), (ANOTHER_MODEL, "record", False, "deploy")],
)  # fmt: skip
def test_check_tells_it(town: Town, endpoint: Endpoint, variant: str | None, check: str, ok: bool, cure: str) -> None:
    """`fraud-scorer check` warns, or fails where the scores are refused; either way with what to do."""
    endpoint.variant = variant
    pipeline = town.pipeline(scorer="auto", sagemaker_endpoint="theirs", sagemaker_model_check=check)
    found = {finding.name: finding for finding in run_checks(pipeline.parts)}["SageMaker"]
    assert found.ok == ok
    assert (variant or "unnamed") in found.found
    assert cure in found.cure
