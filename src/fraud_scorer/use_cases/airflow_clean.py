"""Airflow forgets what ended a week ago, which it never does by itself: runs in its metadata, and its log files.

``python -m fraud_scorer.use_cases.airflow_clean``: a process of its own, the same under `make run` and docker compose.
It ends with an error if Airflow does, and is started again by whoever started it. With ``--once`` it cleans and ends.
The run ledger in ``fraud_db`` is another memory, and keeps its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

KEPT = timedelta(days=7)
FIRST_SECONDS = 1800.0  # not in the busy first minutes
PAUSE_SECONDS = 6 * 3600.0
MARK = "cleaned"  # in AIRFLOW_HOME: touched by each cleaning that went well; the container's health check looks at it
BY_DAY = "dag-processor"  # its folder holds one of each day


def clean(environment: Mapping[str, str], now: datetime, kept: timedelta = KEPT) -> int:
    """Forget what is older than ``kept``; Airflow's exit code.

    Args:
        environment: Airflow's own variables: its database, AIRFLOW_HOME and AIRFLOW__LOGGING__BASE_LOG_FOLDER.
        now: with its zone.
        kept: how long runs and log files stay.
    """
    before = now - kept
    forgotten = forget_logs(Path(environment["AIRFLOW__LOGGING__BASE_LOG_FOLDER"]), before)
    print(f"removed {forgotten} folders of log files older than {before:%Y-%m-%d %H:%M} UTC", flush=True)
    airflow = str(Path(sys.executable).parent / "airflow")
    argv = [airflow, "db", "clean", "--clean-before-timestamp", before.isoformat(), "--skip-archive", "--yes"]
    code = subprocess.run(argv, env=dict(environment), check=False).returncode
    if code == 0:
        Path(environment["AIRFLOW_HOME"], MARK).touch()
    return code


def forget_logs(folder: Path, before: datetime) -> int:
    """Remove the log folders of runs, and the DAG processor's of days, that nothing was written to since ``before``.

    Returns:
        How many went; one that cannot be removed is left for the next time.
    """
    found = [*folder.glob("dag_id=*/run_id=*"), *(path for path in folder.glob(f"{BY_DAY}/*") if path.is_dir())]
    old = [path for path in found if not path.is_symlink() and _written(path) < before.timestamp()]
    for path in old:
        shutil.rmtree(path, ignore_errors=True)
    return sum(not path.exists() for path in old)


def _written(folder: Path) -> float:
    """When anything in it was last written: a cleared task of an old run writes into a folder that stays the same."""
    times = [folder.stat().st_mtime]
    for path in folder.rglob("*"):
        try:
            times.append(path.stat().st_mtime)
        except OSError:  # just removed
            continue
    return max(times)


def main(arguments: list[str]) -> int:
    """Clean now and then, for ever; a failure ends it."""
    if arguments == ["--once"]:
        return clean(os.environ, datetime.now(UTC))
    pause = FIRST_SECONDS
    while True:
        time.sleep(pause)
        if code := clean(os.environ, datetime.now(UTC)):
            return code
        pause = PAUSE_SECONDS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
