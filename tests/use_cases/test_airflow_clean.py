"""Airflow's memory does not grow for ever."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fraud_scorer.use_cases.airflow_clean import MARK, clean, forget_logs

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def written(path: Path, days_ago: float) -> Path:
    """A file in a folder, both last written then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a line\n")
    then = (NOW - timedelta(days=days_ago)).timestamp()
    os.utime(path, (then, then))
    os.utime(path.parent, (then, then))
    return path


def test_log_folders_go_once_nothing_was_written_for_a_week(tmp_path: Path) -> None:
    """Of runs and of the DAG processor's days; a run of which a task was cleared since stays, and so does all else."""
    old = written(tmp_path / "dag_id=fraud_pipeline" / "run_id=old" / "task_id=load" / "attempt=1.log", 9)
    cleared = written(tmp_path / "dag_id=fraud_pipeline" / "run_id=cleared" / "task_id=load" / "attempt=2.log", 1)
    day = written(tmp_path / "dag-processor" / "2026-11-10" / "dag.log", 10)
    today = written(tmp_path / "dag-processor" / "2026-11-20" / "dag.log", 0)
    other = written(tmp_path / "other" / "x.log", 100)
    (tmp_path / "dag-processor" / "latest").symlink_to(today.parent)
    for folder in tmp_path.glob("dag_id=*/run_id=*"):
        os.utime(folder, (0, 0))
    assert forget_logs(tmp_path, NOW - timedelta(days=7)) == 2
    assert [path.exists() for path in (old, cleared, day, today, other)] == [False, True, False, True, True]
    assert not old.parents[1].exists()


@pytest.mark.integration  # the library starts a process or listens
@pytest.mark.parametrize("code", [0, 3])
def test_airflow_is_told_from_when_on_and_its_failure_is_told(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`airflow db clean` of the same installation, without archives; what went well is marked, what failed is not."""
    program = tmp_path / "bin" / "airflow"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\nexit {code}\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program.with_name("python")))
    environment = {"AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(tmp_path / "logs"), "AIRFLOW_HOME": str(tmp_path)}
    assert clean(environment, NOW) == code
    asked = (tmp_path / "asked").read_text().split()
    assert asked == ["db", "clean", "--clean-before-timestamp", "2026-11-13T10:00:00+00:00", "--skip-archive", "--yes"]
    assert (tmp_path / MARK).exists() is (code == 0)
