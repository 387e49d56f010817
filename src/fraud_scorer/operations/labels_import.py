"""`fraud-scorer labels import`: what others found out about payments, from a file. All of it, or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from fraud_scorer.adapters.postgres.labels import PostgresLabels, Said
from fraud_scorer.errors import DataFileError, SettingsError
from fraud_scorer.payments.fields import FieldMap
from fraud_scorer.payments.files import payment_frames

SOURCES = ("chargeback", "verdict")
VERDICTS = {
    "chargeback": ("fraud", "not_fraud", "withdrawn"),
    "verdict": ("fraud", "not_fraud", "unsure", "withdrawn"),
}
_IS_FRAUD = {
    **dict.fromkeys(("1", "1.0", "true", "yes", "y", "t"), "fraud"),
    **dict.fromkeys(("0", "0.0", "false", "no", "n", "f"), "not_fraud"),
}
_COLUMNS = "trans_num, is_fraud (1 or 0) or verdict (fraud, not_fraud, withdrawn), known_at (with its zone)"


@dataclass(frozen=True)
class Imported:
    """What one import did."""

    rows: int
    imported: int
    known_before: int  # said already, by this file or an earlier one
    unknown_payments: int  # left out because they were asked to be


def import_labels(
    labels: PostgresLabels,
    path: Path,
    *,
    source: str = "chargeback",
    author: str = "labels import",
    time_zone: str | None = None,
    skip_unknown: bool = False,
    now: datetime | None = None,
) -> Imported:
    """Append the labels of ``path`` (CSV or Parquet: trans_num, is_fraud or verdict, known_at, optionally note).

    Args:
        labels: where they go.
        path: the file.
        source: ``chargeback`` or ``verdict``.
        author: who says it.
        time_zone: of times that name none; None refuses them.
        skip_unknown: leave out payments that are not stored, instead of refusing the file.
        now: aware; a label known later than this is refused.

    Raises:
        DataFileError: the file, a column or a row cannot be used; names it, and nothing was written.
        SettingsError: no such time zone.
        StoreUnavailable: ``fraud_db`` cannot be reached; nothing was written.
    """
    reader = _Reader(path, source, time_zone, now or datetime.now(UTC))
    said = list(reader.labels())
    unknown = labels.unknown([one.trans_num for one in said])
    if unknown and not skip_unknown:
        raise DataFileError(
            f"{path}, row {unknown[0] + 1}: the payment {said[unknown[0]].trans_num} is not stored"
            f" ({len(unknown)} of {len(said)} rows are like that)",
            "Check that trans_num is the payment's id, or leave such rows out with --skip-unknown",
        )
    left_out = set(unknown)
    kept = [one for position, one in enumerate(said) if position not in left_out]
    imported = labels.append(list(dict.fromkeys(kept)), source=source, author=author)
    return Imported(len(said), imported, len(kept) - imported, len(unknown))


class _Reader:
    """The file's rows as labels; the first that cannot be one ends the import."""

    def __init__(self, path: Path, source: str, time_zone: str | None, now: datetime) -> None:
        self._path, self._source, self._now = path, source, now
        self._zone = _zone(time_zone) if time_zone else None

    def labels(self) -> Iterator[Said]:
        """One label a row. Rows count from 1, without the header."""
        number = 0
        for frame in payment_frames(self._path, FieldMap()):
            self._check_columns(frame)
            for row in _rows(frame):
                number += 1
                yield self._label(number, row)
        if not number:
            raise DataFileError(f"{self._path} holds no label", "Give a file with at least one row")

    def _check_columns(self, frame: pd.DataFrame) -> None:
        twice = [name for name, count in Counter(map(str, frame.columns)).items() if count > 1]
        missing = [name for name in ("trans_num", "known_at") if name not in frame]
        missing += [] if {"is_fraud", "verdict"} & set(frame.columns) else ["is_fraud or verdict"]
        if twice or missing:
            what = f"has {', '.join(twice)} twice" if twice else f"has no column {', '.join(missing)}"
            raise DataFileError(f"{self._path} {what}", f"Its columns must be {_COLUMNS}")

    def _label(self, number: int, row: dict[str, Any]) -> Said:
        trans_num = self._or_refuse(number, "trans_num", row, _trans_num, "is missing or no id")
        allowed = VERDICTS[self._source]
        if row.get("verdict") is not None:
            words = f"is none of {', '.join(allowed)}"
            verdict = self._or_refuse(number, "verdict", row, lambda value: _verdict(value, allowed), words)
        else:
            verdict = self._or_refuse(number, "is_fraud", row, _is_fraud, "is neither 1 nor 0")
        known_at = self._or_refuse(number, "known_at", row, self._time, "is no time")
        if known_at > self._now:
            raise self._refusal(number, "known_at", "lies in the future", "Check the time's zone")
        note = row.get("note")
        return Said(trans_num, verdict, known_at, None if note is None else str(note).replace("\0", "\ufffd"))

    def _or_refuse(self, number: int, column: str, row: dict[str, Any], read: Callable[[Any], Any], fault: str) -> Any:
        try:
            return read(row.get(column))
        except ValueError as error:
            cure = str(error) or f"Correct the row; the columns are {_COLUMNS}"
            raise self._refusal(number, column, fault, cure) from None

    def _refusal(self, number: int, column: str, fault: str, cure: str) -> DataFileError:
        return DataFileError(f"{self._path}, row {number}: {column} {fault}", cure)

    def _time(self, value: Any) -> datetime:
        if value is None or isinstance(value, int | float):
            raise ValueError
        moment: datetime = value if isinstance(value, datetime) else _parsed(str(value))
        if moment.tzinfo is None:
            if self._zone is None:
                raise ValueError("It names no zone: add Z or an offset like +02:00, or say --time-zone Europe/Berlin")
            moment = moment.replace(tzinfo=self._zone)
        return moment.astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise SettingsError(f"--time-zone {name} is no time zone", "Write it as Europe/Berlin or UTC") from None


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("Write it as 2026-11-20T10:31:00Z") from None


def _rows(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Rows of Python's own values, missing ones None."""
    plain = frame.astype(object).where(frame.notna(), None)
    names = [str(name) for name in frame.columns]
    columns: Sequence[Sequence[Any]] = [plain.iloc[:, position].tolist() for position in range(len(names))]
    for values in zip(*columns, strict=True):
        yield dict(zip(names, values, strict=True))


def _trans_num(value: Any) -> str:
    if value is None or isinstance(value, float) or not str(value).strip() or "\0" in str(value):
        raise ValueError
    return str(value).strip()


def _verdict(value: Any, allowed: Sequence[str]) -> str:
    word = str(value).strip().lower()
    if word not in allowed:
        raise ValueError
    return word


def _is_fraud(value: Any) -> str:
    word = _IS_FRAUD.get(str(value).strip().lower())
    if word is None:
        raise ValueError
    return word
