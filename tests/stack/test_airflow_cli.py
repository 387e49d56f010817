"""Airflow's command line on the stack that runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fraud_common.errors import SettingsError
from fraud_stack.airflow_cli import airflow_command
from fraud_stack.local_env import write_local_env
from fraud_stack.lock import only_one
from fraud_stack.options import StackOptions, parse_ports
from fraud_stack.services import servers


def test_it_finds_the_airflow_that_runs(tmp_path: Path) -> None:
    """Database, keys and addresses are those of the scheduler, also when the stack was given other ports."""
    options = StackOptions(tmp_path, tmp_path / "data")
    started = replace(options, ports=parse_ports("airflow=9080,airflow-db=9434"))
    values = write_local_env(started)
    with only_one(options.data_dir):
        argv, environment = airflow_command(options, ["dags", "list"])
    assert argv[1:] == ["dags", "list"]
    of_airflow = servers(started, values)["airflow-scheduler"].environment
    assert {name: value for name, value in environment.items() if name != "PYTHONWARNINGS"} == of_airflow
    assert ":9434/airflow" in environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]


def test_without_a_stack_it_says_what_to_do(tmp_path: Path) -> None:
    """Nothing was started on this data folder yet: that is one line, not a traceback of Airflow's."""
    with pytest.raises(SettingsError, match="make run"):
        airflow_command(StackOptions(tmp_path, tmp_path), ["dags", "list"])


def test_a_stack_that_is_stopped_is_one_line(tmp_path: Path) -> None:
    """Its database is down: Airflow would answer with pages of a traceback."""
    options = StackOptions(tmp_path, tmp_path / "data")
    write_local_env(options)
    with pytest.raises(SettingsError, match=r"is not running\. Start it: make run DATA_DIR="):
        airflow_command(options, ["dags", "list"])
