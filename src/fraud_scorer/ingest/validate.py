"""From raw columns to payments and rejects: every row becomes one or the other, and none raises.

An unusable required value (id, time, amount, currency, card, merchant) rejects its row; an unusable optional value is
dropped and counted, and the payment goes on without it.

Shapes are checked in one pydantic pass (``rows``), contents by whole columns here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import eq
from typing import Any

import numpy as np
import pandas as pd

from fraud_scorer.ingest.amounts import AmountNotation
from fraud_scorer.ingest.card_references import card_numbers, last_four
from fraud_scorer.ingest.columns import OPTIONAL, Checked, Reject, check_columns, reject
from fraud_scorer.ingest.event_times import (
    ACCEPTED,
    EARLIEST,
    FUTURE_ALLOWED,
    MISSING,
    TIME_FIELDS,
    UNREADABLE,
    event_micros,
    micros_of,
    other_unit,
)
from fraud_scorer.ingest.event_words import KindVocabulary, resolve_kinds, unknown_words
from fraud_scorer.ingest.text_checks import NumericIds, card_numbers_in_texts

_TEXTS = ("trans_num", "merchant", "category", "city", "state", "zip", "gender", "type", "status")
_NOT_CARRIED = ("trans_num", "type", "status")
_COORDINATES = {"home_lat": "lat", "home_long": "long", "merch_lat": "merch_lat", "merch_long": "merch_long"}
_OLDEST_DAYS = 130 * 365.2425
_DAY_MICROS = 86_400_000_000


@dataclass(frozen=True)
class ValidationRules:
    """Settings for values that payments do not give themselves, and for reading amounts, kinds and ids."""

    time_zone: str = "UTC"  # of naive event times
    currency: str = "USD"
    amounts: AmountNotation = field(default_factory=AmountNotation)
    kinds: KindVocabulary = field(default_factory=KindVocabulary)
    ids: NumericIds = field(default_factory=NumericIds)
    one_record: bool = False  # a file of one record a payment: see ``resolve_kinds``


@dataclass(frozen=True)
class Validated:
    """The rows of one table, judged.

    ``payments``: one row a valid payment, in the table's order: row_index (int64), trans_num, event_time
    (datetime64[us, UTC]), kind (one of ``frames.KINDS``), amount_cents (int64), currency, card (the number itself:
    never leaves ``transform``), card_last4 (of the number, or as the API says; "" where neither tells), merchant,
    category, city, state, zip, gender, the four coordinates, city_pop (Int64), birth_day (float64, days since 1970,
    NaN if unknown), payload_is_fraud (boolean). Names, street and job are not carried.

    ``dropped``: the unusable optional values of these payments, one entry a value. ``unknown_kinds``: the types and
    statuses that say nothing to us, the most frequent first: of such a record the sign of its amount tells the kind.
    """

    payments: pd.DataFrame
    rejects: list[Reject]
    dropped: list[Reject] = field(default_factory=list)
    unknown_kinds: list[str] = field(default_factory=list)


def validate(
    columns: Mapping[str, Sequence[object]], count: int, *, rules: ValidationRules, received_at: datetime
) -> Validated:
    """Judge ``count`` rows, given as columns under our names (``fields.OURS``).

    Args:
        columns: JSON values; a column that is missing is missing in every row.
        count: the number of rows.
        rules: zone of naive times, currency of amounts that name none.
        received_at: when the answer came (aware): an event more than 5 minutes later is no event yet.
    """
    well_formed = check_columns(columns, count)
    checked, row_indexes = well_formed.columns, well_formed.kept
    judged = _Judged(well_formed, card_numbers_in_texts(columns, rules.ids))
    texts = _texts(judged)
    times = _times(judged, rules.time_zone, received_at)
    cards, faults = card_numbers(checked["cc_num"])
    judged.add("cc_num", faults)
    currencies = [value.upper() if value else rules.currency for value in checked["currency"]]
    kind, cents = resolve_kinds(
        texts["type"], texts["status"], _cents(judged, currencies, rules.amounts), rules.kinds,
        one_record=rules.one_record,
    )  # fmt: skip
    birth_days = _birth_days(judged, times)
    frame = pd.DataFrame({
        "row_index": np.array(row_indexes, np.int64),
        "trans_num": pd.array(texts["trans_num"], dtype="str"),
        "event_time": pd.DatetimeIndex(np.maximum(times, 0).view("datetime64[us]"), tz="UTC"),
        "kind": pd.array(kind, dtype="str"),
        "amount_cents": cents,
        "currency": pd.array(currencies, dtype="str"),
        "card": pd.Series(cards, dtype=object),
        "card_last4": _last_fours(cards, checked["card_last4"], texts["trans_num"]),
        **{name: pd.array(texts[name], dtype="str") for name in _TEXTS if name not in _NOT_CARRIED},
        **{ours: np.array(checked[name], np.float64) for ours, name in _COORDINATES.items()},
        "city_pop": pd.array(checked["city_pop"], dtype="Int64"),
        "birth_day": birth_days,
        "payload_is_fraud": pd.array(checked["is_fraud"], dtype="boolean"),
    })  # fmt: skip
    by_row = judged.rejects | {one.row_index: one for one in well_formed.rejects}
    rejects = sorted(by_row.values(), key=lambda one: one.row_index)
    if judged.rejects:
        frame = frame[~frame["row_index"].isin(list(judged.rejects))].reset_index(drop=True)
    refused = {one.row_index for one in rejects}
    dropped = [one for one in [*well_formed.dropped, *judged.dropped] if one.row_index not in refused]
    return Validated(frame, rejects, dropped, unknown_words([*texts["type"], *texts["status"]], rules.kinds))


class _Judged:
    """Well-formed columns and the faults in their contents: of a required field, the first fault counts."""

    def __init__(self, well_formed: Checked, rejects: dict[int, Reject]) -> None:
        self.columns = well_formed.columns
        self.rejects = rejects
        self.dropped: list[Reject] = []
        self._row_indexes = well_formed.kept

    def add(self, field: str, faults: Mapping[int, tuple[str, str]]) -> None:
        """``faults``: position in the columns to (code, sentence)."""
        for position, (kind, sentence) in faults.items():
            row = self._row_indexes[position]
            fault = reject(row, field, kind, sentence)
            if field in OPTIONAL:
                self.dropped.append(fault)
            else:
                self.rejects.setdefault(row, fault)

    def add_where(self, field: str, wrong: np.ndarray, kind: str, sentence: str) -> None:
        self.add(field, dict.fromkeys(np.flatnonzero(wrong).tolist(), (kind, sentence)))


def _texts(judged: _Judged) -> dict[str, list[Any]]:
    """The text columns, integers as their digits (a zip's padded to five: its zeros were lost when it became one)."""
    result = {}
    for name in _TEXTS:
        result[name] = values = judged.columns[name]
        if values.count(None) == len(values):
            continue
        if int in set(map(type, values)):
            width = 5 if name == "zip" else 0
            text_of = {value: str(value).zfill(width) if isinstance(value, int) else value for value in set(values)}
            values = [text_of[value] for value in values]
        if "\0" in "".join(filter(None, values)):
            nul = ("nul_character", "holds a NUL character, which no database stores")
            faults = {row: nul for row, value in enumerate(values) if value and "\0" in value}
            judged.add(name, faults)
            values = [None if row in faults else value for row, value in enumerate(values)]
        result[name] = values
    return result


def _last_fours(cards: Sequence[str], told: Sequence[str | int | None], ids: Sequence[str | None]) -> Any:
    """The last four of a card number; else the API's. A payment whose id is its card has none."""
    four_of = {card: last_four(card) for card in set(cards)}
    own = [four_of[card] for card in cards]
    if any(map(eq, cards, ids)):
        own = ["" if card == trans_num else four for card, trans_num, four in zip(cards, ids, own, strict=True)]
    if told.count(None) < len(told):
        given = ["" if four is None else str(four).zfill(4) for four in told]
        own = [four or says for four, says in zip(own, given, strict=True)]
    return pd.array(own, dtype="str")


def _times(judged: _Judged, time_zone: str, received_at: datetime) -> np.ndarray:
    micros = event_micros(judged.columns, time_zone)
    earliest, latest = micros_of(EARLIEST), micros_of(received_at + FUTURE_ALLOWED)
    judged.add_where("event_time", micros == MISSING, "missing", "is missing")
    judged.add_where("event_time", micros == UNREADABLE, "not_a_time", f"is not a time, as {ACCEPTED}")
    for position in np.flatnonzero((micros > UNREADABLE) & ((micros < earliest) | (micros > latest))).tolist():
        judged.add("event_time", {position: _out_of_time(judged.columns, position, int(micros[position]), latest)})
    clipped: np.ndarray = np.clip(micros, 0, latest)
    return clipped


def _out_of_time(columns: Mapping[str, Sequence[object]], position: int, micros: int, latest: int) -> tuple[str, str]:
    """Too early or in the future; where another unit of its number would make it right, that one is named."""
    field = next(name for name in TIME_FIELDS if columns[name][position] not in (None, ""))
    unit = other_unit(field, columns[field][position], latest)
    hint = f": the number under {field} looks like {unit[0]}, map it to {unit[1]}" if unit else ""
    if micros <= latest:
        return "too_early", "lies before the year 2000" + (hint or "; is its unit right?")
    ahead = timedelta(microseconds=micros - latest) + FUTURE_ALLOWED
    return "in_future", f"lies {_span(ahead)} after the answer came, 5 minutes are allowed{hint}"


def _span(span: timedelta) -> str:
    """A time span in the largest unit of which it has two."""
    seconds = span.total_seconds()
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:,.0f} seconds"


