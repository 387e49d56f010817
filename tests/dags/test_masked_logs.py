"""A task that Airflow really runs, under its supervisor: no card number stands in its log."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from fraud_common.errors import ArtifactError, StoreUnavailable

CARD = "4539578763621486"
APART = " ".join(CARD[at : at + 4] for at in range(0, 16, 4))
DAG = f"""
import logging, sys, warnings
import structlog
from airflow.sdk import DAG, task

with DAG("leaks"):
    @task
    def leak():
        logging.getLogger("a.library").warning("retrying %s", "{APART}", extra={{"card": {CARD}}})
        structlog.get_logger().info("paid", fields={{"cc_num": {CARD}, "{CARD}": ["{CARD}"]}}, at="2026-11-20 10:31:00")
        print("printed {CARD}")
        print("to stderr {CARD}", file=sys.stderr)
        warnings.warn("warned of {CARD}")
        try:
            try:
                raise KeyError("{CARD}")
            except KeyError as error:
                error.add_note("a note on {APART}")
                raise ValueError("could not read {CARD}") from error
        except ValueError:
            raise ExceptionGroup("of {CARD}", [RuntimeError("one of {APART}")])
    leak()
"""
SUPERVISE = """
import uuid
import httpx
from airflow.sdk.api.client import Client, noop_handler
from airflow.sdk.api.datamodels._generated import BundleInfo, TaskInstance
from airflow.sdk.execution_time.supervisor import supervise_task

TIMES = ("logical_date", "start_date", "run_after", "data_interval_start", "data_interval_end")
RUN = {"dag_id": "leaks", "run_id": "r", "run_type": "manual", "state": "running", "consumed_asset_events": []}
RUN |= dict.fromkeys(TIMES, "2026-11-20T10:31:00Z")
RUN |= dict.fromkeys(("end_date", "partition_key", "clear_number", "conf", "triggering_user_name"))

def api_server(request):
    if not request.url.path.endswith("/run"):
        return noop_handler(request)
    return httpx.Response(200, json={"dag_run": RUN, "max_tries": 0, "should_retry": False})

names = {"dag_id": "leaks", "task_id": "leak", "run_id": "r"}
supervise_task(
    ti=TaskInstance(id=uuid.uuid4(), dag_version_id=uuid.uuid4(), try_number=1, **names),
    client=Client(base_url=None, token="", dry_run=True, transport=httpx.MockTransport(api_server)),
    bundle_info=BundleInfo(name="dags-folder"), dag_rel_path="leaks.py", token="", log_path="leak.log",
    subprocess_logs_to_stdout=True,
)
"""


@pytest.fixture
def said(config_folder: Path, tmp_path: Path) -> tuple[str, str]:
    """The log file of a task that leaks in every way, and what its supervisor (the scheduler's child) said."""
    dags = tmp_path / "dags"
    dags.mkdir()
    (dags / "leaks.py").write_text(DAG)
    environment = {
        "PYTHONPATH": str(config_folder), "AIRFLOW_CONFIG": str(config_folder / "airflow.cfg"),
        "AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(tmp_path / "logs"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", SUPERVISE], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    log = (tmp_path / "logs" / "leak.log").read_text()
    return log, done.stdout + done.stderr


def test_the_log_of_a_real_task_holds_masked_numbers_only(said: tuple[str, str]) -> None:
    """Of log lines, prints, warnings and a chain of exceptions; times and Airflow's own lines stay as they are."""
    log, supervisor = said
    lines = [json.loads(line) for line in log.splitlines()]
    failed = next(line for line in lines if line["event"] == "Task failed with exception")
    errors = json.dumps(failed["error_detail"])
    for kind in ("KeyError", "ValueError", "ExceptionGroup", "RuntimeError"):
        assert kind in errors
    for start in ("retrying", "printed", "to stderr", "warned of"):
        assert any(line["event"].startswith(start) and line["event"].endswith("*1486") for line in lines), start
    paid = next(line for line in lines if line["event"] == "paid")
    assert paid["at"] == "2026-11-20 10:31:00"
    assert paid["fields"]["cc_num"] == "************1486"
    # Airflow copies a bare print to its own output past every processor: no step of ours prints
    logged = "\n".join(line for line in supervisor.splitlines() if "[task.std" not in line)
    assert "Task failed with exception" in logged
    for text in (log, logged):
        assert CARD not in text
        assert APART not in text


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (ArtifactError, AirflowFailException),
        (StoreUnavailable, AirflowException),
        (ZeroDivisionError, AirflowException),
    ],
)
def test_what_airflow_is_told_of_an_error_quotes_no_card(
    dag_module: ModuleType, error: type[Exception], seen: type[Exception]
) -> None:
    """Also where its logging is not ours: one error for the whole chain, masked, that is retried or not as before."""
    failed = error("it cannot be read")
    failed.__cause__ = KeyError(CARD)
    with pytest.raises(AirflowException) as told, dag_module.airflow_errors("load"):
        raise failed
    assert type(told.value) is seen
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__
    assert CARD not in str(told.value)
    assert "it cannot be read" in str(told.value)
    assert "KeyError: '************1486'" in str(told.value)
