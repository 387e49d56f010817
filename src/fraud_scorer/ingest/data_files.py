"""Data files in frames of bounded size: CSV, Parquet, JSON and JSON lines."""

from __future__ import annotations

import csv
import io
import json
import lzma
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path

import pandas as pd

from fraud_common.errors import DataFileError, PayloadError
from fraud_scorer.ingest.amount_format import FileAmountFormat
from fraud_scorer.ingest.data_file_formats import FileKind, detect_kind, is_parquet, open_unpacked, unreadable_text
from fraud_scorer.ingest.decode import decode
from fraud_scorer.ingest.field_map import FieldMap
from fraud_scorer.ingest.tables import AnyTable, Table

__all__ = ["ROWS_AT_ONCE", "is_parquet", "payment_frames", "row_name", "row_names", "text_frames"]

ROWS_AT_ONCE = 100_000
MOST_JSON_BYTES = 64_000_000  # of a file that is one JSON document: it is read as a whole
MOST_CELLS = 50_000_000  # of one frame: records times the different fields that they have
_AMOUNTS = ("amt", "amt_minor")
_ALWAYS_TEXT = ("trans_num", "cc_num", "zip", "merchant", "category", "dob", "trans_date_trans_time", *_AMOUNTS)
_MISSING = ["", "NULL", "null", "NaN", "nan"]
_CUT_OFF = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
_RAGGED = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")
_CURE = "Give CSV (UTF-8, with a header line), JSON, JSON lines or Parquet"
_LEAST = "Give a file with a header line and at least one row"


def payment_frames(
    path: Path, fields: FieldMap, *, decimal: str | None = None, currency: str | None = None
) -> Iterator[pd.DataFrame]:
    """The file's rows in order, under the file's own names; ids and card numbers are never taken for floats.

    A CSV's columns are separated by commas, or as its header line separates them: by semicolons, tabs or bars. Its
    amounts come as texts with a decimal point, whichever sign the file has. Compression goes by the name's end. Empty
    rows are left out; the frames' index counts the rows that were read, from 0.

    Args:
        path: the file.
        fields: which of the file's columns hold amounts, ids and card numbers.
        decimal: ``point`` or ``comma``, if the amounts do not show it.
        currency: of amounts that name none, if known.

    Raises:
        DataFileError: missing, empty, cut off, ragged, a column twice, amounts in two formats, or of a kind that is not
            read; names the file and the cure.
        SettingsError: ``decimal`` is neither.
    """
    texts = dict.fromkeys([*_ALWAYS_TEXT, *(theirs for theirs, ours in fields.pairs if ours in _ALWAYS_TEXT)], "str")
    amounts = FileAmountFormat(decimal, str(fields.constants.get("currency") or currency or "") or None)
    kind, frames = _frames(path, texts)
    start = 0
    for frame in frames:
        frame.index = pd.RangeIndex(start, start + len(frame))
        start += len(frame)
        kept = frame.dropna(how="all")
        if kind.name == "csv" and fields.amounts.sample is None:  # else the field map says how amounts are written
            kept = _plain_amounts(path, kept, amounts, fields)
        yield kept


def text_frames(path: Path) -> Iterator[pd.DataFrame]:
    """The file's rows as ``payment_frames`` gives them, but each value of a CSV as the text that it is."""
    start = 0
    for frame in _frames(path, None)[1]:
        frame.index = pd.RangeIndex(start, start + len(frame))
        start += len(frame)
        yield frame.dropna(how="all")


def row_name(path: Path, position: int) -> str:
    """The row at ``position`` (an index of the frames) as a person finds it: its number, and in a text its line."""
    return f"{path}, {row_names([position], path)[0]}"


def row_names(positions: Sequence[int], path: Path) -> list[str]:
    """The names of several rows of one file, without the file's name."""
    try:
        lines = _lines(path, set(positions))
    except (OSError, ValueError, DataFileError, csv.Error):
        lines = {}
    return [f"row {one + 1}" + (f" (line {lines[one]})" if one in lines else "") for one in positions]


