"""The rows of a dispute file as claims: what each says of a payment, and how it names that payment."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from fraud_common.card_numbers import without_card_numbers
from fraud_common.errors import DataFileError, SettingsError
from fraud_common.money import decimals
from fraud_common.time_zones import zone_named
from fraud_scorer.ingest.amount_format import FileAmountFormat
from fraud_scorer.ingest.data_files import row_name
from fraud_scorer.ingest.sensitive_data import without_sensitive
from fraud_scorer.use_cases.disputes.columns import COLUMNS_CURE, Columns, Fault, missing_for_labels, refused
from fraud_scorer.use_cases.disputes.label_map import OTHERWISE, LabelMap, folded
from fraud_scorer.use_cases.disputes.times import date_order, day_in, known_at

VERDICTS = {
    "chargeback": ("fraud", "not_fraud", "withdrawn"),
    "verdict": ("fraud", "not_fraud", "unsure", "withdrawn"),
}
_IS_FRAUD = {
    **dict.fromkeys(("1", "1.0", "true", "yes", "y", "t"), "fraud"),
    **dict.fromkeys(("0", "0.0", "false", "no", "n", "f"), "not_fraud"),
}


_CUT_NUMBER = re.compile(r"\d(?:[.,]\d+)?E\+\d{1,2}", re.IGNORECASE)  # 7.45376E+22


@dataclass(frozen=True, slots=True)
class ByCard:
    """A payment named by what a card statement shows."""

    last4: str
    amount_minor: int  # minor units of the currency, never negative
    currency: str
    day: date  # in the zone of the map


@dataclass(frozen=True, slots=True)
class Claim:
    """What one row says."""

    position: int  # of the row in the file, from 0
    trans_num: str | None
    reference: str | None  # the acquirer's
    by_card: ByCard | None
    verdict: str
    known_at: datetime  # UTC
    note: str | None


@dataclass
class Claims:
    """What a file says.

    ``rows``: how many it has, empty ones left out; ``skipped``: how many the map leaves out, by the reason.
    """

    claims: list[Claim]
    rows: int
    skipped: Counter[str] = field(default_factory=Counter)


def read_claims(
    path: Path, label_map: LabelMap, *, source: str, currency: str, now: datetime, by_reference: bool = False
) -> Claims:
    """All rows of ``path``, or none.

    Args:
        path: CSV, JSON or Parquet.
        label_map: the file's columns and words.
        source: ``chargeback`` or ``verdict``.
        currency: of amounts that name none.
        now: aware; what is known later is refused.
        by_reference: a row may name its payment by the acquirer's reference alone.

    Raises:
        DataFileError: the file, a column or a row cannot be used; names the first ones.
        SettingsError: the map's zone or decimal sign is none.
    """
    columns = Columns(path, label_map, partial(missing_for_labels, by_reference=by_reference))
    reader = _Reader(path, columns, label_map, source=source, currency=currency, now=now)
    claims = reader.claims()
    if not claims.rows:
        raise DataFileError(f"{path} holds no label", "Give a file with at least one row")
    return claims


class _Reader:
    """Row by row; what is wrong with a row is collected."""

    def __init__(
        self, path: Path, columns: Columns, label_map: LabelMap, *, source: str, currency: str, now: datetime
    ) -> None:
        self._path, self._columns, self._map = path, columns, label_map
        self._allowed, self._currency, self._now = VERDICTS[source], currency, now
        self._zone = _zone(label_map.time_zone)
        self._orders = {name: self._order(name) for name in ("known_at", "payment_date")}
        self._known_at = cache(partial(known_at, zone=self._zone, order=self._orders["known_at"]))
        self._day = cache(partial(day_in, zone=self._zone, order=self._orders["payment_date"]))

    def claims(self) -> Claims:
        """All of them.

        Raises:
            DataFileError: rows cannot be used.
        """
        columns, faults = self._columns, list[Fault]()
        result = Claims([], len(columns.positions))
        amounts = self._amounts()
        for number, position in enumerate(columns.positions):
            if (why := self._left_out(number)) is not None:
                result.skipped[why] += 1
                continue
            try:
                verdict = self._verdict(number)
                if verdict == "skip":
                    result.skipped[self._word_told(number)] += 1
                    continue
                result.claims.append(self._claim(number, position, verdict, amounts))
            except _RowError as error:
                faults.append(Fault(position, error.reason, error.cure))
        if faults:
            raise refused(self._path, faults)
        return result

    def _left_out(self, number: int) -> str | None:
        for theirs, values in self._columns.only.items():
            value = "" if values[number] is None else values[number]
            if folded(value) not in self._map.only[folded(theirs)]:
                return f"{theirs} is {_shown(value)}"
        return None

    def _word_told(self, number: int) -> str:
        name = "is_fraud" if self._says_is_fraud(number) else "verdict"
        return f"{self._name(name)} is {_shown(self._columns[name][number])}"

    def _name(self, ours: str) -> str:
        return self._columns.name_of.get(ours, ours)

    def _claim(self, number: int, position: int, verdict: str, amounts: Sequence[str | None]) -> Claim:
        moment = self._read(number, "known_at", self._time, "is no time")
        note = self._columns["note"][number]
        by_card = self._by_card(number, amounts)
        reference = self._named_by(number, "acquirer_reference", may_miss=True)
        trans_num = self._named_by(number, "trans_num", may_miss=bool(by_card or reference))
        return Claim(position, trans_num, reference, by_card, verdict, moment, None if note is None else _note(note))

    def _named_by(self, number: int, name: str, *, may_miss: bool) -> str | None:
        if name not in self._columns.name_of or (may_miss and self._columns[name][number] is None):
            return None
        return str(self._read(number, name, id_text, "is missing or no id"))

    def _says_is_fraud(self, number: int) -> bool:
        return "is_fraud" in self._columns.name_of and self._columns["verdict"][number] is None

    def _verdict(self, number: int) -> str:
        name = (
            "verdict"
            if self._columns["verdict"][number] is not None or "is_fraud" not in self._columns.name_of
            else "is_fraud"
        )
        known = "is neither 1 nor 0" if name == "is_fraud" else f"is none of {', '.join(self._allowed)}"
        if self._map.words:
            known += ", and no word of the map"
        return str(self._read(number, name, lambda value: self._meaning(value, name), known))

    def _meaning(self, value: object, name: str) -> str:
        if value is None:
            raise _RowError(f"{self._name(name)} is empty", "Write the label (1 or 0, or a word), or leave the row out")
        word = folded(value)
        meaning = self._map.words.get(word) or (_IS_FRAUD.get(word) if name == "is_fraud" else None)
        meaning = meaning or (word if name == "verdict" and word in self._allowed else self._map.words.get(OTHERWISE))
        if meaning is None or meaning not in (*self._allowed, "skip"):
            raise ValueError(
                "Correct the row, or give a map that says what the word means: --fields (docs/disputes.md)"
            )
        return meaning

    def _read(self, number: int, name: str, read: Callable[[Any], Any], fault: str) -> Any:
        value = self._columns[name][number]
        try:
            return read(value)
        except ValueError as error:
            reason = f"{self._name(name)} {fault if value is not None or name == 'trans_num' else 'is missing'}"
            raise _RowError(reason, str(error) or COLUMNS_CURE) from None

    def _time(self, value: object) -> datetime:
        if value is None or isinstance(value, float):
            raise ValueError
        moment, earliest = self._known_at(str(value))
        if earliest > self._now:
            raise _RowError(
                f"{self._name('known_at')} lies in the future", "Check the time's zone and the order of its date"
            )
        return moment

    # --- a payment by its card, amount and day ------------------------------------------------------------------
    def _by_card(self, number: int, amounts: Sequence[str | None]) -> ByCard | None:
        has = self._columns.name_of
        if not self._columns.name_cards:
            return None
        last4 = self._columns["last4"][number]
        if {"trans_num", "acquirer_reference"} & set(has) and (last4 is None or amounts[number] is None):
            return None
        currency = str(self._columns["currency"][number] or self._currency).upper()
        digits = self._read(number, "last4", _last4, "is missing")
        name = "amount" if "amount" in has else "amount_minor"
        places = decimals(currency) if name == "amount" else 0
        minor = self._read(number, name, lambda _: _minor(amounts[number], places), f"is no amount of {currency}")
        day = self._read(number, "payment_date", lambda value: self._day(str(value or "")), "is no date")
        return ByCard(digits, minor, currency, day)

    def _amounts(self) -> list[str | None]:
        """The amounts' texts with a decimal point; empty if the file names none."""
        columns = self._columns
        name = next((one for one in ("amount", "amount_minor") if one in columns.name_of), None)
        if name is None:
            return []
        style = FileAmountFormat(self._map.decimal, self._currency)
        texts = pd.Series([None if value is None else str(value) for value in columns[name]], dtype="str")
        currencies = pd.Series(columns["currency"], dtype="str") if "currency" in columns.name_of else None
        place = lambda position: row_name(self._path, columns.positions[position])  # noqa: E731
        plain = style.plain(texts, self._name(name), currencies, place)
        return [None if pd.isna(value) else str(value) for value in plain]

    def _order(self, name: str) -> str | None:
        if self._map.date_order or name not in self._columns.name_of:
            return self._map.date_order
        try:
            return date_order(_texts(self._columns[name]))
        except ValueError as error:
            raise DataFileError(
                f"{self._path}: the column {self._name(name)} {error}", "Write all dates alike, best as 2026-11-30"
            ) from None


