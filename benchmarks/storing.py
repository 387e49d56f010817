"""Storing a batch: bare COPY is the limit, psycopg2's own ways are the peers."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.csv as pacsv
from psycopg2.extensions import connection as Connection  # noqa: N812 - a type
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a type
from psycopg2.extras import execute_values

from benchmarks.comparison import Comparison
from benchmarks.dataset import Dataset, database
from fraud_scorer.store.bulk import copy_in, rows
from fraud_scorer.store.staging import staged

_NOT_STORED = ["delivery", "occurrence"]  # they say how a row is written
_SLOW_SHARE = 0.1  # of the rows, for one statement a row


@contextmanager
def comparisons(dataset: Dataset) -> Iterator[list[Comparison]]:
    """New payments into an empty table, and the same payments again (a replay that must write nothing)."""
    table = staged(dataset.work())
    with database() as connection:
        yield [_new(connection, table), _again(connection, table)]


def _new(connection: Connection, table: pa.Table) -> Comparison:
    def way(store: Callable[[Cursor, pa.Table], None], share: float = 1.0) -> Callable[[], object]:
        part = table.slice(0, round(table.num_rows * share))
        return lambda: _stored(connection, lambda cursor: store(cursor, part))

    return Comparison(
        "store new payments",
        f"{table.num_rows:,} rows of 35 columns into an empty payments_scored with its indexes, one transaction",
        "COPY to staging, guarded upsert",
        {
            "bare COPY (limit)": way(_copy),
            "COPY to staging, guarded upsert": way(_copy_and_upsert),
            "execute_values, on conflict": way(_execute_values),
            "executemany, on conflict": way(_executemany, _SLOW_SHARE),
        },
        {"executemany, on conflict": _SLOW_SHARE},
    )


def _again(connection: Connection, table: pa.Table) -> Comparison:
    def way(store: Callable[[Cursor, pa.Table], None]) -> Callable[[], object]:
        def both(cursor: Cursor) -> None:
            store(cursor, table)

        return lambda: _stored(connection, both, before=lambda cursor: _copy(cursor, table))

    return Comparison(
        "store the same payments again",
        f"{table.num_rows:,} rows that all stand there already (the first storing, by COPY, is in both times)",
        "COPY to staging, guarded upsert",
        {
            "COPY to staging, guarded upsert": way(_copy_and_upsert),
            "execute_values, on conflict overwrite": way(_execute_values),
        },
        {},
    )


def _stored(
    connection: Connection, store: Callable[[Cursor], None], before: Callable[[Cursor], None] | None = None
) -> object:
    """How many rows stand there when it is done, and their amounts; then the table is emptied."""
    with connection.cursor() as cursor:
        if before:
            before(cursor)
        store(cursor)
        connection.commit()
        cursor.execute("select count(*), sum(amount_cents) from payments_scored")
        result = cursor.fetchone()
        cursor.execute("truncate payments_scored, payment_history")
    connection.commit()
    return result


def _copy(cursor: Cursor, table: pa.Table) -> None:
    kept = table.drop_columns(_NOT_STORED)
    buffer = io.BytesIO()
    pacsv.write_csv(kept, buffer, pacsv.WriteOptions(include_header=False, quoting_style="needed"))
    buffer.seek(0)
    cursor.copy_expert(f"copy payments_scored ({', '.join(kept.column_names)}) from stdin (format csv)", buffer)


def _copy_and_upsert(cursor: Cursor, table: pa.Table) -> None:
    rows(cursor, "load/stage", {})
    copy_in(cursor, "load/stage_copy", table)
    rows(cursor, "load/upsert", {})


def _execute_values(cursor: Cursor, table: pa.Table) -> None:
    execute_values(cursor, _statement(table, "%s"), _tuples(table), page_size=1_000)


def _executemany(cursor: Cursor, table: pa.Table) -> None:
    names = table.drop_columns(_NOT_STORED).column_names
    cursor.executemany(_statement(table, f"({', '.join(['%s'] * len(names))})"), _tuples(table))


def _statement(table: pa.Table, values: str) -> str:
    names = table.drop_columns(_NOT_STORED).column_names
    kept = ("trans_num", "event_time", "first_batch_id", "first_landing_seq")
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in kept)
    return (
        f"insert into payments_scored ({', '.join(names)}) values {values} "  # noqa: S608 - our own column names
        f"on conflict (trans_num) do update set {changes}"
    )


def _tuples(table: pa.Table) -> list[tuple[object, ...]]:
    """The rows as psycopg2 wants them."""
    columns = table.drop_columns(_NOT_STORED).to_pydict()
    return list(zip(*columns.values(), strict=True))
