"""Files of past payments: CSV or Parquet, the public columns or another team's through a field map.

The rows are judged by the very rules that judge the payments API's answers, but strictly: a file with a bad row is
refused as a whole, with the row and the cure, because a model trained on half a file looks like a good one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from fraud_common.errors import DataFileError, SettingsError
from fraud_common.time_zones import zone_named
from fraud_scorer.ingest.columns import Reject
from fraud_scorer.ingest.data_file_columns import AMOUNTS, TIMES, Warn, refuse_missing_columns, warn_unseen_columns
from fraud_scorer.ingest.data_files import ROWS_AT_ONCE, payment_frames, row_name
from fraud_scorer.ingest.field_map import FieldMap
from fraud_scorer.ingest.skipped_records import warn_skipped
from fraud_scorer.ingest.tables import table_of_frame
from fraud_scorer.ingest.validate import ValidationRules, validate

_SEVERAL = {"event_time": TIMES, "amt": AMOUNTS}  # fields that any of several columns may give
_END_OF_TIME = datetime(2200, 1, 1, tzinfo=UTC)  # a file may describe any past, and simulated futures
_DAYS_PER_YEAR = 365.2425
_MICROS_PER_DAY = 86_400_000_000
_ROW_CURE = "Mend or remove the row, or map the right column"
_CURES = {
    "event_time_not_a_time": "Write it as 2020-12-20T10:31",
    "dob_not_a_date": "Write it as 1980-12-31",
    "amount_not_a_number": "Write it as 1234.50",
    "is_fraud_not_true_or_false": "Write 1 or 0",
}
_IN_FUTURE = "lies after the year 2199; is its unit right?"


@dataclass(frozen=True)
class PaymentsFile:
    """Past payments, in order of event time and ``trans_num``.

    ``payments``: input of ``compute_features``, with ``landing_seq`` counting up in this order (a file tells no
    landing), ``card_token`` (the card's text: a key in memory, never written), and ``payload_is_fraud`` (boolean,
    nullable unless a label was required).
    """

    payments: pd.DataFrame
    sha256: str
    names: tuple[str, ...]
    file_number: np.ndarray  # which of the files each row comes from, counted from 0


def read_payments(
    paths: Sequence[Path],
    fields: FieldMap,
    *,
    time_zone: str,
    currency: str,
    label_required: bool,
    decimal: str | None = None,
    warn: Warn = lambda _: None,
) -> PaymentsFile:
    """All rows of all files together; ``warn`` is told, a sentence each, which mapped columns a file lacks.

    It is also told how many records are no purchases. A purchase that was refunded or disputed later is one.
    ``decimal`` says how a CSV writes its amounts (``point`` or ``comma``) where they do not show it.

    Raises:
        DataFileError: unreadable, a required column missing, a bad or unlabelled row, an id twice, or no row at all;
            names the file, the column or the row (counted from 1), and the cure.
        SettingsError: no such time zone, or no currency code.
    """
    rules = _rules(fields, time_zone, currency)
    frames = []
    for path in paths:
        frame = _read_one(path, fields, rules, label_required, decimal, warn)
        if label_required:
            _refuse_unlabelled(path, frame)
        frames.append(frame)
    payments = pd.concat(frames, ignore_index=True)
    _refuse_duplicates(paths, frames, payments)
    warn_skipped(payments["kind"], warn, frauds=payments["payload_is_fraud"])
    number = np.repeat(np.arange(len(frames)), [len(frame) for frame in frames])
    payments = payments.assign(file_number=number).sort_values(["event_time", "trans_num"], ignore_index=True)
    payments["landing_seq"] = np.arange(len(payments), dtype=np.int64)
    number = payments.pop("file_number").to_numpy()
    return PaymentsFile(payments, _sha256(paths), tuple(path.name for path in paths), number)


def _rules(fields: FieldMap, time_zone: str, currency: str) -> ValidationRules:
    try:
        zone_named(time_zone)
    except ValueError:
        raise SettingsError(f"{time_zone!r} is no time zone", "Write it as Europe/Berlin or UTC") from None
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise SettingsError(f"{currency!r} is no currency", "Write its three letters (ISO 4217), as EUR")
    return replace(fields.rules(time_zone=time_zone, currency=currency.upper()), one_record=True)


def _read_one(
    path: Path, fields: FieldMap, rules: ValidationRules, label_required: bool, decimal: str | None, warn: Warn
) -> pd.DataFrame:
    """The file's payments; the index is each one's place in it."""
    parts: list[pd.DataFrame] = []
    for frame in payment_frames(path, fields, decimal=decimal, currency=rules.currency):
        if frame.empty:  # a header line alone
            continue
        table = table_of_frame(frame)
        columns = fields.apply(table)
        if not parts:
            unseen = fields.unseen(table)
            names = {ours: their for their, ours in fields.pairs if their not in unseen}
            refuse_missing_columns(path, columns, unseen, table.columns, label_required=label_required)
            warn_unseen_columns(path, columns, unseen, table.columns, warn)
        judged = validate(columns, len(frame), rules=rules, received_at=_END_OF_TIME)
        if bad := sorted([*judged.rejects, *judged.dropped], key=lambda one: one.row_index):
            raise _bad_row(path, frame.index, bad, columns, names)
        parts.append(_as_payments(judged.payments).set_axis(frame.index))
    if not parts:
        raise DataFileError(f"{path} holds no payment", "Give a file with at least one row")
    return pd.concat(parts)


def _as_payments(judged: pd.DataFrame) -> pd.DataFrame:
    frame = judged.drop(columns=["row_index", "birth_day"]).rename(columns={"card": "card_token"})
    frame["card_token"] = frame["card_token"].astype("str")
    days = frame["event_time"].astype("int64").to_numpy() / _MICROS_PER_DAY
    frame["age_years"] = (days - judged["birth_day"].to_numpy()) / _DAYS_PER_YEAR
    return frame


def _bad_row(
    path: Path,
    places: pd.Index,
    rejects: Sequence[Reject],
    columns: Mapping[str, Sequence[object]],
    names: Mapping[str, str],
) -> DataFileError:
    """The first bad row, its column under the file's own name, and whether it stands alone."""
    first = rejects[0]
    field, _, sentence = first.detail.partition(" ")
    given = [name for name in _SEVERAL.get(field, (field,)) if name in columns]
    field = next((name for name in given if columns[name][first.row_index] not in (None, "")), given[0])
    column = f"{names[field]} ({field})" if field in names else field
    sentence = _IN_FUTURE if first.reason == "event_time_in_future" else sentence
    where = row_name(path, int(places[first.row_index])) + _alike(rejects, int(places[0]), len(columns[field]))
    if first.reason in _CURES:  # it shows the form
        sentence = sentence.partition(" as ")[0].rstrip(",")
    return DataFileError(f"{where}: {column} {sentence}", _CURES.get(first.reason, _ROW_CURE))


def _alike(rejects: Sequence[Reject], start: int, count: int) -> str:
    """The number of rows, of the ``count`` read at once, that have the first bad row's fault; as words."""
    more = sum(one.reason == rejects[0].reason for one in rejects) - 1
    if more + 1 == count > 1 and not start:
        return " and every other row" if count < ROWS_AT_ONCE else f" and all of the first {count:,} rows"
    return f" and {more:,} more" if more else ""


def _refuse_unlabelled(path: Path, frame: pd.DataFrame) -> None:
    unlabelled = frame["payload_is_fraud"].isna()
    if unlabelled.any():
        row = row_name(path, int(frame.index[np.flatnonzero(unlabelled)[0]]))
        raise DataFileError(f"{row}: is_fraud is missing", "Label the row or leave it out")


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
            return row_name(path, int(frame.index[position]))
        position -= len(frame)
    raise IndexError(position)


def _sha256(paths: Sequence[Path]) -> str:
    """The sha256 of the file's bytes; of several files, of their hashes in order."""
    digests = []
    for path in paths:
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
