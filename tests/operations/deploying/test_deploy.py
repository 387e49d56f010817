"""Deployments against moto's server over real HTTP: boto3, signed requests, S3, STS and SageMaker's own calls.

moto knows no UpdateEndpoint and lets every endpoint be InService at once; a small front before it adds both.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
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

from fraud_scorer.adapters.variant import variant_name
from fraud_scorer.errors import ArtifactError, EndpointUnavailable, TerminalError
from fraud_scorer.operations.deploying.deploy import Deployer, EndpointState
from fraud_scorer.operations.deploying.parts import Plan

ROLE = "arn:aws:iam::123456789012:role/sagemaker"
PLAN = Plan("fraud", ROLE)


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


def write_artifacts(folder: Path, seed: int = 0, **params: object) -> Path:
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


def hash_of(folder: Path) -> str:
    """The model's hash."""
    return hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Yesterday's model."""
    return write_artifacts(tmp_path / "old")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Today's model."""
    return write_artifacts(tmp_path / "new", seed=1)


def test_a_first_deployment_makes_everything(
    deployer: Deployer, session: boto3.session.Session, aws: Front, old: Path, reports: list[str]
) -> None:
    """Bucket, archive, model, configuration, endpoint; the variant carries the manifest's hash."""
    aws.statuses += ["Creating", "Creating"]
    state = deployer.deploy(PLAN, old)
    assert (state.status, state.variant) == ("InService", variant_name(hash_of(old)))
    assert state.serves(hash_of(old))
    sagemaker = session.client("sagemaker")
    model = sagemaker.describe_model(ModelName=state.configuration)
    assert model["PrimaryContainer"]["Image"] == (
        "492215442770.dkr.ecr.eu-central-1.amazonaws.com/sagemaker-xgboost:3.0-5"
    )
    assert model["PrimaryContainer"]["Environment"] == {"MODEL_HASH": hash_of(old)}
    assert model["PrimaryContainer"]["ModelDataUrl"] == (
        f"s3://sagemaker-eu-central-1-123456789012/fraud-scorer/{state.configuration}/model.tar.gz"
    )
    assert any("Creating, 10 s" in report for report in reports)


