"""Checks whether Airflow works, in its container: the health checks of docker-compose.yml.

``python -m fraud_scorer.monitoring.airflow_health api|dags|scheduler``: exit code 0, or 1 with a sentence.
A scheduler that stalls is told to end, so that its container's restart policy starts it again: an engine restarts
what ends, never what is merely unhealthy.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]

PATIENCE_SECONDS = 5.0
STALL_SECONDS = 100.0  # a minute and a slow extract
PARTS = {"api": "metadatabase", "dags": "dag_processor", "scheduler": "scheduler"}
FIRST_PROCESS = 1  # of a container: docker's init, which passes signals on

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never by a proxy: it is a neighbour


def find_trouble(part: str, environment: Mapping[str, str], running_seconds: float) -> tuple[str, bool]:
    """What is wrong with ``part`` ("": nothing), and whether only a restart helps.

    Args:
        part: a key of `PARTS`.
        environment: Airflow's own variables: its API's address and its database.
        running_seconds: how long the container has run.
    """
    if part == "scheduler":
        found, restart = _stall(environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"], running_seconds)
        if found:
            return found, restart
    try:
        said = _health(environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"])
    except (OSError, ValueError) as error:
        return f"Airflow's API server gives no answer ({type(error).__name__})", False
    status = said.get(PARTS[part], {}).get("status")
    return ("" if status == "healthy" else f"Airflow calls its {PARTS[part]} {status}"), False


def _stall(airflow_db_url: str, running_seconds: float) -> tuple[str, bool]:
    from sqlalchemy.exc import SQLAlchemyError  # takes long to load; only the scheduler's check needs it

    try:
        if running_seconds > STALL_SECONDS and minutes_stall(airflow_db_url, patience_seconds=STALL_SECONDS):
            return f"no task has started for {STALL_SECONDS:.0f} s", True
    except SQLAlchemyError as error:
        return f"Airflow's database gives no answer ({type(error).__name__})", False
    return "", False


def minutes_stall(airflow_db_url: str, *, patience_seconds: float) -> bool:
    """Whether Airflow lives and yet has started no task of the pipeline for ``patience_seconds``.

    Killed workers leave every task queued while Airflow calls itself healthy; what tells is that none starts.
    """
    from fraud_scorer.store.quick_query import ask

    for paused, idle_seconds in ask(airflow_db_url, "monitoring/stack_airflow_idle"):
        return not paused and (idle_seconds is None or float(idle_seconds) > patience_seconds)
    return False


def _health(execution_api_url: str) -> dict[str, Any]:
    address = urlsplit(execution_api_url)
    url = f"{address.scheme}://{address.netloc}/api/v2/monitor/health"
    with _direct.open(url, timeout=PATIENCE_SECONDS) as answer:
        said: dict[str, Any] = json.load(answer)
    return said


def main(arguments: list[str]) -> None:
    """Check the part named first."""
    if len(arguments) != 1 or arguments[0] not in PARTS:
        sys.exit(f"one of {', '.join(PARTS)} is to be named")
    running_seconds = time.time() - psutil.Process(FIRST_PROCESS).create_time()
    found, restart = find_trouble(arguments[0], os.environ, running_seconds)
    if restart:
        os.kill(FIRST_PROCESS, signal.SIGTERM)
    sys.exit(found or 0)


if __name__ == "__main__":
    main(sys.argv[1:])
