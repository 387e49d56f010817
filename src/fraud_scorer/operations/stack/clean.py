"""What stacks have written, and its removal: never without being told to, and never under a stack that runs."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from fraud_scorer.errors import SettingsError
from fraud_scorer.operations.database.embedded_postgres import EmbeddedPostgres, data_folder
from fraud_scorer.operations.database.server_user import ROOTS_OWN_DATA, make_reachable
from fraud_scorer.operations.stack.databases import AIRFLOW, FRAUD
from fraud_scorer.operations.stack.found import LOCK, runs
from fraud_scorer.operations.stack.options import StackOptions

OWNER = "belongs-to"  # in a database folder outside its data folder: which data folder that is


@dataclass(frozen=True)
class Written:
    """A folder that a stack wrote."""

    folder: Path
    what: str
    bytes_used: int


def note_owner(options: StackOptions) -> None:
    """Write down whose databases lie outside their data folder (root's: see `server_user`)."""
    home = data_folder(options.data_dir)
    if home != options.data_dir.absolute():
        make_reachable(home)
        (home / OWNER).write_text(f"{options.data_dir.absolute()}\n")


def written(options: StackOptions) -> list[Written]:
    """What the stack of ``options.data_dir`` wrote.

    Raises:
        SettingsError: it runs, or the folder is no stack's.
    """
    data_dir = options.data_dir
    if not data_dir.exists():
        return []
    if runs(data_dir):
        raise SettingsError(f"a stack on {data_dir} runs", "End it first: make stop")
    if not (data_dir / LOCK).exists():
        raise SettingsError(f"{data_dir} is no stack's data folder", "Name one: make clean DATA_DIR=...")
    home = data_folder(data_dir)
    found = [Written(data_dir, "landed payments, mails, keys, logs", _size(data_dir))]
    if home != data_dir.absolute() and home.exists():
        found.append(Written(home, "its databases", _size(home)))
    return found


def left_over(elsewhere: Path = ROOTS_OWN_DATA) -> list[Written]:
    """Databases outside whose data folder is gone: of a clone that was removed. One that runs is not among them."""
    found = []
    for home in sorted(elsewhere.glob("*/")):
        owner = _owner(home)
        if owner is not None and not (owner / LOCK).exists() and not _served(home):
            found.append(Written(home, f"databases of {owner}, which is gone", _size(home)))
    return found


def remove(found: list[Written]) -> None:
    """Remove these folders for good."""
    for one in found:
        shutil.rmtree(one.folder)


def _owner(home: Path) -> Path | None:
    try:
        return Path((home / OWNER).read_text().strip())
    except OSError:
        return None


def _served(home: Path) -> bool:
    return any(EmbeddedPostgres(home / name, 0, "").running() for name in (FRAUD, AIRFLOW))


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