def test_the_archive_holds_the_booster_and_nothing_else(
    deployer: Deployer, session: boto3.session.Session, old: Path
) -> None:
    """AWS's container loads every file it finds, and dies of a manifest."""
    name = deployer.deploy(PLAN, old).configuration
    s3 = session.client("s3")
    key = f"fraud-scorer/{name}/model.tar.gz"
    content = s3.get_object(Bucket="sagemaker-eu-central-1-123456789012", Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
        assert tar.getnames() == ["model.ubj"]
        booster = tar.extractfile("model.ubj")
        assert booster is not None
        assert booster.read() == (old / "model.ubj").read_bytes()


def test_a_second_deployment_updates_in_place(deployer: Deployer, aws: Front, old: Path, new: Path) -> None:
    """The endpoint keeps its name and takes the new configuration; nothing is deleted before."""
    deployer.deploy(PLAN, old)
    aws.called.clear()
    state = deployer.deploy(PLAN, new)
    assert state.serves(hash_of(new))
    assert "UpdateEndpoint" in aws.called
    assert not {"CreateEndpoint", "DeleteEndpoint"} & set(aws.called)


def test_a_failed_update_says_why_and_leaves_the_old_one(
    deployer: Deployer, session: boto3.session.Session, aws: Front, old: Path, new: Path
) -> None:
    """AWS goes back to the old fleet by itself; the new parts are taken away."""
    first = deployer.deploy(PLAN, old)
    aws.update_fails = "The primary container did not pass the ping health check"
    with pytest.raises(TerminalError, match=f"ping health check; {first.variant} serves on"):
        deployer.deploy(PLAN, new)
    assert deployer.state("fraud").serves(hash_of(old))
    models = session.client("sagemaker").list_models()["Models"]
    assert [model["ModelName"] for model in models] == [first.configuration]


def test_a_failed_first_deployment_says_why_and_the_next_starts_anew(
    deployer: Deployer, aws: Front, old: Path, reports: list[str]
) -> None:
    """A failed endpoint can only be deleted; the next deployment does."""
    aws.create_fails = "No capacity"
    with pytest.raises(TerminalError, match="No capacity"):
        deployer.deploy(PLAN, old)
    assert deployer.state("fraud").status == "Failed"
    aws.statuses += ["Failed"]
    aws.create_fails = ""
    assert deployer.deploy(PLAN, old).status == "InService"
    assert any("is made anew" in report for report in reports)


def test_a_model_that_answers_otherwise_is_turned_back(deployer: Deployer, old: Path, new: Path) -> None:
    """``verify`` asks the new endpoint; what it raises brings the old model back."""
    deployer.deploy(PLAN, old)

    def verify() -> None:
        raise EndpointUnavailable("scores differ by 0.3")

    with pytest.raises(TerminalError, match=r"scores differ by 0\.3; model-\w+ serves again"):
        deployer.deploy(PLAN, new, verify=verify)
    assert deployer.state("fraud").serves(hash_of(old))


def test_a_first_model_that_answers_otherwise_is_taken_down(
    deployer: Deployer, session: boto3.session.Session, old: Path
) -> None:
    """There is nothing to turn back to."""

    def verify() -> None:
        raise EndpointUnavailable("scores differ by 0.3")

    with pytest.raises(TerminalError, match="is taken down again"):
        deployer.deploy(PLAN, old, verify=verify)
    assert deployer.state("fraud") == EndpointState("fraud")
    assert session.client("sagemaker").list_models()["Models"] == []


@pytest.mark.parametrize(
    ("params", "says"),
    [({"base_score": 0.02}, r"base_score=0\.02"), ({"objective": "reg:squarederror"}, "reg:squarederror")],
)
def test_what_would_not_score_alike_is_refused(
    deployer: Deployer, aws: Front, tmp_path: Path, params: dict[str, object], says: str
) -> None:
    """Older XGBoost loses the base score without a word; nothing is uploaded."""
    with pytest.raises(ArtifactError, match=says):
        deployer.deploy(PLAN, write_artifacts(tmp_path / "other", **params))
    assert aws.called == []


def test_an_altered_booster_is_refused(deployer: Deployer, aws: Front, old: Path, new: Path) -> None:
    """The manifest's hash is the model's identity; another file under it would go unnoticed."""
    (old / "model.ubj").write_bytes((new / "model.ubj").read_bytes())
    with pytest.raises(ArtifactError, match="not the file that its manifest names"):
        deployer.deploy(PLAN, old)
    assert aws.called == []


def test_an_endpoint_under_way_is_left_alone(deployer: Deployer, aws: Front, old: Path) -> None:
    """Two deployments at a time would fight."""
    deployer.deploy(PLAN, old)
    aws.statuses += ["Updating"]
    with pytest.raises(TerminalError, match="endpoint fraud is Updating"):
        deployer.deploy(PLAN, old)


def test_delete_takes_everything_away_and_nothing_else(
    deployer: Deployer, session: boto3.session.Session, old: Path, new: Path
) -> None:
    """Endpoint, every deployment's model, configuration and archive; another endpoint's parts stay."""
    deployer.deploy(PLAN, old)
    deployer.deploy(PLAN, new)
    other = deployer.deploy(Plan("fraud-eu", ROLE), new)
    removed = deployer.delete("fraud")
    assert removed[0] == "fraud"
    assert len(removed) == 3
    assert deployer.state("fraud").status == ""
    assert [model["ModelName"] for model in session.client("sagemaker").list_models()["Models"]] == [
        other.configuration
    ]
    stored = session.client("s3").list_objects_v2(Bucket="sagemaker-eu-central-1-123456789012")["Contents"]
    assert [entry["Key"].split("/")[1] for entry in stored] == [other.configuration]


def test_deleting_what_is_not_there_deletes_nothing(deployer: Deployer) -> None:
    """A second `delete` is no error."""
    assert deployer.delete("fraud") == []


def test_a_bucket_that_does_not_exist_is_one_clear_line(deployer: Deployer, old: Path) -> None:
    """A misspelt --bucket; nothing is made."""
    with pytest.raises(TerminalError, match=r"uploading model\.tar\.gz: AWS answered 404 \(NoSuchBucket\)"):
        deployer.deploy(Plan("fraud", ROLE, bucket="misspelt"), old)


def test_what_was_begun_is_taken_back(deployer: Deployer, session: boto3.session.Session, old: Path) -> None:
    """AWS refuses the model: the archive does not stay behind."""
    with pytest.raises(TerminalError, match="creating the model: AWS would not take this"):
        deployer.deploy(Plan("fraud", "no-arn"), old)
    s3 = session.client("s3")
    assert s3.list_objects_v2(Bucket="sagemaker-eu-central-1-123456789012")["KeyCount"] == 0


def test_a_missing_region_is_one_clear_line(aws: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is asked."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(TerminalError, match="no AWS region is set"):
        Deployer()


def test_missing_credentials_are_one_clear_line(
    deployer: Deployer, monkeypatch: pytest.MonkeyPatch, make_deployer: Callable[[], Deployer]
) -> None:
    """What is missing, and how it is given."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(TerminalError, match="no usable AWS credentials") as caught:
        make_deployer().state("fraud")
    assert "AWS_PROFILE" in caught.value.cure


@pytest.fixture
def make_deployer() -> Callable[[], Deployer]:
    """A deployer of the moment's settings."""
    return Deployer


def test_long_endpoint_names_make_names_that_aws_takes(deployer: Deployer, old: Path) -> None:
    """At most 63 characters, and `delete` still finds them."""
    endpoint = "a" * 60
    name = deployer.deploy(Plan(endpoint, ROLE), old).configuration
    assert len(name) <= 63
    assert deployer.delete(endpoint) == [endpoint, name]


def test_serverless_instead_of_instances(deployer: Deployer, session: boto3.session.Session, old: Path) -> None:
    """For teams whose minutes are mostly empty."""
    name = deployer.deploy(Plan("fraud", ROLE, serverless_memory_mb=2048), old).configuration
    sagemaker = session.client("sagemaker")
    variant = sagemaker.describe_endpoint_config(EndpointConfigName=name)["ProductionVariants"][0]
    assert variant["ServerlessConfig"]["MemorySizeInMB"] == 2048
    assert "InstanceType" not in variant
