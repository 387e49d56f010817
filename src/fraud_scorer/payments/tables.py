"""Tables of raw values: what a decoded answer (or a file of past payments) holds, before anything is judged."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pandas as pd


@dataclass(frozen=True)
class Table:
    """Rows of JSON values under *their* column names; every row is as long as ``columns``.

    ``odd`` holds, by row index, what stood where a record was expected; such a row is all None in ``rows``.
    """

    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]
    odd: Mapping[int, object] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def record_body(self, row_index: int) -> bytes:
        """One row as a body of its own: decoding it gives this row again (so quarantine can be retried)."""
        if row_index in self.odd:
            return json.dumps([self.odd[row_index]]).encode()
        return Table(self.columns, [self.rows[row_index]]).body()

    def body(self) -> bytes:
        """All rows as a body: decoding it gives them again (but for ``odd`` ones)."""
        return json.dumps({"columns": self.columns, "data": self.rows}, default=str).encode()


def table_of_frame(frame: pd.DataFrame) -> Table:
    """A frame of past payments as a table: missing is None, dates and times ISO text, numbers Python's own.

    Exact decimals become text with all their digits.
    """
    columns = [_plain(frame[name]) for name in frame.columns]
    return Table(tuple(str(name) for name in frame.columns), list(zip(*columns, strict=True)))


def _plain(column: pd.Series) -> list[object]:
    if isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M":
        return [None if moment is pd.NaT else moment.isoformat() for moment in column]
    values: list[object] = (
        column.astype(object).where(column.notna(), None).tolist() if column.hasnans else column.tolist()
    )
    if column.dtype == object and not {str, type(None)}.issuperset(map(type, values)):
        return [_as_json(value) for value in values]  # what Parquet holds beside numbers and texts
    return values


def _as_json(value: object) -> object:
    if isinstance(value, date):  # a datetime is one
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else value
