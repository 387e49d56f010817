"""What Airflow imports at its start."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest


@pytest.mark.parametrize(
    ("dag_id", "run_type", "age", "pool"),
    [
        ("fraud_pipeline", "scheduled", timedelta(seconds=1), "fraud_scoring"),
        ("fraud_pipeline", "scheduled", timedelta(minutes=2), "fraud_scoring"),
        ("fraud_pipeline", "scheduled", timedelta(hours=1), "fraud_backfill"),
        ("fraud_pipeline", "backfill", timedelta(hours=1), "fraud_backfill"),
        ("fraud_pipeline", "manual", timedelta(seconds=1), "fraud_backfill"),
        ("another", "manual", timedelta(hours=1), "fraud_scoring"),
    ],
)
def test_what_is_old_or_started_by_hand_leaves_the_live_pools(
    local_settings: ModuleType, dag_id: str, run_type: str, age: timedelta, pool: str
) -> None:
    """Backfills, cleared old runs and manual runs share one slot; live minutes and other DAGs are left alone."""
    task_instance = SimpleNamespace(dag_id=dag_id, pool="fraud_scoring")
    local_settings.task_instance_mutation_hook(
        task_instance, SimpleNamespace(run_type=run_type, run_after=datetime.now(UTC) - age)
    )
    assert task_instance.pool == pool


def test_a_task_instance_without_its_run_is_left_alone(local_settings: ModuleType) -> None:
    """Airflow calls the hook once before it knows the run."""
    task_instance = SimpleNamespace(dag_id="fraud_pipeline", pool="fraud_scoring")
    local_settings.task_instance_mutation_hook(task_instance, None)
    assert task_instance.pool == "fraud_scoring"


@pytest.mark.parametrize(("command", "heavy"), [("scheduler", True), ("api-server", False), ("dag-processor", False)])
def test_only_the_scheduler_imports_the_heavy_libraries(config_folder: Path, command: str, heavy: bool) -> None:
    """Tasks are forked from the scheduler and find them in memory; no other process pays for them."""
    program = f"import sys; sys.argv = ['airflow', {command!r}]; import airflow_local_settings; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env={**os.environ, "PYTHONPATH": str(config_folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ({"pandas", "xgboost", "sklearn"} <= set(done.stdout.split())) is heavy
    assert done.stderr == ""
