"""A command that reaches nothing says that the stack does not run, and how to start it."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fraud_common.errors import PayloadError, SettingsError, StoreUnavailable
from fraud_scorer.settings import Settings, load_settings
from fraud_scorer.use_cases.local_stack import LOCK, belongs_to_it, runs, stopped, with_its_cause
from fraud_stack.embedded_postgres import free_port
from fraud_stack.lock import only_one

URL = "postgresql+psycopg2://fraud:hunter2@127.0.0.1:9/fraud_db"
REFUSED = StoreUnavailable("fraud_db cannot be reached")


@pytest.fixture(autouse=True)
def folder(nothing_set: Path) -> Path:
    """Where we stand: a folder without files."""
    return nothing_set


def made(data_dir: Path) -> Path:
    """A data folder as `make run` leaves it."""
    data_dir.mkdir()
    (data_dir / "local.env").write_text(f"FRAUD_DB_URL='{URL}'\nFRAUD_DATA_DIR='{data_dir}'\n")
    (data_dir / LOCK).touch()
    return data_dir


def test_a_stack_runs_as_long_as_its_lock_is_held(folder: Path) -> None:
    """However it ended: the lock goes with its process."""
    assert not runs(folder / "nowhere")
    with only_one(folder):
        assert runs(folder)
    assert not runs(folder)


def test_a_stopped_stack_is_the_cause_and_make_run_the_cure(folder: Path) -> None:
    """Not a refused connection; what has nothing to do with the database stays as it is."""
    made(folder / ".data")
    settings = load_settings()
    told = with_its_cause(REFUSED, settings)
    assert str(told).startswith(f"the stack of {folder}/.data is not running. Start it: make run;")
    assert "--data-dir" in told.cure
    other = PayloadError("no JSON")
    assert with_its_cause(other, settings) is other
    with (folder / ".data" / LOCK).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert with_its_cause(REFUSED, settings) is REFUSED


def test_without_a_stack_both_ways_are_told(folder: Path) -> None:
    """Nothing was started here, and no database is named: also where a stranger's server refuses our login."""
    login = SettingsError("fraud_db refused the login (password authentication failed)", "Check FRAUD_DB_URL")
    told = with_its_cause(login, load_settings())
    assert isinstance(told, SettingsError)
    assert f"no stack was started on {Path.cwd()}/.data" in told.what
    assert "make run" in told.cure


def test_a_database_of_ones_own_is_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make run` would not start it."""
    made(folder / ".data")
    monkeypatch.setenv("FRAUD_DB_URL", "postgresql+psycopg2://fraud@db.example.org/fraud_db")
    assert stopped(load_settings()) == ("", "")
    assert with_its_cause(REFUSED, load_settings()) is REFUSED
    assert not belongs_to_it("FRAUD_DB_URL")
    assert belongs_to_it("SMTP_PORT")


def test_a_stack_elsewhere_is_found_by_its_data_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FRAUD_DATA_DIR, or --data-dir, names where its local.env lies; the error says how to start that one."""
    data_dir = made(folder / "elsewhere")
    monkeypatch.setenv("FRAUD_DATA_DIR", str(data_dir))
    settings = load_settings()
    assert settings.fraud_db_url.get_secret_value() == URL
    assert stopped(settings)[1].startswith(f"Start it: make run DATA_DIR={data_dir};")


def test_the_command_line_says_so_too(folder: Path) -> None:
    """`fraud-scorer --data-dir DIR status`, from any folder."""
    data_dir = made(folder / "elsewhere")
    file = data_dir / "local.env"
    file.write_text(file.read_text().replace(":9/", f":{free_port()}/"))
    argv = [sys.executable, "-c", "from fraud_scorer.cli import main; main()", "--data-dir", str(data_dir), "status"]
    done = subprocess.run(argv, cwd=folder, env=os.environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert f"the stack of {data_dir} is not running" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize("made_here", [True, False])
def test_a_mistyped_folder_is_no_other_stacks(folder: Path, made_here: bool) -> None:
    """With `.data`'s database and an empty landing, minutes would be taken for lost."""
    if made_here:
        made(folder / ".data")
    argv = [sys.executable, "-c", "from fraud_scorer.cli import main; main()", "--data-dir", "typo", "settings"]
    done = subprocess.run(argv, cwd=folder, env=os.environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: no stack was started on {folder}/typo: it holds no local.env.")
    assert f"make run DATA_DIR={folder}/typo" in done.stderr


def test_a_named_folder_without_a_stack_takes_nothing_of_another(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FRAUD_DATA_DIR may name a plain folder (in a container); `.data`'s database and keys are not its own."""
    made(folder / ".data")
    monkeypatch.setenv("FRAUD_DATA_DIR", str(folder / "plain"))
    assert load_settings().fraud_db_url == Settings.model_fields["fraud_db_url"].default
    assert stopped(load_settings())[0].startswith(f"no stack was started on {folder}/plain")
