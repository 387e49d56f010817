"""One answer of the API: rows in the public API's columns, and how they are written."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import pandas as pd

COLUMNS = [
    "cc_num", "merchant", "category", "amt", "first", "last", "gender", "street", "city", "state", "zip", "lat", "long",
    "city_pop", "job", "dob", "trans_num", "merch_lat", "merch_long", "is_fraud", "current_time",
]  # fmt: skip
AT = {name: position for position, name in enumerate(COLUMNS)}
Row = list[Any]

Encoding = Literal["double", "decoded"]
Order = Literal["public", "shuffled"]
TimeForm = Literal["millis", "iso", "trans_date", "unix"]
ZipForm = Literal["int", "text"]


@dataclass(frozen=True)
class Form:
    """The form in which answers are written.

    Attributes:
        encoding: ``double``, a JSON string that contains JSON (as the public server does), or ``decoded``.
        order: the public order of columns, or another.
        time: ``current_time`` in epoch milliseconds or as ISO text; or instead of it ``trans_date_trans_time``
            (text without a zone, UTC) or ``unix_time`` (epoch seconds).
        zip: an integer, which loses leading zeros (as the public server does), or five digits of text.
    """

    encoding: Encoding = "double"
    order: Order = "public"
    time: TimeForm = "millis"
    zip: ZipForm = "int"


@dataclass
class Answer:
    """Rows with their index values, and for the list of what was handed out the payment each row carries."""

    rows: list[Row]
    index: list[int]
    trans_nums: list[str]
    columns: list[str] = field(default_factory=lambda: list(COLUMNS))
    malformed: dict[str, str] = field(default_factory=dict)  # trans_num: what is wrong with its row

    @classmethod
    def of_frame(cls, frame: pd.DataFrame, now_millis: int | None = None) -> Answer:
        """The frame's rows (public schema). ``current_time`` is the payment's own time, or ``now_millis``."""
        times = frame["unix_time"] * 1000
        filled = frame.assign(current_time=times if now_millis is None else now_millis)
        columns = [_plain(filled[name]) for name in COLUMNS]
        trans_nums = [str(name) for name in frame["trans_num"]]
        index = [int(name[:8], 16) % 1_852_394 if _is_hex(name[:8]) else at for at, name in enumerate(trans_nums)]
        return cls([list(row) for row in zip(*columns, strict=True)], index, trans_nums)

    def copy(self) -> Answer:
        """A copy whose rows can be altered."""
        return Answer(
            [list(row) for row in self.rows],
            list(self.index),
            list(self.trans_nums),
            list(self.columns),
            dict(self.malformed),
        )

    def add(self, row: Row, index: int, trans_num: str) -> None:
        """Add one row at the end."""
        self.rows.append(row)
        self.index.append(index)
        self.trans_nums.append(trans_num)

    def encoded(self, form: Form) -> bytes:
        """The body: pandas' ``orient="split"``."""
        columns, rows = list(self.columns), self.rows
        if form.zip == "text":
            rows = _changed(rows, AT["zip"], lambda value: f"{value:05d}" if isinstance(value, int) else value)
        if form.time != "millis":
            name, convert = _TIME_FORMS[form.time]
            columns[AT["current_time"]] = name
            rows = _changed(rows, AT["current_time"], lambda value: convert(value) if _is_time(value) else value)
        if form.order == "shuffled":
            columns, rows = columns[::-1], [row[::-1] for row in rows]
        text = json.dumps({"columns": columns, "index": self.index, "data": rows}, separators=(",", ":"))
        return (json.dumps(text) if form.encoding == "double" else text).encode("ascii")


def _plain(column: pd.Series[Any]) -> list[Any]:
    """Python values; missing ones are None."""
    return list(column.astype(object).where(column.notna(), None))


def _is_hex(text: str) -> bool:
    return bool(text) and all(letter in "0123456789abcdef" for letter in text)


def _is_time(value: Any) -> bool:
    return isinstance(value, int)


def _changed(rows: list[Row], position: int, change: Any) -> list[Row]:
    return [[*row[:position], change(row[position]), *row[position + 1 :]] if len(row) > position else row
            for row in rows]  # fmt: skip


def _moment(millis: int) -> datetime:
    return datetime.fromtimestamp(millis / 1000, UTC)


_TIME_FORMS: dict[str, tuple[str, Any]] = {
    "iso": ("current_time", lambda millis: _moment(millis).isoformat()),
    "trans_date": ("trans_date_trans_time", lambda millis: _moment(millis).strftime("%Y-%m-%d %H:%M:%S")),
    "unix": ("unix_time", lambda millis: millis // 1000),
}
