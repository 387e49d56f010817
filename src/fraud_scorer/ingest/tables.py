"""Tables of raw values from a decoded answer (or a file of past payments), before validation."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import repeat
from operator import contains

import pandas as pd

from fraud_common.errors import PayloadError
from fraud_scorer.ingest.envelope import NO_NOTES, EnvelopeNotes


@dataclass(frozen=True)
class Table:
    """Rows of JSON values under *their* column names; every row is as long as ``columns``."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]
    envelope: EnvelopeNotes = NO_NOTES

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def names(self) -> tuple[str, ...]:
        """The column names."""
        return self.columns

    def column(self, name: str) -> list[object] | None:
        """The values under ``name``, one a row; None where there are no rows or no such column."""
        if name not in self._positions or not self.rows:
            return None
        position = self._positions[name]
        return [row[position] for row in self.rows]

    def is_record(self, row_index: int) -> bool:  # noqa: ARG002
        """True: every row of a table is a record."""
        return True

    def take(self, row_indexes: Iterable[int]) -> Table:
        """These rows alone."""
        return Table(self.columns, [self.rows[row] for row in row_indexes])

    def record_body(self, row_index: int, most: float = math.inf) -> bytes:
        """One row as a body of its own: decoding it gives this row again (so quarantine can be retried).

        Raises:
            PayloadError: nested too deeply, or longer than ``most`` characters: found before it is written.
        """
        _refuse_longer([self.columns, self.rows[row_index]], most)
        return self.take([row_index]).body()

    def body(self) -> bytes:
        """All rows as a body: decoding it gives them again."""
        return _body({"columns": self.columns, "data": self.rows})

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {name: position for position, name in enumerate(self.columns)}


@dataclass(frozen=True)
class Records:
    """Records of JSON values, each with the names that are its own: their union is never made, it has no bound.

    ``odd`` holds, by row index, values that are no records; each leaves an empty record in ``items``.
    """

    items: Sequence[Mapping[str, object]]
    odd: Mapping[int, object] = field(default_factory=dict)
    envelope: EnvelopeNotes = NO_NOTES

    def __len__(self) -> int:
        return len(self.items)

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the first record that has any."""
        return next((tuple(item) for item in self.items if item), ())

    def column(self, name: str) -> list[object] | None:
        """The values under ``name``, one a record, None where a record lacks it; None where all of them do."""
        values = [item.get(name) for item in self.items]
        if values and values[0] is not None:
            return values
        stands = values.count(None) < len(values) or any(map(contains, self.items, repeat(name)))
        return values if stands else None

    def is_record(self, row_index: int) -> bool:
        """Whether a record stands there."""
        return row_index not in self.odd

    def take(self, row_indexes: Iterable[int]) -> Records:
        """These records alone, without the entries of ``odd``."""
        return Records([self.items[row] for row in row_indexes])

    def record_body(self, row_index: int, most: float = math.inf) -> bytes:
        """As ``Table.record_body``; for an entry of ``odd``, the entry itself."""
        item = self.odd.get(row_index, self.items[row_index])
        _refuse_longer(item, most)
        return _body([item])

    def body(self) -> bytes:
        """As ``Table.body``."""
        return _body(self.items)


AnyTable = Table | Records


def join_tables(tables: Sequence[AnyTable]) -> AnyTable:
    """Join tables of one ``join_key``, in their order."""
    if isinstance(tables[0], Records):
        return Records([item for one in tables if isinstance(one, Records) for item in one.items])
    return Table(tables[0].columns, [row for one in tables if isinstance(one, Table) for row in one.rows])


def join_key(table: AnyTable) -> tuple[str, ...]:
    """Tables with equal keys can go through ``join_tables``."""
    return ("records",) if isinstance(table, Records) else ("rows", *table.columns)


def _refuse_longer(document: object, most: float) -> None:
    """Refuse a document with more than ``most`` values and characters, at any nesting."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        most -= 1
        if isinstance(value, str):
            most -= len(value)
        elif isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list | tuple):
            waiting += value
        if most < 0:
            raise PayloadError("a record is too long to be kept apart", "It is kept with its answer")


def _body(document: object) -> bytes:
    try:
        return json.dumps(document, default=str).encode()
    except RecursionError:
        raise PayloadError("a record is nested too deeply to be kept apart", "It is kept with its answer") from None


def table_of_frame(frame: pd.DataFrame) -> Table:
    """A frame of past payments as a table: missing is None, dates and times ISO text, numbers Python's own.

    Exact decimals become text with all digits that count: 12.500 is "12.5".
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
        return [_as_json(value) for value in values]  # other types that Parquet may hold
    return values


def _as_json(value: object) -> object:
    if isinstance(value, date):  # a datetime is one
        return value.isoformat()
    if not isinstance(value, Decimal):
        return value
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