def _lines(path: Path, wanted: set[int]) -> dict[int, int]:
    """The lines of a text file on which rows end: blank lines and texts of several lines count as lines."""
    kind = detect_kind(path)
    if kind.name in ("parquet", "json") or path.suffix.lower() in (".zip", ".zst", ".tar"):
        return {}
    with open_unpacked(path) as raw:
        text = io.TextIOWrapper(raw, "utf-8-sig" if kind.encoding == "utf-8" else kind.encoding, newline="")
        if kind.name == "json lines":
            rows: Iterator[int] = _filled(text)
        else:
            reader = csv.reader(text, delimiter=_separator(path, kind.encoding))
            rows = (reader.line_num for row in reader if row and (len(row) > 1 or row[0].strip()))
            next(rows, None)  # the header
        last = max(wanted, default=-1)
        return {place: line for place, line in enumerate(islice(rows, last + 1)) if place in wanted}


def _filled(lines: Iterator[str] | io.TextIOWrapper) -> Iterator[int]:
    return (number for number, line in enumerate(lines, start=1) if line.strip())


def _frames(path: Path, texts: dict[str, str] | None) -> tuple[FileKind, Iterator[pd.DataFrame]]:
    """The kind, and the frames; ``texts`` are a CSV's columns that are no numbers, None: all of them."""
    with _told(path):
        kind = detect_kind(path)
    read: dict[str, Callable[[], Iterator[pd.DataFrame]]] = {
        "parquet": lambda: _parquet_frames(path),
        "json": lambda: _json_frames(path),
        "json lines": lambda: _json_lines_frames(path),
        "csv": lambda: _csv_frames(path, texts, kind.encoding),
    }
    return kind, _guarded(path, read[kind.name])


