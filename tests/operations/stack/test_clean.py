"""`make clean`: what stacks have written is named first, and nothing that runs or that someone needs is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from fraud_scorer.cli import app
from fraud_scorer.errors import SettingsError
from fraud_scorer.operations.database.server_user import can_traverse, data_folder, server_user
from fraud_scorer.operations.stack.clean import OWNER, left_over, note_owner, remove, written
from fraud_scorer.operations.stack.found import LOCK
from fraud_scorer.operations.stack.options import StackOptions
from fraud_scorer.operations.stack.run import only_one


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
    remove(found)
    assert sorted(path.name for path in elsewhere.iterdir()) == ["clone", "unknown"]


def test_the_command_removes_only_when_told_to(options: StackOptions) -> None:
    """It lists; `--yes` removes."""
    listed = CliRunner().invoke(app, ["stack-clean", "--data-dir", str(options.data_dir)])
    assert listed.exit_code == 0
    assert "nothing was removed" in listed.stdout
    assert options.data_dir.exists()
    # not through the command: it would also remove what other clones on this machine have left
    remove(written(options))
    assert not options.data_dir.exists()


def test_databases_elsewhere_know_whose_they_are(options: StackOptions) -> None:
    """So that they are found once the clone is gone; beside the data nothing has to be noted."""
    home = data_folder(options.data_dir)
    note_owner(options)
    assert (home / OWNER).exists() is (home != options.data_dir)
    user = server_user()
    assert (home == options.data_dir) is (user is None or can_traverse(options.data_dir, user))
    if home != options.data_dir:
        remove([one for one in written(options) if one.folder == home])
