"""Files of past payments, CSV or Parquet, in frames of bounded size."""

from __future__ import annotations

import lzma
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from fraud_scorer.errors import DataFileError
from fraud_scorer.payments.fields import FieldMap

ROWS_AT_ONCE = 100_000
_ALWAYS_TEXT = ("trans_num", "cc_num", "zip", "merchant", "category", "dob", "trans_date_trans_time")
_MISSING = ["", "NULL", "null", "NaN", "nan"]
_CUT_OFF = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
_RAGGED = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")
_CURE = "Give CSV (UTF-8, with a header line) or Parquet"


def is_parquet(path: Path) -> bool:
    """Whether the name says Parquet; any other is CSV."""
    return path.suffix.lower() in (".parquet", ".pq")


def payment_frames(path: Path, fields: FieldMap) -> Iterator[pd.DataFrame]:
    """The file's rows in order, under the file's own names; ids and card numbers are never taken for floats.

    A CSV's columns are separated by commas, or as its header line separates them: by semicolons (then a comma may be
    the decimal sign), tabs or bars. Compression goes by the name's end.

    Raises:
        DataFileError: missing, empty, cut off, ragged, a column twice, or neither CSV nor Parquet; names the file and
            the cure.
    """
    try:
        yield from (_parquet_frames(path) if is_parquet(path) else _csv_frames(path, fields))
    except FileNotFoundError:
        raise DataFileError(f"{path} does not exist", "Check the path") from None
    except pd.errors.EmptyDataError:
        raise DataFileError(f"{path} is empty", "Give a file with a header line and at least one row") from None
    except _CUT_OFF:
        raise DataFileError(f"{path} is cut off or damaged: it cannot be unpacked", "Copy it anew") from None
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None


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


def _csv_frames(path: Path, fields: FieldMap) -> Iterator[pd.DataFrame]:
    theirs = {ours: name for name, ours in fields.theirs_to_ours.items()}
    texts = dict.fromkeys([*_ALWAYS_TEXT, *(theirs[name] for name in _ALWAYS_TEXT if name in theirs)], "str")
    options = {"chunksize": ROWS_AT_ONCE, "keep_default_na": False, "na_values": _MISSING, "dtype": texts}
    separator = _separator(path)
    _refuse_twice(path, _header(path, separator))
    decimal = "," if separator == ";" else "."
    with pd.read_csv(path, sep=separator, decimal=decimal, **options) as reader:  # type: ignore[call-overload]
        for frame in reader:
            if len(frame) and not isinstance(frame.index, pd.RangeIndex):  # pandas would shift the names
                raise DataFileError(f"{path}: its rows have more columns than its header line", "Name every column")
            yield frame


def _separator(path: Path) -> str:
    """What the header line separates its names by; a comma unless it holds none."""
    names = _header(path, ",")
    return next((sign for sign in ";\t|" if len(names) == 1 and sign in names[0]), ",")


def _header(path: Path, separator: str) -> list[str]:
    line = pd.read_csv(path, sep=separator, header=None, nrows=1, dtype="str", keep_default_na=False)
    return [str(name) for name in line.iloc[0]]


def _refuse_twice(path: Path, names: Sequence[str]) -> None:
    if twice := [name for name, count in Counter(names).items() if name and count > 1]:
        raise DataFileError(f"{path} has the column {' and '.join(twice)} twice", "Keep one of them, or rename one")
