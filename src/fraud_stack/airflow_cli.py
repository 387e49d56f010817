"""Airflow's own command line on the stack that runs: ``make airflow ARGS="dags list"``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dotenv import dotenv_values

from fraud_common.errors import SettingsError
from fraud_scorer.use_cases.local_stack import runs, start_command
from fraud_stack.local_env import in_force
from fraud_stack.options import StackOptions, parse_ports
from fraud_stack.services import BIN, airflow_environment

QUIET = "ignore:Could not import graphviz:UserWarning"


def airflow_command(options: StackOptions, arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The command and the environment in which Airflow's command line finds the stack's Airflow.

    Raises:
        SettingsError: no stack was ever started on this data folder, or it does not run.
    """
    file = options.data_dir / "local.env"
    if not file.exists():
        raise SettingsError(f"no stack was started on {options.data_dir} yet", "Run `make run` first")
    if not runs(options.data_dir):
        raise SettingsError(
            f"the stack of {options.data_dir} is not running", f"Start it: {start_command(options.data_dir)}"
        )
    kept = {name: value for name, value in dotenv_values(file, interpolate=False).items() if value}
    running = replace(options, ports=parse_ports(kept["STACK_PORTS"]))
    environment = airflow_environment(running, in_force(kept, options.checkout))
    # each command would begin with Airflow's advice to install graphviz
    return [str(BIN / "airflow"), *arguments], environment | {"PYTHONWARNINGS": QUIET}


def main() -> None:
    """``python -m fraud_stack.airflow_cli DATA_DIR ARGUMENT...``."""
    data_dir, *arguments = sys.argv[1:]
    options = StackOptions(Path.cwd(), Path(data_dir).absolute())
    try:
        argv, environment = airflow_command(options, arguments)
    except SettingsError as error:
        sys.exit(f"error: {error}")
    os.execve(argv[0], argv, environment)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
