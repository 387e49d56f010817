"""From raw columns to payments and rejects: every row becomes one or the other, and none raises.

Shapes are checked in one pydantic pass (``rows``), contents by whole columns here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from fraud_scorer.payments.amounts import minor_units
from fraud_scorer.payments.cards import card_numbers
from fraud_scorer.payments.kinds import kinds
from fraud_scorer.payments.rows import Reject, check_columns, reject
from fraud_scorer.payments.times import EARLIEST, FUTURE_ALLOWED, MISSING, UNREADABLE, event_micros, micros_of

_TEXTS = ("trans_num", "merchant", "category", "city", "state", "zip", "gender")
_COORDINATES = {"home_lat": "lat", "home_long": "long", "merch_lat": "merch_lat", "merch_long": "merch_long"}
_OLDEST_DAYS = 130 * 365.2425
_DAY_MICROS = 86_400_000_000


@dataclass(frozen=True)
class Rules:
    """What the settings say of payments that do not say it themselves."""

    time_zone: str = "UTC"  # of naive event times
    currency: str = "USD"


@dataclass(frozen=True)
class Validated:
    """The rows of one table, judged.

    ``payments``: one row a valid payment, in the table's order: row_index (int64), trans_num, event_time
    (datetime64[us, UTC]), kind (one of ``frames.KINDS``), amount_cents (int64), currency, card (the number itself:
    never leaves ``transform``), merchant, category, city, state, zip, gender, the four coordinates, city_pop (Int64),
    birth_day (float64, days since 1970, NaN if unknown), payload_is_fraud (boolean). Names, street and job are not
    carried.
    """

    payments: pd.DataFrame
    rejects: list[Reject]


def validate(columns: Mapping[str, Sequence[object]], count: int, *, rules: Rules, received_at: datetime) -> Validated:
    """Judge ``count`` rows, given as columns under our names (``fields.OURS``).

    Args:
        columns: JSON values; a column that is missing is missing in every row.
        count: the number of rows.
        rules: zone of naive times, currency of amounts that name none.
        received_at: when the answer came (aware): an event more than 5 minutes later is no event yet.
    """
    checked, row_indexes, rejects = check_columns(columns, count)
    judged = _Judged(checked, row_indexes)
    texts = _texts(judged)
    times = _times(judged, rules.time_zone, received_at)
    cards, faults = card_numbers(checked["cc_num"])
    judged.add("cc_num", faults)
    currencies = [value.upper() if value else rules.currency for value in checked["currency"]]
    cents = _cents(judged, currencies)
    birth_days = _birth_days(judged, times)
    frame = pd.DataFrame({
        "row_index": np.array(row_indexes, np.int64),
        "trans_num": texts["trans_num"],
        "event_time": pd.DatetimeIndex(np.maximum(times, 0).view("datetime64[us]"), tz="UTC"),
        "kind": pd.array(kinds(cents), dtype="str"),
        "amount_cents": cents,
        "currency": pd.array(currencies, dtype="str"),
        "card": pd.Series(cards, dtype=object),
        **{name: texts[name] for name in _TEXTS if name != "trans_num"},
        **{ours: np.array(checked[name], np.float64) for ours, name in _COORDINATES.items()},
        "city_pop": pd.array(checked["city_pop"], dtype="Int64"),
        "birth_day": birth_days,
        "payload_is_fraud": pd.array(checked["is_fraud"], dtype="boolean"),
    })  # fmt: skip
    rejects = sorted([*rejects, *judged.rejects.values()], key=lambda one: one.row_index)
    if judged.rejects:
        frame = frame[~frame["row_index"].isin(list(judged.rejects))].reset_index(drop=True)
    return Validated(frame, rejects)


class _Judged:
    """Well-formed columns, and the rejects found in their contents: the first fault of a row counts."""

    def __init__(self, columns: dict[str, list[Any]], row_indexes: Sequence[int]) -> None:
        self.columns = columns
        self.rejects: dict[int, Reject] = {}
        self._row_indexes = row_indexes

    def add(self, field: str, faults: Mapping[int, tuple[str, str]]) -> None:
        """``faults``: position in the columns to (code, sentence)."""
        for position, (kind, sentence) in faults.items():
            row = self._row_indexes[position]
            self.rejects.setdefault(row, reject(row, field, kind, sentence))

    def add_where(self, field: str, wrong: np.ndarray, kind: str, sentence: str) -> None:
        self.add(field, dict.fromkeys(np.flatnonzero(wrong).tolist(), (kind, sentence)))


def _texts(judged: _Judged) -> dict[str, Any]:
    """The text columns, integers as their digits (a zip's padded to five: its zeros were lost when it became one)."""
    result = {}
    for name in _TEXTS:
        values = judged.columns[name]
        if int in set(map(type, values)):
            width = 5 if name == "zip" else 0
            text_of = {value: str(value).zfill(width) if isinstance(value, int) else value for value in set(values)}
            values = [text_of[value] for value in values]
        if "\0" in "".join(filter(None, values)):
            nul = ("nul_character", "holds a NUL character, which no database stores")
            judged.add(name, {row: nul for row, value in enumerate(values) if value and "\0" in value})
        result[name] = pd.array(values, dtype="str")
    return result


def _times(judged: _Judged, time_zone: str, received_at: datetime) -> np.ndarray:
    micros = event_micros(judged.columns, time_zone)
    latest = micros_of(received_at + FUTURE_ALLOWED)
    judged.add_where("event_time", micros == MISSING, "missing", "is missing")
    judged.add_where("event_time", micros == UNREADABLE, "not_a_time", "is not a time")
    judged.add_where(
        "event_time", micros < micros_of(EARLIEST), "too_early", "lies before the year 2000; is its unit right?"
    )
    judged.add_where("event_time", micros > latest, "in_future", "lies more than 5 minutes after the answer came")
    clipped: np.ndarray = np.clip(micros, 0, latest)
    return clipped


def _cents(judged: _Judged, currencies: Sequence[str]) -> np.ndarray:
    major, minor = judged.columns["amt"], judged.columns["amt_minor"]
    missing = np.array([a is None and b is None for a, b in zip(major, minor, strict=True)], bool)
    judged.add_where("amt", missing, "missing", "is missing")
    cents = minor_units([0 if amount is None else amount for amount in major], currencies)
    if any(amount is not None for amount in minor):
        use_minor = np.array([amount is None for amount in major], bool)
        cents = np.where(use_minor, np.array([amount or 0 for amount in minor], np.int64), cents)
    return cents


def _birth_days(judged: _Judged, event_micros: np.ndarray) -> np.ndarray:
    """Days from 1970 to the birth (float64, NaN where unknown)."""
    texts = judged.columns["dob"]
    day_of = {text: _day(text) for text in set(texts)}
    days = np.array([day_of[text] for text in texts], np.float64)
    judged.add_where("dob", np.isinf(days), "not_a_date", "is not a date")
    age = event_micros / _DAY_MICROS - days
    unlikely = np.isfinite(days) & ((age < 0) | (age > _OLDEST_DAYS))
    judged.add_where("dob", unlikely, "out_of_range", "makes the card holder unborn or older than 130 years")
    return days


def _day(text: str | None) -> float:
    """NaN if missing, infinite if no date."""
    if text is None:
        return np.nan
    try:
        return float((datetime.fromisoformat(text).date() - date(1970, 1, 1)).days)
    except ValueError:
        return np.inf
