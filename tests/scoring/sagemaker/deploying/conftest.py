"""An AWS account for deployments: moto's server behind a small front; a deployer there, and two models for it.

moto knows no UpdateEndpoint and lets every endpoint be InService at once; the front adds both.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest
import requests
import xgboost

from fraud_scorer.scoring.sagemaker.deploying.deploy import Deployer


class Front(ThreadingHTTPServer):
    """The AWS account: passes requests on to moto, and plays SageMaker's part in what moto leaves out."""

    daemon_threads = True

    def __init__(self, moto: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.moto = moto
        self.reset()

    def reset(self) -> None:
        """Empty the account."""
        requests.post(f"{self.moto}/moto-api/reset", timeout=30)
        self.statuses: list[str] = []  # what DescribeEndpoint says first, one a call
        self.update_fails: str = ""  # why UpdateEndpoint's new fleet does not come up
        self.create_fails: str = ""
        self.called: list[str] = []

    @property
    def url(self) -> str:
        """Where boto3 finds it."""
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Front

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        action = self.headers["x-amz-target"].removeprefix("SageMaker.")
        self.server.called.append(action)
        asked = json.loads(body)
        if action == "UpdateEndpoint":
            status, answer = self._update(asked)
        else:
            status, answer = self._pass_on(action, body)
        if action == "DescribeEndpoint" and status == 200:
            answer = self._describe(answer)
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _pass_on(self, action: str, body: bytes) -> tuple[int, Any]:
        headers = {**self.headers, "X-Amz-Target": f"SageMaker.{action}"}
        response = requests.post(self.server.moto, data=body, headers=headers, timeout=30)
        return response.status_code, response.json() if response.content else {}

    def _update(self, asked: dict[str, str]) -> tuple[int, Any]:
        if not self.server.update_fails:
            self._pass_on("DeleteEndpoint", json.dumps({"EndpointName": asked["EndpointName"]}).encode())
            return self._pass_on("CreateEndpoint", json.dumps(asked).encode())
        return 200, {"EndpointArn": "arn"}

    def _describe(self, answer: dict[str, Any]) -> dict[str, Any]:
        if self.server.statuses:
            answer["EndpointStatus"] = self.server.statuses.pop(0)
        elif self.server.create_fails:
            answer |= {"EndpointStatus": "Failed", "FailureReason": self.server.create_fails}
        elif self.server.update_fails and "UpdateEndpoint" in self.server.called:
            answer["FailureReason"] = self.server.update_fails
        return answer

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def front(moto: str, point_to_moto: Callable[[pytest.MonkeyPatch], None]) -> Iterator[Front]:
    """Moto behind its front, and boto3's own settings pointing there."""
    server = Front(moto)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    with pytest.MonkeyPatch.context() as environment:
        point_to_moto(environment)
        environment.setenv("AWS_ENDPOINT_URL_SAGEMAKER", server.url)
        environment.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def session(front: Front) -> boto3.session.Session:
    """One for all tests: reading SageMaker's service description takes a second."""
    return boto3.session.Session()


@pytest.fixture
def aws(front: Front) -> Front:
    """An empty AWS account in eu-central-1."""
    front.reset()
    return front


@pytest.fixture
def reports() -> list[str]:
    """What the deployer said."""
    return []


@pytest.fixture
def deployer(aws: Front, session: boto3.session.Session, reports: list[str]) -> Deployer:
    """A deployer that never sleeps, each deployment a second after the one before."""
    seconds = iter(range(60))
    return Deployer(
        session,
        report=reports.append,
        sleep=lambda _: None,
        clock=lambda: datetime(2026, 11, 20, 10, 31, next(seconds), tzinfo=UTC),
    )


def _write_artifacts(folder: Path, seed: int = 0, **params: object) -> Path:
    """A model as training writes it, as far as deploying reads it."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(200, 3))
    labels = inputs[:, 0] > 1
    params = {"objective": "binary:logistic", "base_score": 0.5, "nthread": 1, "max_depth": 2, **params}
    booster = xgboost.train(params, xgboost.DMatrix(inputs, label=labels), num_boost_round=3)
    folder.mkdir()
    booster.save_model(folder / "model.ubj")
    content = (folder / "model.ubj").read_bytes()
    manifest = {
        "format": 1, "files": {"model.ubj": {"sha256": hashlib.sha256(content).hexdigest()}}, "features": [],
        "matrix_columns": ["a", "b", "c"], "library_versions": {}, "recommended_threshold": 0.5, "usual": {},
        "calibration": {"raw": [0, 1], "probability": [0, 1]},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def write_artifacts() -> Callable[..., Path]:
    """Writes a model as training does into a new folder; other seeds and parameters make other models."""
    return _write_artifacts


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Yesterday's model."""
    return _write_artifacts(tmp_path / "old")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Today's model."""
    return _write_artifacts(tmp_path / "new", seed=1)
