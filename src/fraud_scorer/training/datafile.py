"""Files of past payments: CSV or Parquet, the public columns or another team's through a field map.

The rows are judged by the very rules that judge the payments API's answers, but strictly: a file with a bad row is
refused as a whole, with the row and the cure, because a model trained on half a file looks like a good one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from fraud_scorer.errors import DataFileError
from fraud_scorer.payments.fields import OURS, FieldMap
from fraud_scorer.payments.tables import table_of_frame
from fraud_scorer.payments.validate import Rules, validate

_ROWS_AT_ONCE = 100_000
_ALWAYS_TEXT = ("trans_num", "cc_num", "zip", "merchant", "category", "dob", "trans_date_trans_time")
_TIMES = ("current_time", "trans_date_trans_time", "unix_time")
_AMOUNTS = ("amt", "amt_minor")
_SHORTEST_CARD = 8
_MISSING = ["", "NULL", "null", "NaN", "nan"]
_END_OF_TIME = datetime(2200, 1, 1, tzinfo=UTC)  # a file may describe any past, and simulated futures
_DAYS_PER_YEAR = 365.2425
_MICROS_PER_DAY = 86_400_000_000
_MAP_CURE = "Map it with --fields (one line a field, their name: ours)"


@dataclass(frozen=True)
class PaymentsFile:
    """Past payments, in order of event time and ``trans_num``.

    ``payments``: what ``compute_features`` reads, with ``landing_seq`` counting up in this order (a file tells no
    landing), ``card_token`` (the card's text: a key in memory, never written), and ``payload_is_fraud`` (boolean,
    nullable unless a label was required).
    """

    payments: pd.DataFrame
    sha256: str
    names: tuple[str, ...]
    file_number: np.ndarray  # which of the files each row comes from, counted from 0


def read_payments(
    paths: Sequence[Path], fields: FieldMap, *, time_zone: str, currency: str, label_required: bool
) -> PaymentsFile:
    """All rows of all files together.

    Raises:
        DataFileError: unreadable, a required column missing, a bad or unlabelled row, an id twice, or no row at all;
            names the file, the column or the row (counted from 1), and the cure.
    """
    frames = []
    for path in paths:
        frame = _read_one(path, fields, Rules(time_zone, currency))
        if label_required:
            _refuse_unlabelled(path, frame)
        frames.append(frame)
    payments = pd.concat(frames, ignore_index=True)
    _refuse_duplicates(paths, frames, payments)
    if not len(payments):
        raise DataFileError(f"{_listed(paths)} holds no payment", "Give a file with at least one row")
    number = np.repeat(np.arange(len(frames)), [len(frame) for frame in frames])
    payments = payments.assign(file_number=number).sort_values(["event_time", "trans_num"], ignore_index=True)
    payments["landing_seq"] = np.arange(len(payments), dtype=np.int64)
    number = payments.pop("file_number").to_numpy()
    return PaymentsFile(payments, _sha256(paths), tuple(path.name for path in paths), number)


def _read_one(path: Path, fields: FieldMap, rules: Rules) -> pd.DataFrame:
    parts = []
    start = 0
    for frame in _chunks(path, fields):
        columns = fields.apply(table_of_frame(frame))
        if not start:
            _refuse_missing_columns(path, columns, list(frame.columns))
        if "cc_num" in columns:
            columns["cc_num"] = [_long_enough(card) for card in columns["cc_num"]]
        judged = validate(columns, len(frame), rules=rules, received_at=_END_OF_TIME)
        if judged.rejects:
            first = judged.rejects[0]
            row = start + first.row_index + 1
            line = f" (line {row + 1})" if path.suffix.lower() != ".parquet" else ""
            raise DataFileError(
                f"{path}, row {row}{line}: {first.detail}", "Mend or remove the row, or map the right column"
            )
        parts.append(_as_payments(judged.payments))
        start += len(frame)
    if not parts:
        raise DataFileError(f"{path} holds no payment", "Give a file with at least one row")
    return pd.concat(parts, ignore_index=True)


def _long_enough(card: object) -> object:
    """A card named by a short reference (a customer's number, say) as one of the length that payments need."""
    text = str(int(card)) if isinstance(card, float) and card.is_integer() else str(card)
    return f"card-{text:0>8}" if card is not None and 0 < len(text) < _SHORTEST_CARD and text.isalnum() else card


def _as_payments(judged: pd.DataFrame) -> pd.DataFrame:
    frame = judged.drop(columns=["row_index", "birth_day"]).rename(columns={"card": "card_token"})
    frame["card_token"] = frame["card_token"].astype("str")
    days = frame["event_time"].astype("int64").to_numpy() / _MICROS_PER_DAY
    frame["age_years"] = (days - judged["birth_day"].to_numpy()) / _DAYS_PER_YEAR
    return frame


def _chunks(path: Path, fields: FieldMap) -> Iterator[pd.DataFrame]:
    """The file in frames of bounded size, ids and card numbers never taken for floats."""
    try:
        yield from (_parquet_chunks(path) if path.suffix.lower() in (".parquet", ".pq") else _csv_chunks(path, fields))
    except FileNotFoundError:
        raise DataFileError(f"{path} does not exist", "Check the path") from None
    except pd.errors.EmptyDataError:
        raise DataFileError(f"{path} is empty", "Give a file with a header line and at least one row") from None
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataFileError(
            f"{path} cannot be read: {reason}", "Give CSV (UTF-8, with a header line) or Parquet"
        ) from None


def _parquet_chunks(path: Path) -> Iterator[pd.DataFrame]:
    import pyarrow.parquet as parquet

    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS_AT_ONCE):
            yield batch.to_pandas()


