"""Airflow's connections reach the library: of the environment and of the API server, and only where they are set."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import airflow
import pytest
from airflow.sdk import Connection as AirflowConnection
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time import supervisor, task_runner
from airflow.sdk.execution_time.comms import ConnectionResult, ErrorResponse
from airflow.secrets.environment_variables import EnvironmentVariablesBackend

from fraud_common.errors import SettingsError, TransientError
from fraud_scorer.settings import load_settings
from fraud_scorer.settings.connections import AwsAccess

ROOT = Path(__file__).parents[2]
ALL = ("fraud_db", "smtp_default", "aws_default")
SECRET = "never-to-be-seen"


class ApiServer:
    """In the supervisor's place: answers what a task asks of the API server, and notes it."""

    def __init__(self, broken: bool = False, **known: ConnectionResult) -> None:
        self.known, self.broken = known, broken
        self.asked: list[str] = []
        self.masked: list[Any] = []

    def send(self, message: Any) -> Any:
        """The answer to one question; masking a secret is none."""
        name = getattr(message, "conn_id", None)
        if name is None:
            self.masked.append(message.value)
            return None
        self.asked.append(name)
        if self.broken:
            raise AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR))
        return self.known.get(name) or ErrorResponse(error=ErrorType.CONNECTION_NOT_FOUND)


@pytest.fixture(autouse=True)
def with_an_endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder without files, no connection in the environment, and an endpoint that is in use."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAGEMAKER_ENDPOINT", "fraud-test")
    for name in [name for name in os.environ if name.startswith("AIRFLOW_CONN_")]:
        monkeypatch.delenv(name)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


