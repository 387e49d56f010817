"""Files of past payments, CSV or Parquet, in frames of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from fraud_scorer.errors import DataFileError
from fraud_scorer.payments.fields import FieldMap

_ROWS_AT_ONCE = 100_000
_ALWAYS_TEXT = ("trans_num", "cc_num", "zip", "merchant", "category", "dob", "trans_date_trans_time")
_MISSING = ["", "NULL", "null", "NaN", "nan"]


def payment_frames(path: Path, fields: FieldMap) -> Iterator[pd.DataFrame]:
    """The file's rows in order, under the file's own names; ids and card numbers are never taken for floats.

    Raises:
        DataFileError: missing, empty, or neither CSV nor Parquet; names the file and the cure.
    """
    try:
        yield from (_parquet_frames(path) if path.suffix.lower() in (".parquet", ".pq") else _csv_frames(path, fields))
    except FileNotFoundError:
        raise DataFileError(f"{path} does not exist", "Check the path") from None
    except pd.errors.EmptyDataError:
        raise DataFileError(f"{path} is empty", "Give a file with a header line and at least one row") from None
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataFileError(
            f"{path} cannot be read: {reason}", "Give CSV (UTF-8, with a header line) or Parquet"
        ) from None


def _parquet_frames(path: Path) -> Iterator[pd.DataFrame]:
    import pyarrow.parquet as parquet

    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS_AT_ONCE):
            yield batch.to_pandas()


def _csv_frames(path: Path, fields: FieldMap) -> Iterator[pd.DataFrame]:
    theirs = {ours: name for name, ours in fields.theirs_to_ours.items()}
    texts = dict.fromkeys([*_ALWAYS_TEXT, *(theirs[name] for name in _ALWAYS_TEXT if name in theirs)], "str")
    options = {"chunksize": _ROWS_AT_ONCE, "keep_default_na": False, "na_values": _MISSING, "dtype": texts}
    with pd.read_csv(path, **options) as reader:  # type: ignore[call-overload]
        yield from reader