def _csv_chunks(path: Path, fields: FieldMap) -> Iterator[pd.DataFrame]:
    theirs = {ours: name for name, ours in fields.theirs_to_ours.items()}
    texts = dict.fromkeys([*_ALWAYS_TEXT, *(theirs[name] for name in _ALWAYS_TEXT if name in theirs)], "str")
    options = {"chunksize": _ROWS_AT_ONCE, "keep_default_na": False, "na_values": _MISSING, "dtype": texts}
    with pd.read_csv(path, **options) as reader:  # type: ignore[call-overload]
        yield from reader


def _refuse_missing_columns(path: Path, found: Mapping[str, object], theirs: list[str]) -> None:
    missing = [name for name in ("trans_num", "cc_num", "merchant") if name not in found]
    missing += [" or ".join(names) for names in (_TIMES, _AMOUNTS) if not any(name in found for name in names)]
    if missing:
        what = "; ".join(f"{name} ({OURS[name]})" if name in OURS else name for name in missing)
        raise DataFileError(f"{path} lacks the column {what}. It has {', '.join(theirs[:30])}", _MAP_CURE)


def _refuse_unlabelled(path: Path, frame: pd.DataFrame) -> None:
    unlabelled = frame["payload_is_fraud"].isna()
    if unlabelled.all():
        raise DataFileError(f"{path} lacks the column is_fraud (the label: 0 or 1)", _MAP_CURE)
    if unlabelled.any():
        row = int(np.flatnonzero(unlabelled)[0]) + 1
        raise DataFileError(f"{path}, row {row}: is_fraud is missing", "Label the row or leave it out")


def _refuse_duplicates(paths: Sequence[Path], frames: Sequence[pd.DataFrame], payments: pd.DataFrame) -> None:
    again = payments["trans_num"].duplicated()
    if not again.any():
        return
    place = int(np.flatnonzero(again)[0])
    first = int(np.flatnonzero(payments["trans_num"] == payments["trans_num"].iloc[place])[0])
    where = [_place(paths, frames, position) for position in (first, place)]
    raise DataFileError(
        f"{where[1]}: trans_num {payments['trans_num'].iloc[place]} stands already in {where[0]}",
        "Keep one row a payment",
    )


def _place(paths: Sequence[Path], frames: Sequence[pd.DataFrame], position: int) -> str:
    for path, frame in zip(paths, frames, strict=True):
        if position < len(frame):
            return f"{path}, row {position + 1}"
        position -= len(frame)
    raise IndexError(position)


def _listed(paths: Sequence[Path]) -> str:
    return ", ".join(str(path) for path in paths)


def _sha256(paths: Sequence[Path]) -> str:
    """Of the file's bytes; of several files' hashes in their order."""
    digests = []
    for path in paths:
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
