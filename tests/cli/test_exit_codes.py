"""What a script sees of `fraud-scorer`: 0 done, 1 failed, 2 used or configured wrongly, and one line that says why."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from fraud_scorer.monitoring.step_failures import read_failures

PROGRAM = [sys.executable, "-c", "from fraud_scorer.cli import main; main()"]


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in an empty folder."""
    return subprocess.run(
        [*PROGRAM, *arguments], cwd=folder, env=os.environ | environment, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--help"], 0, ""),
        (["no-such-command"], 2, "No such command"),
        (["extract", "--at", "2026-11-20T10:31"], 2, "error: the time 2026-11-20T10:31:00 names no zone."),
        (["replay", "--from", "2026-11-20T10:31Z", "--to", "2026-11-20T10:31Z"], 2, "error: --to is not later than"),
        (["evaluate", "--artifacts", "[/none]", "--data", "x.csv"], 1, "error: [/none]/manifest.json does not exist."),
    ],
)
def test_the_exit_code_tells_what_kind_of_trouble_it_is(
    tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    """The reason stands on standard error, as it is: brackets in a name are no markup."""
    done = run(tmp_path, *arguments)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_is_down_is_a_failure(tmp_path: Path) -> None:
    """Used rightly, and not done: 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"postgresql+psycopg2://fraud:secret@127.0.0.1:{port}/fraud_db"
    done = run(tmp_path, "quarantine", "list", FRAUD_DB_URL=url)
    assert done.returncode == 1, done.stderr
    assert "fraud_db cannot be reached" in done.stderr
    assert "secret" not in done.stderr


def test_a_range_the_wrong_way_round_is_one_line(tmp_path: Path) -> None:
    """No bar, no event: only what is wrong; nor does a misspelt name end in two full stops."""
    done = run(tmp_path, "replay", "--from", "2026-11-20T10:31Z", "--to", "2026-11-20T10:30Z")
    assert done.stderr == "error: --to is not later than --from. Give the first minute, and the first one left out.\n"
    done = run(tmp_path, "status", FRAUD_TRESHOLD="1")
    assert done.stderr.startswith("error: FRAUD_TRESHOLD is no setting; did you mean FRAUD_THRESHOLD? `.env")


def test_a_database_address_that_is_none_is_one_line(tmp_path: Path) -> None:
    """A port that is no number names its setting, never the password, and no stack of frames."""
    done = run(tmp_path, "status", FRAUD_DB_URL="postgresql+psycopg2://fraud:hunter2@127.0.0.1:54x/fraud_db")
    assert done.returncode == 2
    assert done.stderr.startswith("error: FRAUD_DB_URL: ")
    assert done.stderr.count("\n") == 1
    assert "hunter2" not in done.stderr


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    """`fraud-scorer --help` and every short command would wait a second for pandas."""
    heavy = "('pandas', 'numpy', 'pyarrow', 'xgboost', 'sklearn', 'boto3', 'sqlalchemy')"
    code = f"import sys, fraud_scorer.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("command", ["extract", "run-minute"])
def test_why_a_step_failed_is_there_for_the_watchdog(tmp_path: Path, command: str) -> None:
    """Also where cron runs it, not Airflow."""
    done = run(tmp_path, command, "--at", "2026-11-20T10:31Z", FRAUD_LANDING_KEYS="no key", FRAUD_DATA_DIR="data")
    assert done.returncode == 2, done.stderr
    (failure,) = read_failures(tmp_path / "data")
    assert (failure.step, failure.what in done.stderr) == (command.replace("-", "_"), True)