def _guarded(path: Path, read: Callable[[], Iterator[pd.DataFrame]]) -> Iterator[pd.DataFrame]:
    with _told(path):
        yield from read()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn any error in reading ``path`` into ours."""
    try:
        yield
    except Exception as error:
        if (ours := _our_error(path, error)) is None:
            raise
        raise ours from None


def _our_error(path: Path, error: Exception) -> DataFileError | None:
    if isinstance(error, FileNotFoundError):
        return DataFileError(f"{path} does not exist", "Check the path")
    if isinstance(error, pd.errors.EmptyDataError):
        return DataFileError(f"{path} is empty", _LEAST)
    if isinstance(error, _CUT_OFF):
        return DataFileError(f"{path} is cut off or damaged: it cannot be unpacked", "Copy it anew")
    if isinstance(error, UnicodeError):
        return unreadable_text(path, error)
    return _unreadable(path, error) if isinstance(error, OSError | ValueError) else None


def _unreadable(path: Path, error: Exception) -> DataFileError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    if ragged := _RAGGED.search(reason):
        expected, line, found = ragged.groups()
        return DataFileError(
            f"{path}, line {line} has {found} columns, and the header line {expected}",
            "Put text that holds the separator in double quotes",
        )
    return DataFileError(f"{path} cannot be read: {reason}", _CURE)


def _parquet_frames(path: Path) -> Iterator[pd.DataFrame]:
    import pyarrow.parquet as parquet

    with parquet.ParquetFile(path) as file:
        _refuse_twice(path, file.schema_arrow.names)
        for batch in file.iter_batches(ROWS_AT_ONCE):
            yield batch.to_pandas()


# --- JSON -------------------------------------------------------------------------------------------------------------
def _json_frames(path: Path) -> Iterator[pd.DataFrame]:
    """One document, in the forms that an answer of the payments API may have."""
    with open_unpacked(path) as file:
        body = file.read(MOST_JSON_BYTES + 1)
    if len(body) > MOST_JSON_BYTES:
        raise DataFileError(
            f"{path} is one JSON document of more than {MOST_JSON_BYTES:,} bytes",
            "Write it as JSON lines, one record a line, under a name that ends in .jsonl",
        )
    try:
        table = decode(body, bounded=False)
    except PayloadError as error:
        what = error.what.removeprefix("the answer ").removeprefix("is ")
        raise DataFileError(f"{path} cannot be read as JSON: {what}", "Give a list of records") from None
    yield _frame_of(path, table, 0)


def _json_lines_frames(path: Path) -> Iterator[pd.DataFrame]:
    start = 0
    with open_unpacked(path) as file:
        lines = (line for line in file if line.strip())
        while some := list(islice(lines, ROWS_AT_ONCE)):
            try:
                table = decode(b"[" + b",".join(some) + b"]", bounded=False)
            except PayloadError:
                raise _bad_line(path, start, some) from None
            yield _frame_of(path, table, start)
            start += len(some)


def _bad_line(path: Path, start: int, lines: Sequence[bytes]) -> DataFileError:
    bad = next((number for number, line in enumerate(lines) if not _is_record(line)), 0)
    return DataFileError(
        f"{row_name(path, start + bad)} is no JSON record", "Write one record a line: {...}, and nothing between them"
    )


def _is_record(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _frame_of(path: Path, table: AnyTable, start: int) -> pd.DataFrame:
    if isinstance(table, Table):
        return pd.DataFrame(list(table.rows), columns=list(table.columns), dtype=object)
    if table.odd:
        where = row_name(path, start + min(table.odd))
        raise DataFileError(f"{where} is no record", "Give a list of records, each with its fields")
    names = list(dict.fromkeys(chain.from_iterable(table.items)))
    if len(names) * len(table) > MOST_CELLS:
        raise DataFileError(
            f"{path}: its records have {len(names):,} different fields, too many for one table",
            "Give each record the same fields",
        )
    return pd.DataFrame([[item.get(name) for name in names] for item in table.items], columns=names, dtype=object)


# --- CSV --------------------------------------------------------------------------------------------------------------
def _csv_frames(path: Path, texts: dict[str, str] | None, encoding: str) -> Iterator[pd.DataFrame]:
    separator = _separator(path, encoding)
    _refuse_twice(path, _header(path, separator, encoding))
    options = {
        "sep": separator,
        "decimal": "," if separator == ";" else ".",
        "chunksize": ROWS_AT_ONCE,
        "keep_default_na": False,
        "na_values": _MISSING,
        "dtype": "str" if texts is None else texts,
        "encoding": encoding,
    }
    with pd.read_csv(path, **options) as reader:  # type: ignore[call-overload]
        for frame in reader:
            if len(frame) and not isinstance(frame.index, pd.RangeIndex):  # pandas would shift the names
                raise DataFileError(f"{path}: its rows have more columns than its header line", "Name every column")
            yield frame


def _plain_amounts(path: Path, frame: pd.DataFrame, amounts: FileAmountFormat, fields: FieldMap) -> pd.DataFrame:
    mapped = {theirs for theirs, ours in fields.pairs if ours in _AMOUNTS}
    named = next((theirs for theirs, ours in fields.pairs if ours == "currency" and theirs in frame), "currency")
    currencies = frame.get(named)
    index = frame.index
    for name in sorted(name for name in mapped | set(_AMOUNTS) if name in frame):
        plain = amounts.plain(frame[name], name, currencies, lambda position: row_name(path, int(index[position])))
        frame = frame.assign(**{name: plain})
    return frame


def _separator(path: Path, encoding: str) -> str:
    """The sign between the header line's names; a comma unless the line holds none."""
    names = _header(path, ",", encoding)
    return next((sign for sign in ";\t|" if len(names) == 1 and sign in names[0]), ",")


def _header(path: Path, separator: str, encoding: str) -> list[str]:
    line = pd.read_csv(path, sep=separator, header=None, nrows=1, dtype="str", keep_default_na=False, encoding=encoding)
    return [str(name).removeprefix("\ufeff") for name in line.iloc[0]]


def _refuse_twice(path: Path, names: Sequence[str]) -> None:
    if twice := [name for name, count in Counter(names).items() if name and count > 1]:
        raise DataFileError(f"{path} has the column {' and '.join(twice)} twice", "Keep one of them, or rename one")
