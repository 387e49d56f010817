"""The DAG's shape: what runs when, in which order, and for how long at most."""

from __future__ import annotations

import configparser
import itertools
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from airflow.sdk import DAG, CronDataIntervalTimetable
from airflow.sdk.exceptions import ParamValidationError

STEPS = ["extract", "transform", "score", "load", "alert"]
HEAVY = {"pandas", "numpy", "xgboost", "sklearn", "pyarrow", "boto3", "sqlalchemy.dialects", "fraud_scorer.wiring"}


@pytest.fixture(scope="module")
def dag(dag_module: ModuleType) -> DAG:
    """The DAG."""
    return dag_module.dag


@pytest.fixture(scope="module")
def pools(config_folder: Path) -> dict[str, dict[str, Any]]:
    """The pools as they are imported."""
    return json.loads((config_folder / "pools.json").read_text())


def test_parsing_imports_nothing_heavy(dag_file: Path) -> None:
    """Parsing the file, in a fresh process, adds none of the libraries that only tasks need to what Airflow imports."""
    program = (
        "import sys, warnings; warnings.simplefilter('ignore'); import airflow.sdk; from airflow.sdk import DAG, task, "
        "chain, Param, CronDataIntervalTimetable; before = set(sys.modules); import runpy; "
        f"print(runpy.run_path({str(dag_file)!r})['dag'].dag_id); print(*(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", program], env=os.environ, capture_output=True, text=True, check=True)
    added = set(done.stdout.split())
    assert "fraud_pipeline" in added
    assert not added & HEAVY


def test_the_five_steps_run_one_after_the_other(dag: DAG) -> None:
    """The tasks are the five verbs, in a single line."""
    assert dag.dag_id == "fraud_pipeline"
    assert [task.task_id for task in dag.topological_sort()] == STEPS
    for first, second in itertools.pairwise(STEPS):
        assert dag.get_task(first).downstream_task_ids == {second}


def test_every_minute_by_its_interval_and_never_in_arrears(dag: DAG) -> None:
    """The run of 10:31 starts at 10:32 and is named by its interval; missed minutes are not run by Airflow."""
    assert isinstance(dag.timetable, CronDataIntervalTimetable)
    assert dag.timetable.expression == "* * * * *"
    assert dag.catchup is False


def test_steps_end_before_their_run_does(dag: DAG) -> None:
    """Every try of every step at its longest, with the pauses between, fits into dagrun_timeout."""
    longest = sum(
        (
            (task.retries + 1) * task.execution_timeout + task.retries * task.retry_delay
            for task in map(dag.get_task, STEPS)
        ),
        timedelta(),
    )
    assert dag.dagrun_timeout is not None
    assert longest < dag.dagrun_timeout
    assert all(task.retry_delay <= timedelta(seconds=30) for task in dag.tasks)


def test_slow_runs_do_not_keep_the_next_minute_from_starting(dag: DAG) -> None:
    """As many runs may be alive as can start before the oldest of them is ended."""
    assert dag.dagrun_timeout is not None
    assert dag.max_active_runs > dag.dagrun_timeout / timedelta(minutes=1)


def test_extract_waits_for_nothing_that_scores(dag: DAG) -> None:
    """Extract has a pool of its own; transform, score and load share one slot and finish a run before the next."""
    assert [dag.get_task(step).pool for step in STEPS] == [
        "fraud_extract",
        "fraud_scoring",
        "fraud_scoring",
        "fraud_scoring",
        "fraud_alert",
    ]
    weights = [dag.get_task(step).weight_rule for step in STEPS]
    assert len(set(map(repr, weights))) == 1
    assert "upstream" in repr(weights[0]).lower()


def test_waiting_mail_does_not_wait_for_extracts_second_try(dag: DAG) -> None:
    """Between extract's tries Airflow calls what sends the mail that waits."""
    assert [call.__name__ for call in dag.get_task("extract").on_retry_callback] == ["alert_meanwhile"]


def test_a_failed_step_stops_neither_the_waiting_batches_nor_the_mail(dag: DAG) -> None:
    """Transform runs after a failed extract; alert runs after anything, and the run's colour stays load's."""
    assert dag.get_task("transform").trigger_rule == "all_done"
    assert dag.get_task("alert").is_teardown
    assert not dag.get_task("alert").on_failure_fail_dagrun


def test_pools_exist_and_fill_the_workers_exactly(
    dag: DAG, pools: dict[str, dict[str, Any]], config_folder: Path, local_settings: ModuleType
) -> None:
    """Every pool that is used is defined, has one slot, and together they need as many workers as there are."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(config_folder / "airflow.cfg")
    assert {task.pool for task in dag.tasks} | {local_settings.BACKFILL_POOL} == set(pools)
    assert all(pool["slots"] == 1 for pool in pools.values())
    assert sum(pool["slots"] for pool in pools.values()) == config.getint("core", "parallelism")
    assert config.getfloat("scheduler", "scheduler_idle_sleep_time") == 0.1
    assert config.getint("core", "max_active_runs_per_dag") == dag.max_active_runs


def test_the_operators_manual_is_shown(dag: DAG, dag_module: ModuleType) -> None:
    """The module's docstring stands in the UI and says how a minute is run again."""
    assert dag.doc_md == dag_module.__doc__
    assert dag_module.__doc__ is not None
    for way in ("Clear", "backfill create", "--reprocess-behavior completed", "fraud-scorer replay", "rescore"):
        assert way in dag_module.__doc__


@pytest.mark.parametrize("written", ["2026-11-20T10:00Z", "2026-11-20T10:00:00.000Z", "2026-11-20 12:00+02:00", None])
def test_a_time_with_its_zone_may_be_replayed_from(dag: DAG, written: str | None) -> None:
    """As people write it; and nothing, which every scheduled run leaves it at."""
    params = dag.params.__copy__()
    params["from"] = written
    assert params.validate()["from"] == written


@pytest.mark.parametrize("written", ["yesterday", "2026-11-20", "2026-11-20T10:00", "10:00Z"])
def test_what_is_no_time_is_refused_before_there_is_a_run(dag: DAG, written: str) -> None:
    """The trigger form and the command line say so at once, not a red task's log."""
    params = dag.params.__copy__()
    with pytest.raises(ParamValidationError):
        params["from"] = written


def test_the_trigger_form_says_what_is_needed(dag: DAG) -> None:
    """Airflow lets no scheduled DAG require a param: its title has to say so."""
    assert all("needed" in dag.params.get_param(name).schema["title"] for name in ("from", "to"))
