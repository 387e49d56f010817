"""A file of payments in the public schema, played as if it happened now, again and again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd

from payments_simulator.errors import SimulatorError
from payments_simulator.payments import PUBLIC_COLUMNS, local_text
from payments_simulator.seeded_random import Ints

_REQUIRED = ("cc_num", "merchant", "amt", "trans_num")
_TEXT = ("merchant", "category", "first", "last", "gender", "street", "city", "state", "job", "dob", "trans_num")


class Replay:
    """A file's payments, shifted so that its first one happens at ``start`` (epoch seconds).

    After the last payment the file begins anew, with other ``trans_num`` each round (its own in the first).
    """

    def __init__(self, payments: pd.DataFrame, start: int) -> None:
        self._payments = payments
        self._start = start
        self._times: Ints = payments["unix_time"].to_numpy(np.int64)
        self._times = self._times - self._times[0]
        self.period_seconds = int(self._times[-1]) + 1

    def frame(self, start: int, end: int) -> pd.DataFrame:
        """See ``Source``."""
        first = max(0, (start - self._start) // self.period_seconds)
        last = (end - 1 - self._start) // self.period_seconds
        rounds = [self._round(number, start, end) for number in range(first, last + 1)]
        return pd.concat(rounds or [self._payments.iloc[:0]], ignore_index=True)

    def _round(self, number: int, start: int, end: int) -> pd.DataFrame:
        begins = self._start + number * self.period_seconds
        low, high = np.searchsorted(self._times, [start - begins, end - begins])
        part = self._payments.iloc[low:high].copy()
        part["unix_time"] = self._times[low:high] + begins
        part["trans_date_trans_time"] = local_text(part["unix_time"].to_numpy(np.int64))
        if number:
            part["trans_num"] = [_renamed(name, number) for name in part["trans_num"]]
        return part


def read(path: Path) -> pd.DataFrame:
    """The file's payments by time: public columns (absent ones null) and an empty ``fraud_kind``.

    Raises:
        SimulatorError: no such file, not CSV or Parquet, a required column or readable times are missing.
    """
    frame = _load(path)
    absent = [name for name in _REQUIRED if name not in frame]
    if absent or not {"trans_date_trans_time", "unix_time"} & set(frame):
        raise SimulatorError(
            f"{path} lacks {', '.join(absent) or 'trans_date_trans_time'}", "It must have the public set's columns"
        )
    if frame.empty:
        raise SimulatorError(f"{path} holds no payments", "Give a file with at least one row")
    frame["unix_time"] = _times(frame, path)
    frame = frame.reindex(columns=[*PUBLIC_COLUMNS, "fraud_kind"]).assign(fraud_kind="")
    return frame.sort_values(["unix_time", "trans_num"], kind="stable", ignore_index=True)


def open_replay(path: Path, start: int, state: Path | None) -> Replay:
    """The file's replay from ``start``; with a state folder from where an earlier start of the same file began."""
    payments = read(path)
    kept = state / "replay.json" if state else None
    if kept and kept.exists():
        begun = json.loads(kept.read_text())
        if begun["payments"] == len(payments) and begun["file"] == path.name:
            start = int(begun["start"])
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps({"file": path.name, "payments": len(payments), "start": start}))
    return Replay(payments, start)


def _load(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise SimulatorError(f"there is no file {path}", "Name a CSV or Parquet file in the public schema")
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype=dict.fromkeys(_TEXT, str) | {"cc_num": "int64"})
    except (ValueError, OSError) as error:
        raise SimulatorError(f"{path} cannot be read: {str(error).splitlines()[0]}", "CSV or Parquet?") from error


def _times(frame: pd.DataFrame, path: Path) -> Ints:
    """Epoch seconds. The public set's ``unix_time`` lies years off, so the text counts where there is one."""
    if "trans_date_trans_time" not in frame:
        return frame["unix_time"].to_numpy(np.int64)
    try:
        parsed = pd.to_datetime(frame["trans_date_trans_time"])
    except ValueError as error:
        raise SimulatorError(f"{path}: unreadable trans_date_trans_time", "Write 2020-06-21 12:13:53") from error
    return parsed.to_numpy().astype("datetime64[s]").astype(np.int64)


def _renamed(trans_num: str, number: int) -> str:
    return hashlib.blake2b(f"{trans_num}:{number}".encode(), digest_size=16).hexdigest()
