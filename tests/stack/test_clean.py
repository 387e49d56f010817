"""`make clean`: what stacks have written is named first, and nothing that runs or that someone needs is touched."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from fraud_common.errors import SettingsError
from fraud_scorer.use_cases.local_stack import LOCK, runs
from fraud_stack.clean import OWNER, left_over, note_owner, remove_left_over, remove_written, written
from fraud_stack.cli import app
from fraud_stack.databases import FRAUD
from fraud_stack.embedded_postgres import EmbeddedPostgres, free_port
from fraud_stack.lock import only_one
from fraud_stack.options import StackOptions
from fraud_stack.processes import MARK
from fraud_stack.server_user import can_traverse, data_folder, server_user


@pytest.fixture
def options(tmp_path: Path) -> StackOptions:
    """A stack that ran once and is stopped."""
    data_dir = tmp_path / "clone" / ".data"
    data_dir.mkdir(parents=True)
    (data_dir / LOCK).touch()
    (data_dir / "landing").mkdir()
    (data_dir / "landing" / "bytes").write_bytes(b"x" * 1000)
    return StackOptions(tmp_path / "clone", data_dir)


def databases_of(elsewhere: Path, owner: Path) -> Path:
    """A folder of databases outside their data folder."""
    home = elsewhere / owner.parent.name
    home.mkdir(parents=True)
    (home / OWNER).write_text(f"{owner}\n")
    return home


def test_a_stacks_own_folder_is_named_with_its_size(options: StackOptions) -> None:
    """The data folder first; the databases beside it where they lie elsewhere."""
    found = written(options)
    assert found[0].folder == options.data_dir
    assert found[0].bytes_used >= 1000


def test_one_that_runs_and_a_folder_that_is_none_are_refused(options: StackOptions, tmp_path: Path) -> None:
    """A mistyped DATA_DIR would otherwise remove whatever lies there."""
    with only_one(options.data_dir), pytest.raises(SettingsError, match="make stop"):
        written(options)
    with pytest.raises(SettingsError, match="no stack's data folder"):
        written(StackOptions(tmp_path, tmp_path))
    assert written(StackOptions(tmp_path, tmp_path / "nowhere")) == []


def test_only_databases_of_clones_that_are_gone_are_left_over(options: StackOptions, tmp_path: Path) -> None:
    """One whose clone is there, and one that names no owner, stay out of it."""
    elsewhere = tmp_path / "elsewhere"
    databases_of(elsewhere, options.data_dir)
    gone = databases_of(elsewhere, tmp_path / "removed" / ".data")
    (elsewhere / "unknown").mkdir()
    found = left_over(elsewhere)
    assert [one.folder for one in found] == [gone]
    remove_left_over(found)
    assert sorted(path.name for path in elsewhere.iterdir()) == ["clone", "unknown"]


@pytest.mark.parametrize("act", [written, remove_written])
def test_what_a_killed_one_left_alive_is_refused(options: StackOptions, act: Callable[[StackOptions], object]) -> None:
    """Its lock is free, and PostgreSQL and Airflow still write: `make stop` ends them first."""
    child = subprocess.Popen(["sleep", "60"], env=os.environ | {MARK: str(options.data_dir)}, start_new_session=True)
    try:
        with pytest.raises(SettingsError, match=f"make stop DATA_DIR={options.data_dir}"):
            act(options)
        assert (options.data_dir / "landing" / "bytes").exists()
    finally:
        child.kill()
        child.wait()


def test_a_served_database_is_refused(options: StackOptions) -> None:
    """A PostgreSQL bears no mark: it is known by its pid file."""
    server = EmbeddedPostgres(data_folder(options.data_dir) / FRAUD, free_port(), "secret", durable=False)
    server.start()
    try:
        for act in (written, remove_written):
            with pytest.raises(SettingsError, match="some of it lives on"):
                act(options)
    finally:
        server.stop()
    remove_written(options)
    assert not server.data_dir.exists()
    assert not options.data_dir.exists()


def test_no_stack_starts_on_what_is_being_removed(options: StackOptions) -> None:
    """The lock is held from the first look to the end, and goes last."""
    seen: list[bool] = []

    class Watched(type(options.data_dir)):  # type: ignore[misc]  # looks each time that the folder is read
        def iterdir(self) -> Iterator[Path]:
            seen.append(runs(Path(self)))
            return iter(list(super().iterdir()))

    remove_written(replace(options, data_dir=Watched(options.data_dir)))
    assert seen
    assert all(seen)
    assert not options.data_dir.exists()


def test_an_interrupted_removal_is_carried_on(options: StackOptions) -> None:
    """As long as anything is there, so is the lock that says whose it is."""
    (options.data_dir / "landing" / "bytes").unlink()
    (options.data_dir / "landing").rmdir()
    remove_written(options)
    assert not options.data_dir.exists()


def test_a_folder_that_holds_more_than_a_stack_is_refused(options: StackOptions) -> None:
    """`make run DATA_DIR=.` writes among the sources: `make clean` would remove the clone."""
    with pytest.raises(SettingsError, match="by hand"):
        remove_written(replace(options, checkout=options.data_dir / "landing"))
    assert options.data_dir.exists()


def call(*arguments: str) -> Result:
    """The command, as it is typed; the environment stays as it was."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FRAUD_DATA_DIR", os.environ.get("FRAUD_DATA_DIR", ""))
        return CliRunner().invoke(app, arguments)


def test_the_command_removes_only_when_told_to(options: StackOptions) -> None:
    """It lists; `--yes` removes this stack's, and what other clones have left stays."""
    others = left_over()
    listed = call("clean", "--data-dir", str(options.data_dir))
    assert listed.exit_code == 0
    assert "nothing was removed" in listed.stdout
    assert options.data_dir.exists()
    assert call("clean", "--data-dir", str(options.data_dir), "--yes").exit_code == 0
    assert not options.data_dir.exists()
    assert {one.folder for one in others} <= {one.folder for one in left_over()}


@pytest.mark.parametrize("way", ["option", "environment"])
def test_the_folder_that_is_named_is_the_one_that_is_meant(
    way: str, options: StackOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another stack's payments and keys in `.data` stay, whichever way the folder was named."""
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / ".data"
    mine.mkdir()
    (mine / LOCK).touch()
    named = str(options.data_dir)
    if way == "environment":
        monkeypatch.setenv("FRAUD_DATA_DIR", named)
    option = ["--data-dir", named] if way == "option" else []
    stopped = call("stop", *option)
    assert "".join(stopped.stdout.split()) == f"nostackrunson{named}"
    assert call("clean", *option, "--yes").exit_code == 0
    assert mine.exists()
    assert not options.data_dir.exists()


def test_without_a_name_it_is_the_folder_of_this_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`.data`, and nothing is there yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FRAUD_DATA_DIR", raising=False)
    assert "".join(call("stop").stdout.split()) == f"nostackrunson{tmp_path}/.data"


def test_databases_elsewhere_know_whose_they_are(options: StackOptions) -> None:
    """So that they are found once the clone is gone; beside the data nothing has to be noted."""
    home = data_folder(options.data_dir)
    note_owner(options)
    assert (home / OWNER).exists() is (home != options.data_dir)
    user = server_user()
    assert (home == options.data_dir) is (user is None or can_traverse(options.data_dir, user))
    if home != options.data_dir:
        remove_written(options)
        assert not home.exists()