class _RowError(Exception):
    """What is wrong with the row at hand."""

    def __init__(self, reason: str, cure: str) -> None:
        super().__init__(reason)
        self.reason, self.cure = reason, cure


def _texts(values: Iterable[object]) -> Iterable[str | None]:
    return (value if isinstance(value, str) else None for value in values)


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return zone_named(name) if name else None
    except ValueError:
        raise SettingsError(f"--time-zone {name} is no time zone", "Write it as Europe/Berlin or UTC") from None


def _shown(value: object) -> str:
    text = without_card_numbers(str(value))[:40]
    return text or "empty"


def _note(value: object) -> str:
    """A note as it may be kept for years: without card numbers and without verification codes."""
    text = without_sensitive(str(value).replace("\0", "\ufffd").encode(errors="replace")).body.decode(errors="replace")
    return without_card_numbers(text)


def id_text(value: object) -> str:
    """An id or a reference as text.

    Raises:
        ValueError: missing, or a number that has lost its last digits.
    """
    if value is None or isinstance(value, float) or "\0" in str(value):
        raise ValueError
    if _CUT_NUMBER.fullmatch(str(value)):
        raise ValueError("A spreadsheet has cut its digits: give the column the format Text, and export it anew")
    return str(value)


def _last4(value: object) -> str:
    if value is None or isinstance(value, float):
        raise ValueError
    return str(value)[-4:].rjust(4, "0")  # a spreadsheet takes the zeros off 0042


def _minor(text: str | None, places: int) -> int:
    """Whole minor units, without the sign that a dispute's amount may have."""
    try:
        scaled = abs(Decimal(text or "")).scaleb(places)
    except InvalidOperation:
        raise ValueError from None
    if not scaled.is_finite() or scaled != scaled.to_integral_value() or scaled > 10**15:
        raise ValueError(f"It may have {places} decimals")
    return int(scaled)
