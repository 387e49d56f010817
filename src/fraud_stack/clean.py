"""Lists and removes what stacks have written: only when told to, and never while any process of the stack lives."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fraud_common.errors import SettingsError
from fraud_scorer.use_cases.local_stack import LOCK, runs, start_command
from fraud_stack.databases import AIRFLOW, FRAUD
from fraud_stack.embedded_postgres import EmbeddedPostgres, data_folder
from fraud_stack.lock import only_one
from fraud_stack.options import StackOptions
from fraud_stack.processes import leftovers
from fraud_stack.server_user import ROOTS_OWN_DATA, make_reachable

OWNER = "belongs-to"  # in a database folder outside its data folder: which data folder that is


@dataclass(frozen=True)
class Written:
    """A folder that a stack wrote."""

    folder: Path
    what: str
    bytes_used: int


def note_owner(options: StackOptions) -> None:
    """Note the owner of databases that lie outside their data folder (root's: see `server_user`)."""
    home = data_folder(options.data_dir)
    if home != options.data_dir.absolute():
        make_reachable(home)
        (home / OWNER).write_text(f"{options.data_dir.absolute()}\n")


def written(options: StackOptions) -> list[Written]:
    """What the stack of ``options.data_dir`` wrote.

    Raises:
        SettingsError: it runs, processes or databases of a killed one live on, or the folder is no stack's.
    """
    if not options.data_dir.exists():
        return []
    _refuse_a_stranger(options)
    if runs(options.data_dir):
        raise SettingsError(f"a stack on {options.data_dir} runs", f"End it first: {_stop(options)}")
    return _written(options)


def remove_written(options: StackOptions) -> None:
    """Remove for good what the stack of ``options.data_dir`` wrote; no other can be started on it meanwhile.

    The databases first, the lock last: what an interrupted removal has left is found, and removed, by the next.

    Raises:
        SettingsError: as `written`.
    """
    data_dir = options.data_dir
    _refuse_a_stranger(options)
    with only_one(data_dir):
        for one in _written(options)[1:]:
            shutil.rmtree(one.folder)
        for path in sorted(data_dir.iterdir(), key=Path.is_file):  # the databases' passwords after them
            if path.name != LOCK:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        (data_dir / LOCK).unlink()
        with suppress(OSError):  # a disk's own folder stays, empty
            data_dir.rmdir()


def left_over(elsewhere: Path = ROOTS_OWN_DATA) -> list[Written]:
    """Databases outside whose data folder is not there, and that do not run.

    That folder was removed with its clone, or it lies on a disk that is not mounted now: nobody can tell, so these are
    removed only where they alone were asked for.
    """
    found = []
    for home in sorted(elsewhere.glob("*/")):
        owner = _owner(home)
        if owner is not None and not (owner / LOCK).exists() and not _served(home):
            found.append(Written(home, f"databases of {owner}, which is not there", _size(home)))
    return found


def remove_left_over(found: list[Written]) -> None:
    """Remove these folders of `left_over` for good."""
    for one in found:
        shutil.rmtree(one.folder)


def _refuse_a_stranger(options: StackOptions) -> None:
    data_dir = options.data_dir
    if not (data_dir / LOCK).exists():
        raise SettingsError(f"{data_dir} is no stack's data folder", "Name one: make clean DATA_DIR=...")
    for own in (options.checkout, Path.home()):
        if own.resolve().is_relative_to(data_dir):
            raise SettingsError(f"{data_dir} holds {own}, not a stack's data alone", "Remove the data by hand")


def _written(options: StackOptions) -> list[Written]:
    data_dir, home = options.data_dir, data_folder(options.data_dir)
    if leftovers(data_dir) or _served(home):
        raise SettingsError(
            f"the stack on {data_dir} was killed, and some of it lives on", f"End it first: {_stop(options)}"
        )
    found = [Written(data_dir, "landed payments, mails, keys, logs", _size(data_dir))]
    if home != data_dir.absolute() and home.exists():
        found.append(Written(home, "its databases", _size(home)))
    return found


def _stop(options: StackOptions) -> str:
    return start_command(options.data_dir).replace("make run", "make stop")


def _owner(home: Path) -> Path | None:
    try:
        return Path((home / OWNER).read_text().strip())
    except OSError:
        return None


def _served(home: Path) -> bool:
    return any(EmbeddedPostgres(home / name, 0, "").running() for name in (FRAUD, AIRFLOW))


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