def _cents(judged: _Judged, currencies: Sequence[str], form: AmountNotation) -> np.ndarray:
    major, minor = judged.columns["amt"], judged.columns["amt_minor"]
    missing = np.array([a is None and b is None for a, b in zip(major, minor, strict=True)], bool)
    judged.add_where("amt", missing, "missing", "is missing")
    cents, faults = form.major(major, currencies)
    judged.add("amt", faults)
    if any(amount is not None for amount in minor):
        use_minor = np.array([amount is None for amount in major], bool)
        of_minor, faults = form.minor(minor, currencies)
        judged.add("amt_minor", {position: fault for position, fault in faults.items() if use_minor[position]})
        cents = np.where(use_minor, of_minor, cents)
    return cents


def _birth_days(judged: _Judged, event_micros: np.ndarray) -> np.ndarray:
    """Days from 1970 to the birth (float64, NaN where unknown)."""
    texts = judged.columns["dob"]
    day_of = {text: _day(text) for text in set(texts)}
    days = np.array([day_of[text] for text in texts], np.float64)
    judged.add_where("dob", np.isinf(days), "not_a_date", "is not a date as 1980-12-31")
    age = event_micros / _DAY_MICROS - days
    unlikely = np.isfinite(days) & ((age < 0) | (age > _OLDEST_DAYS))
    judged.add_where("dob", unlikely, "out_of_range", "makes the card holder unborn or older than 130 years")
    return np.where(np.isinf(days) | unlikely, np.nan, days)


def _day(text: str | None) -> float:
    """NaN if missing, infinite if no date."""
    if text is None:
        return np.nan
    try:
        return float((datetime.fromisoformat(text).date() - date(1970, 1, 1)).days)
    except ValueError:
        return np.inf
