"""The stage: Parquet that passes from one task of a run to the next.

::

    <data_dir>/stage/                               for its owner's eyes only
    <data_dir>/stage/answered-<token>               batches whose run ended while the ledger could not be told
    <data_dir>/stage/<run>/current                  the token of the attempt in force
    <data_dir>/stage/<run>/<token>/<step>/*.parquet a step's frames, renamed into place as one folder

Everything here can be made again from landing: what is missing or unreadable is simply rebuilt. Frames hold card
tokens and coordinates in clear, never card numbers: a run's are dropped once it is loaded, and those of a run that
never was (it failed, or another run took its batches over) an hour after anyone last touched them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pandas as pd
import pyarrow as pa

from fraud_scorer.landing.files import disk_faults

_JSON_COLUMNS = "json-columns.json"
_ANSWERED = "answered-"


class Stage:
    """The work between tasks, under ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, run: str, token: str) -> None:
        """Make ``token`` the attempt in force of ``run``; an earlier attempt's work is no longer read."""
        folder = self._run_folder(run)
        with disk_faults(folder):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(exist_ok=True)
            temporary = folder / f".current-{uuid4().hex}"
            temporary.write_text(token, encoding="utf-8")
            temporary.rename(folder / "current")

    def current(self, run: str) -> str | None:
        """The token in force, None if the run has not begun (or was purged)."""
        try:
            return (self._run_folder(run) / "current").read_text(encoding="utf-8") or None
        except (OSError, UnicodeDecodeError):
            return None

    def write(self, run: str, token: str, step: str, frames: Mapping[str, pd.DataFrame]) -> None:
        """Put a step's frames in place, all or none; written twice, the later stand.

        Raises:
            TransientError: the disk is full or cannot be written.
        """
        target = self._run_folder(run) / token / step
        temporary = target.with_name(f".{step}-{uuid4().hex}")
        with disk_faults(target):
            try:
                temporary.mkdir(parents=True)
                json_columns = {name: _write(frame, temporary / f"{name}.parquet") for name, frame in frames.items()}
                (temporary / _JSON_COLUMNS).write_text(json.dumps(json_columns), encoding="utf-8")
                if target.exists():
                    target.rename(temporary.with_name(f"{temporary.name}-replaced"))
                temporary.rename(target)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
                shutil.rmtree(temporary.with_name(f"{temporary.name}-replaced"), ignore_errors=True)

    def read(self, run: str, token: str, step: str) -> dict[str, pd.DataFrame] | None:
        """A step's frames; None if they are missing or unreadable: rebuild them."""
        folder = self._run_folder(run) / token / step
        try:
            json_columns = json.loads((folder / _JSON_COLUMNS).read_text(encoding="utf-8"))
            return {name: _read(folder / f"{name}.parquet", columns) for name, columns in json_columns.items()}
        except (OSError, ValueError, TypeError, pa.ArrowException):
            return None

    def drop(self, run: str, token: str | None = None) -> None:
        """Forget a run's work; with ``token`` that attempt's alone if another one is in force by now."""
        folder = self._run_folder(run)
        shutil.rmtree(folder if token in (None, self.current(run)) else folder / str(token), ignore_errors=True)

    def note_answered(self, token: str, batch_ids: Sequence[str]) -> None:
        """Remember, for the ledger that cannot be told now, that the run under ``token`` ended with an answer."""
        with disk_faults(self._folder):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (self._folder / f"{_ANSWERED}{token}").open("a", encoding="utf-8") as file:
                file.write("".join(f"{name}\n" for name in batch_ids))

    def answered(self) -> dict[str, list[str]]:
        """What was so noted: the batch ids by token."""
        notes = sorted(self._folder.glob(f"{_ANSWERED}*"))
        return {path.name.removeprefix(_ANSWERED): path.read_text(encoding="utf-8").split() for path in notes}

    def forget_answered(self, token: str) -> None:
        """The ledger has been told."""
        (self._folder / f"{_ANSWERED}{token}").unlink(missing_ok=True)

    def purge(self, *, now: datetime, keep: timedelta = timedelta(hours=1)) -> int:
        """Drop every run that nobody touched for ``keep``; gives how many."""
        runs = [folder for folder in self._folder.glob("*") if folder.is_dir()]
        old = [folder for folder in runs if _touched(folder) < now - keep]
        for folder in old:
            shutil.rmtree(folder, ignore_errors=True)
        return len(old)

    def _run_folder(self, run: str) -> Path:
        return self._folder / quote(run, safe="+:=,@ ").replace("..", "%2E%2E")


def _touched(folder: Path) -> datetime:
    try:
        newest = max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))
    except FileNotFoundError:  # being worked on
        return datetime.max.replace(tzinfo=UTC)
    return datetime.fromtimestamp(newest, UTC)


def _write(frame: pd.DataFrame, path: Path) -> list[str]:
    """Write one frame; gives its columns of lists and mappings, which are kept as JSON."""
    nested = [str(name) for name in frame.columns if _is_nested(frame[name])]
    texts = {name: frame[name].map(json.dumps, na_action="ignore").astype("object") for name in nested}
    frame.assign(**texts).to_parquet(path, compression="zstd")
    return nested


def _read(path: Path, json_columns: list[str]) -> pd.DataFrame:
    frame = pd.read_parquet(path)
    values = {
        name: pd.Series(
            [json.loads(text) if isinstance(text, str) else None for text in frame[name]], frame.index, object
        )
        for name in json_columns
    }
    return frame.assign(**values)


def _is_nested(column: pd.Series) -> bool:
    return column.dtype == object and any(isinstance(value, list | dict) for value in column)
