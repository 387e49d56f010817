"""`fraud-scorer sagemaker …`: moto's server for AWS's side, the local endpoint for the runtime's."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg2
import pytest
import uvicorn
import xgboost
from typer.testing import CliRunner, Result

from fraud_common.errors import ArtifactError, DataFileError, EndpointUnavailable, SettingsError, TerminalError
from fraud_scorer.cli import app
from fraud_scorer.endpoint.app import create_app
from fraud_scorer.scoring.sagemaker.variant import variant_name
from fraud_scorer.settings import load_settings

DEPLOY = ("deploy", "--role", "arn:aws:iam::123456789012:role/fraud-endpoint")


def run(*arguments: str) -> Result:
    """A command's result; its error is raised as it is."""
    return CliRunner().invoke(app, ["sagemaker", *arguments], catch_exceptions=False)


def write_artifacts(folder: Path, *, seed: int = 0, base_score: float = 0.5) -> Path:
    """A small model as training writes it, as far as the endpoint needs it."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(300, 4)).astype("float32")
    params = {"objective": "binary:logistic", "base_score": base_score, "max_depth": 3, "nthread": 1}
    booster = xgboost.train(params, xgboost.DMatrix(inputs, label=inputs[:, 0] > 1), num_boost_round=5)
    folder.mkdir(exist_ok=True)
    booster.save_model(folder / "model.ubj")
    digest = hashlib.sha256((folder / "model.ubj").read_bytes()).hexdigest()
    manifest = {
        "format": 1, "files": {"model.ubj": {"sha256": digest}},
        "features": [], "matrix_columns": ["a", "b", "c", "d"], "library_versions": {}, "usual": {},
        "calibration": {"raw": [0, 1], "probability": [0, 1]}, "recommended_threshold": 0.5,
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The model in force."""
    return write_artifacts(tmp_path / "here")


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """The folder that the endpoint serves; a model is there once a test has written one."""
    return tmp_path / "served"


@pytest.fixture(autouse=True)
def settings(empty_aws: str, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A user's environment."""
    monkeypatch.setenv("FRAUD_ARTIFACTS", str(here))
    monkeypatch.setenv("SAGEMAKER_ENDPOINT", "fraud")
    monkeypatch.chdir(tmp_path)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


@pytest.fixture
def endpoint(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The runtime: the local server on the model in force."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(here), log_level="warning", lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", url)
        yield
        server.should_exit = True
        thread.join(10)


def hash_of(folder: Path) -> str:
    """The model's hash."""
    return hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()


@pytest.mark.usefixtures("endpoint")
def test_deploy_compares_and_says_what_is_served(here: Path) -> None:
    """From nothing to an endpoint whose scores were compared with the local ones."""
    result = run(*DEPLOY)
    assert f"endpoint fraud serves {variant_name(hash_of(here))}" in result.stdout


@pytest.mark.usefixtures("endpoint")
def test_deploy_turns_back_when_another_model_answers(tmp_path: Path) -> None:
    """The runtime still serves the model before: the comparison finds it, and nothing is left behind."""
    other = write_artifacts(tmp_path / "other", seed=1)
    with pytest.raises(TerminalError, match=r"another model .*; endpoint fraud is taken down again"):
        run(*DEPLOY, "--artifacts", str(other))
    with pytest.raises(TerminalError):
        run(*DEPLOY, "--artifacts", str(other))


def test_deploy_refuses_what_would_not_score_alike(tmp_path: Path) -> None:
    """Before anything is uploaded."""
    other = write_artifacts(tmp_path / "other", base_score=0.1)
    with pytest.raises(ArtifactError, match=r"base_score=0\.1"):
        run(*DEPLOY, "--artifacts", str(other))


def test_status_before_and_after(here: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is served, whether it is the model here, and the breaker."""
    monkeypatch.setenv("FRAUD_DB_URL", postgres_url)
    load_settings.cache_clear()
    assert "fraud: does not exist" in run("status").stdout
    run(*DEPLOY, "--no-parity")
    with psycopg2.connect(postgres_url.replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
        cursor.execute("insert into circuit_breaker (endpoint, failed_runs, last_error) values ('fraud', 2, 'refused')")
    connection.close()
    told = run("status").stdout
    assert f"{variant_name(hash_of(here))}: the model here" in told
    assert "after 2 failed in a row: refused" in told
    state = json.loads(run("status", "--json").stdout)
    assert (state["status"], state["serves_this_model"]) == ("InService", True)
    write_artifacts(here, seed=3)
    assert "not the model here" in run("status").stdout


def test_status_without_a_database_still_tells_of_the_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """The breaker's memory is only a part of it."""
    monkeypatch.setenv("FRAUD_DB_URL", "postgresql+psycopg2://nobody@127.0.0.1:1/none")
    load_settings.cache_clear()
    assert "breaker    unknown: fraud_db cannot be reached" in run("status").stdout


@pytest.mark.usefixtures("endpoint")
def test_parity_tells_the_largest_difference() -> None:
    """Rows, calls, difference; nothing differs."""
    told = run("parity", "--rows", "200", "--json").stdout
    found = json.loads(told[told.index("{") :])  # the server in this process logs before it
    assert (found["rows"], found["calls"], found["largest_difference"], found["agrees"]) == (200, 1, 0.0, True)
    assert "200 payments, 1 calls: largest difference 0" in run("parity", "--rows", "200").stdout


@pytest.mark.usefixtures("endpoint")
def test_parity_on_a_batch_that_was_never_scored(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to compare, and that is said."""
    monkeypatch.setenv("FRAUD_DB_URL", postgres_url)
    load_settings.cache_clear()
    with pytest.raises(DataFileError, match="holds no payment"):
        run("parity", "--batch", "2026-11-20T10:31Z")


def test_parity_fails_where_the_endpoint_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script learns of it by the exit code."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", "http://127.0.0.1:1")
    with pytest.raises(EndpointUnavailable, match="cannot be reached"):
        run("parity")


def test_delete_asks_first() -> None:
    """`--yes` for scripts; without it, a no leaves everything."""
    run(*DEPLOY, "--no-parity")
    refused = CliRunner().invoke(app, ["sagemaker", "delete"], input="n\n")
    assert refused.exit_code == 1
    told = run("delete", "--yes").stdout
    assert told.startswith("deleted fraud\ndeleted fraud-")
    assert "there is no endpoint fraud" in run("delete", "--yes").stdout


def test_an_endpoint_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the option or the setting."""
    monkeypatch.delenv("SAGEMAKER_ENDPOINT")
    load_settings.cache_clear()
    with pytest.raises(SettingsError, match="no endpoint is named"):
        run("status")
