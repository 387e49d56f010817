"""Past payments as a file, labelled, in the public schema. They end where the live stream goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from payments_simulator.payments import PUBLIC_COLUMNS
from payments_simulator.stream import Stream


def write(
    stream: Stream, start: int, end: int, out: Path, file_format: str, progress: Callable[[int], None] = lambda _: None
) -> int:
    """Write the payments with ``start`` <= time < ``end`` (epoch seconds) and say how many they are.

    ``file_format`` is ``parquet`` or ``csv``. The file appears whole or not at all. ``progress`` is told the number
    of payments after each part.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_name(out.name + ".part")
    written = 0
    try:
        writer: pq.ParquetWriter | pacsv.CSVWriter | None = None
        for frame in stream.chunks(start, end):
            table = pa.Table.from_pandas(_public(frame), preserve_index=False)
            writer = writer or _writer(fresh, table.schema, file_format)
            writer.write_table(table)
            written += len(frame)
            progress(written)
        if writer:
            writer.close()
        fresh.replace(out)
    finally:
        fresh.unlink(missing_ok=True)
    return written


def _public(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[PUBLIC_COLUMNS]


def _writer(path: Path, schema: pa.Schema, file_format: str) -> pq.ParquetWriter | pacsv.CSVWriter:
    if file_format == "csv":
        return pacsv.CSVWriter(path, schema)
    return pq.ParquetWriter(path, schema, compression="zstd")
