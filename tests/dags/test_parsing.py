"""Airflow finds the DAGs, and what they share, by the DAGs' folder alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys, warnings
warnings.simplefilter("ignore")
from airflow.dag_processing.dagbag import BundleDagBag
bag = BundleDagBag(dag_folder=sys.argv[1], bundle_path=sys.argv[1], bundle_name="dags-folder")
print(sorted(bag.dags), bag.import_errors, sorted(stat.file for stat in bag.dagbag_stats))
"""


def test_airflow_parses_both_dags_and_no_helper(dag_file: Path, config_folder: Path) -> None:
    """In a process whose path holds Airflow's configuration only, as the scheduler's does."""
    environment = {**os.environ, "PYTHONPATH": str(config_folder)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(dag_file.parent)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    said = done.stdout.splitlines()[-1]
    assert said == "['daily_report', 'fraud_pipeline'] {} ['daily_report_dag.py', 'fraud_pipeline_dag.py']"
