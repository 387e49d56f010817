"""What docker-compose.yml asks Airflow's containers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from sqlalchemy import NullPool, create_engine, text

from fraud_scorer.monitoring.airflow_health import find_trouble
from fraud_stack.embedded_postgres import free_port

HEALTHY = {name: {"status": "healthy"} for name in ("metadatabase", "scheduler", "dag_processor")}
IDLE = """
create table dag (dag_id text, is_paused boolean);
create table dag_run (dag_id text, run_id text, run_after timestamptz);
create table task_instance (dag_id text, run_id text, start_date timestamptz);
insert into dag values ('fraud_pipeline', false);
insert into dag_run values ('fraud_pipeline', 'run', now());
"""
STARTED = "insert into task_instance values ('fraud_pipeline', 'run', now())"


class Api(BaseHTTPRequestHandler):
    """Airflow's API server."""

    said = HEALTHY

    def do_GET(self) -> None:
        assert self.path == "/api/v2/monitor/health"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(self.said).encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Its execution address."""
    monkeypatch.setattr(Api, "said", {name: dict(part) for name, part in HEALTHY.items()})
    server = HTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/execution/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def environment(api: str, postgres_url: str) -> dict[str, str]:
    """Airflow's own variables, and a metadata database in which no task has started yet."""
    run(postgres_url, IDLE)
    return {"AIRFLOW__CORE__EXECUTION_API_SERVER_URL": api, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres_url}


def run(url: str, statement: str) -> None:
    """One statement, committed."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize(
    ("part", "told"), [("api", "metadatabase"), ("dags", "dag_processor"), ("scheduler", "scheduler")]
)
def test_each_part_is_what_airflow_calls_it(part: str, told: str, environment: dict[str, str]) -> None:
    """Healthy, unhealthy, or not answering; none of it ends a container."""
    assert find_trouble(part, environment, 10) == ("", False)
    Api.said[told]["status"] = "unhealthy"
    assert find_trouble(part, environment, 10) == (f"Airflow calls its {told} unhealthy", False)
    nowhere = {"AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{free_port()}/execution/"}
    assert find_trouble(part, environment | nowhere, 10) == ("Airflow's API server gives no answer (URLError)", False)


def test_a_scheduler_that_starts_no_task_is_to_be_started_again(environment: dict[str, str]) -> None:
    """Not while it is young, and not once a task has started; Airflow's own word does not count."""
    assert find_trouble("scheduler", environment, 10) == ("", False)
    assert find_trouble("scheduler", environment, 500) == ("no task has started for 100 s", True)
    run(environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"], STARTED)
    assert find_trouble("scheduler", environment, 500) == ("", False)


def test_a_database_that_is_down_is_no_reason_to_end_the_scheduler(environment: dict[str, str]) -> None:
    """It is unhealthy, and stays: it goes on when its database is back."""
    gone = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://a:b@127.0.0.1:{free_port()}/airflow"}
    said, restart = find_trouble("scheduler", environment | gone, 500)
    assert said.startswith("Airflow's database gives no answer")
    assert not restart
