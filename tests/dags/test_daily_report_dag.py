"""The morning DAG: when it runs, for which day, and in nobody's way."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import warnings
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from airflow.sdk import DAG, CronTriggerTimetable
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from fraud_common.errors import SettingsError

HEAVY = {"pandas", "numpy", "xgboost", "sklearn", "pyarrow", "boto3", "sqlalchemy.dialects", "fraud_scorer.wiring"}


@pytest.fixture(scope="module")
def file(dag_file: Path) -> Path:
    """Where the DAG lies: beside the pipeline's."""
    return dag_file.with_name("daily_report_dag.py")


@pytest.fixture(scope="module")
def module(file: Path) -> ModuleType:
    """The DAG's module; what Airflow itself deprecates is not ours to mend."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture(scope="module")
def dag(module: ModuleType) -> DAG:
    """The DAG."""
    return module.dag


def ran_at(moment: datetime) -> SimpleNamespace:
    """A run that was due then."""
    return SimpleNamespace(run_after=moment)


def test_runs_once_a_day_at_the_time_and_in_the_zone_of_the_settings(file: Path) -> None:
    """Parsed with other settings, in a fresh process, the schedule is another, and nothing heavy is imported."""
    program = (
        "import sys, warnings; warnings.simplefilter('ignore'); import airflow.sdk; from airflow.sdk import DAG, task, "
        "Param, CronTriggerTimetable; before = set(sys.modules); import runpy; "
        f"dag = runpy.run_path({str(file)!r})['dag']; print(dag.timetable.expression, '|', dag.timetable.timezone); "
        "print(*(set(sys.modules) - before))"
    )
    chosen = {"DAILY_REPORT_AT": "06:30", "FRAUD_TIME_ZONE": "America/Chicago"}
    environment = os.environ | chosen
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    timetable, modules = done.stdout.splitlines()[-2:]
    assert timetable.split(" | ") == ["30 6 * * *", "America/Chicago"]
    assert not set(modules.split()) & HEAVY


def test_missed_mornings_are_not_run_by_airflow_itself(dag: DAG) -> None:
    """No catch-up, one run at a time, at seven unless the settings say otherwise."""
    assert dag.dag_id == "daily_report"
    assert isinstance(dag.timetable, CronTriggerTimetable)
    assert dag.timetable.expression == "0 7 * * *"
    assert dag.catchup is False
    assert dag.max_active_runs == 1


def test_report_then_send_and_housekeeping_beside_them(dag: DAG) -> None:
    """A failed report stops its sending and shows in the run's colour; housekeeping hangs on none of them."""
    assert {task.task_id for task in dag.tasks} == {"drift", "report", "send", "housekeeping"}
    assert dag.get_task("report").downstream_task_ids == {"send"}
    assert dag.get_task("housekeeping").upstream_task_ids == set()
    assert {task.trigger_rule for task in dag.tasks if task.task_id != "report"} == {"all_success"}


def test_the_mail_waits_for_drift_and_goes_without_it(dag: DAG) -> None:
    """A comparison that fails costs the mail its line, and half an hour at most."""
    assert dag.get_task("report").upstream_task_ids == {"drift"}
    assert dag.get_task("report").trigger_rule == "all_done"
    drift = dag.get_task("drift")
    assert (drift.retries + 1) * drift.execution_timeout + drift.retries * drift.retry_delay < timedelta(minutes=30)


def test_takes_no_slot_of_a_live_minute(dag: DAG, config_folder: Path) -> None:
    """Its tasks wait in the lane of old runs, which exists, before the minutes of a backfill."""
    assert {task.pool for task in dag.tasks} == {"fraud_backfill"}
    assert "fraud_backfill" in json.loads((config_folder / "pools.json").read_text())
    assert all(task.priority_weight >= 10 for task in dag.tasks)


def test_every_task_ends_before_its_run_does(dag: DAG) -> None:
    """All tries of drift, report and send at their longest, and housekeeping's, fit into dagrun_timeout."""
    assert dag.dagrun_timeout is not None

    def longest(name: str) -> timedelta:
        task = dag.get_task(name)
        return (task.retries + 1) * task.execution_timeout + task.retries * task.retry_delay

    assert longest("drift") + longest("report") + longest("send") < dag.dagrun_timeout
    assert longest("housekeeping") < dag.dagrun_timeout
    assert longest("report") > timedelta(hours=1)


@pytest.mark.parametrize(
    ("run_after", "day"),
    [
        (datetime(2026, 11, 20, 13, 0, tzinfo=UTC), date(2026, 11, 19)),
        (datetime(2026, 11, 20, 5, 59, tzinfo=UTC), date(2026, 11, 18)),  # still Thursday in Chicago
        (datetime(2026, 3, 8, 12, 0, tzinfo=UTC), date(2026, 3, 7)),  # the clocks went forward at night
    ],
)
def test_a_run_reports_on_the_day_before_its_own_time(module: ModuleType, run_after: datetime, day: date) -> None:
    """In the report's zone, whenever the run really starts."""
    assert module.day_of(ran_at(run_after), {"day": None}, "America/Chicago") == day


def test_a_day_can_be_asked_for(module: ModuleType) -> None:
    """By its date; anything else is refused with the cure."""
    run = ran_at(datetime(2026, 11, 20, 13, 0, tzinfo=UTC))
    assert module.day_of(run, {"day": "2026-11-02"}, "UTC") == date(2026, 11, 2)
    with pytest.raises(SettingsError, match="2026-11-19"):
        module.day_of(run, {"day": "yesterday"}, "UTC")


def test_a_mistake_is_not_tried_again_for_an_hour(module: ModuleType) -> None:
    """What no retry heals fails the task at once, with the cure in its log."""
    parts = SimpleNamespace(settings=SimpleNamespace(fraud_time_zone="UTC"))
    with pytest.raises(AirflowFailException, match="2026-11-19"):
        module.report(ran_at(datetime(2026, 11, 20, 7, tzinfo=UTC)), {"day": "yesterday"}, wired=lambda *_: parts)


def test_the_operators_manual_is_shown(dag: DAG, module: ModuleType) -> None:
    """The module's docstring stands in the UI and says how a missed morning is made up for."""
    assert dag.doc_md == module.__doc__
    assert module.__doc__ is not None
    for way in ("daily-report --day", "backfill create", "--dry-run", "DAILY_REPORT_AT"):
        assert way in module.__doc__


def test_what_airflow_is_told_of_an_error_quotes_no_card(module: ModuleType) -> None:
    """One error in the place of all, its traceback masked."""
    card = "4539578763621486"
    with pytest.raises(AirflowException, match=r"at card \*{12}1486") as told, module.airflow_errors():
        raise ZeroDivisionError(f"at card {card}")
    assert told.value.__suppress_context__
    assert card not in str(told.value)
