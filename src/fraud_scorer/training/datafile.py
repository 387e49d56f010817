"""Files of past payments: CSV or Parquet, the public columns or another team's through a field map.

The rows are judged by the very rules that judge the payments API's answers, but strictly: a file with a bad row is
refused as a whole, with the row and the cure, because a model trained on half a file looks like a good one.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from fraud_scorer.errors import DataFileError, SettingsError
from fraud_scorer.payments.fields import OURS, FieldMap
from fraud_scorer.payments.files import ROWS_AT_ONCE, is_parquet, payment_frames
from fraud_scorer.payments.rows import Reject
from fraud_scorer.payments.tables import table_of_frame
from fraud_scorer.payments.validate import Rules, validate

Warn = Callable[[str], None]

_TIMES = ("current_time", "trans_date_trans_time", "unix_time")
_AMOUNTS = ("amt", "amt_minor")
_SEVERAL = {"event_time": _TIMES, "amt": _AMOUNTS}  # what any of several columns may say
_SHORTEST_CARD = 8
_END_OF_TIME = datetime(2200, 1, 1, tzinfo=UTC)  # a file may describe any past, and simulated futures
_DAYS_PER_YEAR = 365.2425
_MICROS_PER_DAY = 86_400_000_000
_MAP_CURE = "Map it with --fields (one line a field, their name: ours)"
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

    ``payments``: what ``compute_features`` reads, with ``landing_seq`` counting up in this order (a file tells no
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
    warn: Warn = lambda _: None,
) -> PaymentsFile:
    """All rows of all files together; ``warn`` is told, a sentence each, which mapped columns a file has not.

    Raises:
        DataFileError: unreadable, a required column missing, a bad or unlabelled row, an id twice, or no row at all;
            names the file, the column or the row (counted from 1), and the cure.
        SettingsError: no such time zone, or no currency code.
    """
    rules = _rules(time_zone, currency)
    frames = []
    for path in paths:
        frame = _read_one(path, fields, rules, label_required, warn)
        if label_required:
            _refuse_unlabelled(path, frame)
        frames.append(frame)
    payments = pd.concat(frames, ignore_index=True)
    _refuse_duplicates(paths, frames, payments)
    number = np.repeat(np.arange(len(frames)), [len(frame) for frame in frames])
    payments = payments.assign(file_number=number).sort_values(["event_time", "trans_num"], ignore_index=True)
    payments["landing_seq"] = np.arange(len(payments), dtype=np.int64)
    number = payments.pop("file_number").to_numpy()
    return PaymentsFile(payments, _sha256(paths), tuple(path.name for path in paths), number)


def _rules(time_zone: str, currency: str) -> Rules:
    try:
        ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        raise SettingsError(f"{time_zone!r} is no time zone", "Write it as Europe/Berlin or UTC") from None
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise SettingsError(f"{currency!r} is no currency", "Write its three letters (ISO 4217), as EUR")
    return Rules(time_zone, currency.upper())


def _read_one(path: Path, fields: FieldMap, rules: Rules, label_required: bool, warn: Warn) -> pd.DataFrame:
    parts: list[pd.DataFrame] = []
    start = 0
    for frame in payment_frames(path, fields):
        if frame.empty:  # a header line alone
            continue
        table = table_of_frame(frame)
        columns = fields.apply(table)
        if not start:
            unseen = fields.unseen(table)
            names = {ours: their for their, ours in fields.theirs_to_ours.items() if their not in unseen}
            _refuse_missing_columns(path, columns, unseen, table.columns, label_required)
            _tell_unseen(path, columns, unseen, table.columns, warn)
        if "cc_num" in columns:
            columns["cc_num"] = [_long_enough(card) for card in columns["cc_num"]]
        judged = validate(columns, len(frame), rules=rules, received_at=_END_OF_TIME)
        if judged.rejects:
            raise _bad_row(path, start, judged.rejects, columns, names)
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


def _refuse_missing_columns(
    path: Path, found: Mapping[str, object], unseen: Mapping[str, str], theirs: Sequence[str], label_required: bool
) -> None:
    """A required field that is nowhere, or that the map takes from a column that is not there."""
    single = ["trans_num", "cc_num", "merchant", *(["is_fraud"] if label_required else [])]
    missing = [name for name in single if name not in found]
    missing += [" or ".join(names) for names in (_TIMES, _AMOUNTS) if not any(name in found for name in names)]
    for their, ours in unseen.items():
        is_needed = ours in single or any(ours in one.split(" or ") for one in missing)
        if is_needed or (ours in _TIMES + _AMOUNTS and ours in found):
            raise DataFileError(
                f"{path} lacks the column {their}, which the field map calls {ours}. It has {', '.join(theirs[:30])}",
                "Correct the name in the field map",
            )
    if missing:
        what = "; ".join(f"{name} ({OURS[name]})" if name in OURS else name for name in missing)
        raise DataFileError(f"{path} lacks the column {what}. It has {', '.join(theirs[:30])}", _MAP_CURE)


def _tell_unseen(
    path: Path, found: Mapping[str, object], unseen: Mapping[str, str], theirs: Sequence[str], warn: Warn
) -> None:
    for their, ours in unseen.items():
        if ours == "is_fraud":  # what is to be scored has no labels yet
            continue
        near = difflib.get_close_matches(their, theirs, n=1)
        instead = f"the file's own {ours} is read" if ours in found else f"{ours} is missing in every payment"
        hint = f"; did you mean {near[0]}?" if near else "."
        warn(f"{path} lacks the column {their}, which the field map calls {ours}: {instead}{hint}")


def _bad_row(
    path: Path, start: int, rejects: Sequence[Reject], columns: Mapping[str, Sequence[object]], names: Mapping[str, str]
) -> DataFileError:
    """The first bad row, its column under the file's own name, and whether it stands alone."""
    first = rejects[0]
    field, _, sentence = first.detail.partition(" ")
    given = [name for name in _SEVERAL.get(field, (field,)) if name in columns]
    field = next((name for name in given if columns[name][first.row_index] not in (None, "")), given[0])
    column = f"{names[field]} ({field})" if field in names else field
    sentence = _IN_FUTURE if first.reason == "event_time_in_future" else sentence
    where = _row(path, start + first.row_index) + _alike(rejects, start, len(columns[field]))
    return DataFileError(f"{where}: {column} {sentence}", _CURES.get(first.reason, _ROW_CURE))


def _alike(rejects: Sequence[Reject], start: int, count: int) -> str:
    """How many of the ``count`` rows read at once have the first one's fault."""
    more = sum(one.reason == rejects[0].reason for one in rejects) - 1
    if more + 1 == count > 1 and not start:
        return " and every other row" if count < ROWS_AT_ONCE else f" and all of the first {count:,} rows"
    return f" and {more:,} more" if more else ""


def _row(path: Path, position: int) -> str:
    """The row at ``position`` (from 0) of the file, as a person counts."""
    return f"{path}, row {position + 1}" + ("" if is_parquet(path) else f" (line {position + 2})")


def _refuse_unlabelled(path: Path, frame: pd.DataFrame) -> None:
    unlabelled = frame["payload_is_fraud"].isna()
    if unlabelled.any():
        row = _row(path, int(np.flatnonzero(unlabelled)[0]))
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
            return _row(path, position)
        position -= len(frame)
    raise IndexError(position)


def _sha256(paths: Sequence[Path]) -> str:
    """Of the file's bytes; of several files' hashes in their order."""
    digests = []
    for path in paths:
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
