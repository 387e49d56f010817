"""Many rows at once: COPY into PostgreSQL from Arrow, COPY out of it into Arrow. No row passes through Python.

Arrow and pandas are imported by what uses them: `fraud-scorer status` asks for a few rows, and starts without.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import psycopg2.extensions

from fraud_common.errors import TerminalError
from fraud_scorer.store.queries import query

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

ROWS_AT_ONCE = 20_000


def copy_in(cursor: psycopg2.extensions.cursor, name: str, table: pa.Table) -> None:
    """Send ``table`` through the COPY statement of ``sql/queries/<name>.sql``; null is null, "" is "".

    Raises:
        TerminalError: a text holds a NUL, which no COPY takes.
    """
    import pyarrow.csv as pacsv

    _refuse_nul(table)
    options = pacsv.WriteOptions(include_header=False, quoting_style="needed")
    for start in range(0, table.num_rows, ROWS_AT_ONCE):
        buffer = io.BytesIO()
        pacsv.write_csv(table.slice(start, ROWS_AT_ONCE), buffer, options)
        buffer.seek(0)
        cursor.copy_expert(query(name), buffer)


def copy_out(
    cursor: psycopg2.extensions.cursor, name: str, values: Mapping[str, object], types: Mapping[str, pa.DataType]
) -> pa.Table:
    """The rows of ``sql/queries/<name>.sql`` as a table with these columns and types; empty cells are null."""
    import pyarrow as pa
    import pyarrow.csv as pacsv

    statement = cursor.mogrify(query(name), values).decode()
    buffer = io.BytesIO()
    cursor.copy_expert(f"copy (\n{statement}\n) to stdout with (format csv)", buffer)
    if not buffer.getbuffer().nbytes:
        return pa.schema(list(types.items())).empty_table()
    buffer.seek(0)
    return pacsv.read_csv(
        buffer,
        pacsv.ReadOptions(column_names=list(types), block_size=1 << 23),
        pacsv.ParseOptions(newlines_in_values=True),
        pacsv.ConvertOptions(
            column_types=dict(types), null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    )


def frame_of(table: pa.Table) -> pd.DataFrame:
    """The table as pandas has it: texts as ``str``, whole numbers without nulls as int64."""
    return cast("pd.DataFrame", table.to_pandas())


def rows(cursor: psycopg2.extensions.cursor, name: str, values: Mapping[str, object]) -> list[dict[str, object]]:
    """What the statement of ``sql/queries/<name>.sql`` returns, if it returns rows."""
    cursor.execute(query(name), dict(values))
    if cursor.description is None:
        return []
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def texts(values: pd.Series | Sequence[str]) -> list[str]:
    """A list that psycopg2 sends as ``text[]``."""
    return cast("list[str]", list(values) if isinstance(values, Sequence) else values.tolist())


def without_nul(text: str) -> str:
    """``text`` as PostgreSQL can store it: a NUL, or half of a surrogate pair, becomes U+FFFD."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _refuse_nul(table: pa.Table) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    for field in table.schema:
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            found = pc.any(pc.match_substring(table[field.name], "\x00")).as_py()
            if found:
                raise TerminalError(
                    f"the column {field.name} holds a NUL character, which PostgreSQL cannot store",
                    "Such a record belongs into quarantine: report it",
                )