@pytest.fixture
def within_a_task(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Make this process a task's, with that API server behind it."""

    def set_to(server: ApiServer) -> ApiServer:
        monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", server, raising=False)
        return server

    return set_to


def test_one_in_the_environment_is_honoured(
    connections: ModuleType, within_a_task: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """AIRFLOW_CONN_… as a URI or as JSON; the API server is not asked for it; the log names it without its secrets."""
    server = within_a_task(ApiServer())
    monkeypatch.setenv("FRAUD_DB_URL", "postgresql+psycopg2://other@other/other")
    monkeypatch.setenv(
        "AIRFLOW_CONN_FRAUD_DB", f"postgresql://fraud:{SECRET}@db.example.org:5444/payments?sslmode=require"
    )
    monkeypatch.setenv(
        "AIRFLOW_CONN_SMTP_DEFAULT",
        json.dumps({"conn_type": "smtp", "host": "mail", "login": "robot", "password": SECRET,
                    "extra": {"disable_ssl": True}}),
    )  # fmt: skip
    with caplog.at_level(logging.INFO):
        settings = connections.parts("fraud_db", "smtp_default").settings
    assert settings.fraud_db_url.get_secret_value() == (
        f"postgresql+psycopg2://fraud:{SECRET}@db.example.org:5444/payments?sslmode=require"
    )
    assert (settings.smtp_host, settings.smtp_security, settings.smtp_port) == ("mail", "starttls", 25)
    assert server.asked == []
    assert "fraud_db (db.example.org:5444), smtp_default (mail)" in caplog.text
    assert SECRET not in caplog.text


def test_one_of_the_metadata_database_is_honoured(connections: ModuleType, within_a_task: Any) -> None:
    """What was typed into Airflow's pages comes over the API server."""
    extra = json.dumps({"region_name": "eu-west-1"})
    known = {
        "fraud_db": ConnectionResult(
            conn_id="fraud_db",
            conn_type="postgres",
            host="db",
            login="fraud",
            password=SECRET,
            schema="payments",
            port=None,
            extra=None,
        ),
        "aws_default": ConnectionResult(
            conn_id="aws_default",
            conn_type="aws",
            login="AKIA",
            password=SECRET,
            extra=extra,
            host=None,
            port=None,
            schema=None,
        ),
    }
    within_a_task(ApiServer(**known))
    parts = connections.parts(*ALL)
    assert parts.settings.fraud_db_url.get_secret_value() == f"postgresql+psycopg2://fraud:{SECRET}@db:5432/payments"
    assert parts.aws == AwsAccess("eu-west-1", "AKIA", SECRET)
    assert parts.settings.smtp_host == "127.0.0.1"


@pytest.mark.parametrize("place", ["environment", "API server"])
def test_what_is_secret_in_it_is_masked_as_airflow_does(
    place: str, connections: ModuleType, within_a_task: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its password, and its extra as it stands: keys and session tokens of AWS may be in there."""
    extra = json.dumps(
        {"aws_access_key_id": "AKIA", "aws_secret_access_key": SECRET, "aws_session_token": "t-" + SECRET}
    )
    given = {"conn_type": "aws", "login": "AKIA", "password": "pw-" + SECRET, "extra": extra}
    if place == "environment":
        server = within_a_task(ApiServer())
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(given))
    else:
        known = ConnectionResult(conn_id="aws_default", host=None, port=None, schema=None, **given)
        server = within_a_task(ApiServer(aws_default=known))
    found = connections.connection("aws_default")
    assert found.password in server.masked
    assert found.extra in server.masked
    assert SECRET in found.extra


def test_without_any_nothing_changes(
    connections: ModuleType, within_a_task: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The settings are as without Airflow, nothing is logged, and extract asks nobody."""
    server = within_a_task(ApiServer())
    with caplog.at_level(logging.INFO):
        parts = connections.parts(*ALL)
        assert parts.settings == load_settings()
        assert parts.aws == AwsAccess()
    assert caplog.text == ""
    assert server.asked == list(ALL)
    server.asked.clear()
    connections.parts()
    assert server.asked == []


def test_aws_is_not_asked_for_without_an_endpoint(
    connections: ModuleType, within_a_task: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the local model scores, an AWS connection of other DAGs costs nothing and can refuse nothing."""
    server = within_a_task(ApiServer())
    monkeypatch.setenv("SCORER", "local")
    connections.parts(*ALL)
    assert server.asked == ["fraud_db", "smtp_default"]
    server.asked.clear()
    connections.parts("aws_default")
    assert server.asked == []


def test_an_endpoint_needs_its_breakers_database(connections: ModuleType, within_a_task: Any) -> None:
    """The circuit breaker lives in fraud_db, which has to be the one that the other tasks use."""
    server = within_a_task(ApiServer())
    connections.parts("aws_default")
    assert server.asked == ["aws_default", "fraud_db"]


def test_an_api_server_that_does_not_answer_is_no_answer(connections: ModuleType, within_a_task: Any) -> None:
    """Airflow takes its silence for "not set"; payments might then be written into another database."""
    within_a_task(ApiServer(broken=True))
    with pytest.raises(TransientError, match="whether the connection fraud_db is set"):
        connections.parts("fraud_db")


def test_the_locked_airflow_is_the_one_whose_private_names_were_tried(
    connections: ModuleType, within_a_task: Any
) -> None:
    """Another one in the lock fails here: look at `private_api` (are its names there, do they mean the same?) first."""
    locked = re.search(r"^apache-airflow==(\S+)", (ROOT / "requirements" / "airflow.txt").read_text(), re.MULTILINE)
    assert locked is not None
    assert (locked[1], locked[1].startswith(f"{connections.TRIED_WITH}.")) == (airflow.__version__, True)
    assert connections.private_api() is None
    server = within_a_task(ApiServer())
    private = connections.private_api()
    assert sum(isinstance(backend, private.api_server) for backend in private.backends()) == 1
    assert isinstance(private.ask("fraud_db"), ErrorResponse)
    assert server.asked == ["fraud_db"]


@pytest.fixture(params=["another release", "private names gone"])
def by_the_public_api(request: pytest.FixtureRequest, within_a_task: Any, monkeypatch: pytest.MonkeyPatch) -> ApiServer:
    """An Airflow that is not the one that was tried."""
    if request.param == "another release":
        monkeypatch.setattr(airflow, "__version__", "3.4.0")
    else:
        monkeypatch.setitem(sys.modules, "airflow.sdk.execution_time.secrets.execution_api", None)
        monkeypatch.setattr(supervisor, "ensure_secrets_backend_loaded", lambda: [EnvironmentVariablesBackend()])
    return within_a_task(ApiServer())


@pytest.mark.integration  # takes seconds
def test_another_airflow_is_asked_by_its_public_api(
    connections: ModuleType, by_the_public_api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is set there is honoured and masked all the same."""
    monkeypatch.setenv("AIRFLOW_CONN_FRAUD_DB", f"postgresql://fraud:{SECRET}@db.example.org:5444/payments")
    settings = connections.parts("fraud_db").settings
    assert "@db.example.org:5444/payments" in settings.fraud_db_url.get_secret_value()
    assert SECRET in by_the_public_api.masked


def test_another_airflow_that_has_none_is_told_in_the_log(
    connections: ModuleType, by_the_public_api: ApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Its public API does not tell "not set" from silence: the settings hold, and the log says how to be sure."""
    assert connections.parts("fraud_db").settings == load_settings()
    assert "AIRFLOW_CONN_FRAUD_DB" in caplog.text


def test_another_airflow_that_fails_is_no_answer(
    connections: ModuleType, by_the_public_api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it raises: the task is tried again."""

    def fails(_: str) -> None:
        raise OSError("refused")

    monkeypatch.setattr(AirflowConnection, "get", fails)
    with pytest.raises(TransientError, match="whether the connection fraud_db is set"):
        connections.parts("fraud_db")


def test_one_that_cannot_be_had_fails_with_its_cure(
    connections: ModuleType, within_a_task: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task's log says which connection and what to do."""
    within_a_task(ApiServer())
    monkeypatch.setenv("AIRFLOW_CONN_FRAUD_DB", "mysql://fraud@db/payments")
    with pytest.raises(SettingsError, match="fraud_db is of type mysql"):
        connections.parts("fraud_db")


@pytest.mark.parametrize(
    ("step", "run_type", "asked"),
    [
        ("extract", "scheduled", ()),
        ("transform", "scheduled", ("fraud_db",)),
        ("transform", "manual", ("fraud_db", "aws_default")),
        ("score", "scheduled", ("fraud_db", "aws_default")),
        ("load", "scheduled", ("fraud_db", "aws_default")),
        ("alert", "scheduled", ("fraud_db", "smtp_default")),
    ],
)
def test_each_step_asks_for_what_it_uses(
    dag_module: ModuleType, step: str, run_type: str, asked: tuple[str, ...]
) -> None:
    """A wrong mail server keeps no payment from being stored, and extract waits for nothing."""
    from datetime import UTC, datetime

    seen: list[tuple[str, ...]] = []

    class Pipeline:
        def __getattr__(self, _: str) -> Any:
            return lambda *_, **__: {}

    def wired(*names: str) -> Pipeline:
        seen.append(names)
        return Pipeline()

    context = {
        "dag_run": SimpleNamespace(run_type=run_type),
        "params": {"from": "2026-11-20T10:00Z", "to": "2026-11-20T11:00Z", "rescore": False},
        "data_interval_start": datetime(2026, 11, 20, 10, 31, tzinfo=UTC),
    }
    function = getattr(dag_module, step)
    wanted = function.__code__.co_varnames[: function.__code__.co_argcount]
    function(**{name: value for name, value in context.items() if name in wanted}, wired=wired)
    assert seen == [asked]
