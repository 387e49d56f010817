"""Amounts as exact integers in the currency's minor unit: nothing is rounded, an amount that does not fit is a fault.

>>> minor_units([12.34, "12.5", -7], ["USD", "KWD", "JPY"])[0].tolist()
[1234, 12500, -7]
>>> minor_units([1.005], ["USD"])[1]
{0: ('too_many_decimals', 'has more decimals than USD, which has 2')}
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np

from fraud_common.money import decimals

MOST_MAJOR_UNITS = 10**12
Fault = tuple[str, str]  # code and sentence
Faults = dict[int, Fault]

_EXACT = 2**33  # below this, a scaled float is off by less than _NOISE
_NOISE = 1e-6  # of a minor unit: the error of binary fractions (0.1 + 0.2), never an intended decimal
_THREE_DECIMALS = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")  # or thousands
_SAMPLE = re.compile(r"1([ ,.'’_\u00a0\u202f]?)234([.,])56")

NOT_A_NUMBER = (
    "not_a_number",
    "is not a number as 1234.56 or as the declared format; declare how it is written (amounts, format)",
)
TOO_MANY = "too_many_decimals"
OUT_OF_RANGE = ("out_of_range", f"is out of range: {MOST_MAJOR_UNITS:,} at most")


@dataclass(frozen=True)
class AmountNotation:
    """The notation of amounts, as the field map's section ``amounts`` declares it.

    ``spending_is_negative``: a payment is a negative amount and a refund a positive one. ``decimals``: how many digits
    the minor unit of a currency has in ``amt_minor``, where that is not ISO 4217's. ``sample``: 1234.56 as texts write
    it; None where nothing is declared, which is the plain form, and an amount that may be read in two ways is refused.
    """

    spending_is_negative: bool = False
    decimals: Mapping[str, int] = field(default_factory=dict)
    sample: str | None = None

    def major(self, amounts: Sequence[float | str | None], currencies: Sequence[str]) -> tuple[np.ndarray, Faults]:
        """Minor units (int64; 0 where missing or a fault) of amounts in major units, and the faults by position."""
        given: Sequence[float | str | None] = amounts
        unread: Faults = {}
        if str in set(map(type, amounts)):
            given, unread = self._plain(amounts, currencies)
        cents, faults = minor_units([0 if amount is None else amount for amount in given], currencies)
        return self._signed(cents), faults | unread

    def minor(self, amounts: Sequence[int | None], currencies: Sequence[str]) -> tuple[np.ndarray, Faults]:
        """As ``major``, from amounts in the API's minor units."""
        cents = np.array([amount or 0 for amount in amounts], np.int64)
        faults: Faults = {}
        for currency in set(self.decimals) & set(currencies):
            shift = decimals(currency) - self.decimals[currency]
            mine = np.array([one == currency for one in currencies], bool)
            if shift >= 0:
                cents = np.where(mine, cents * 10**shift, cents)
                continue
            uneven = mine & (cents % 10**-shift != 0)
            faults |= dict.fromkeys(np.flatnonzero(uneven).tolist(), _too_many(currency))
            cents = np.where(mine, cents // 10**-shift, cents)
        return self._signed(cents), faults

    def _signed(self, cents: np.ndarray) -> np.ndarray:
        return -cents if self.spending_is_negative else cents

    def _plain(
        self, amounts: Sequence[float | str | None], currencies: Sequence[str]
    ) -> tuple[list[float | str | None], Faults]:
        """The texts in the plain form (1234.56), 0 where that cannot be; and why, by position."""
        form = _form(self.sample or "1234.56")
        read: dict[tuple[str, str], str | Fault] = {}
        plain: list[float | str | None] = list(amounts)
        faults: Faults = {}
        for position, (amount, currency) in enumerate(zip(amounts, currencies, strict=True)):
            if not isinstance(amount, str):
                continue
            if (amount, currency) not in read:
                read[amount, currency] = _read(amount, currency, form, declared=self.sample is not None)
            found = read[amount, currency]
            plain[position] = found if isinstance(found, str) else 0
            if not isinstance(found, str):
                faults[position] = found
        return plain, faults


def _form(sample: str) -> re.Pattern[str]:
    """The pattern of numbers written like ``sample``: sign, whole part with or without thousands, decimals."""
    found = _SAMPLE.fullmatch(sample)
    assert found is not None
    thousands = "[ \u00a0\u202f]" if found[1] in (" ", "\u00a0", "\u202f") else re.escape(found[1])
    groups = f"|[0-9]{{1,3}}(?:{thousands}[0-9]{{3}})+" if found[1] else ""
    return re.compile(rf"([+-]?)([0-9]+{groups})(?:{re.escape(found[2])}([0-9]+))?")


def _read(text: str, currency: str, form: re.Pattern[str], *, declared: bool) -> str | Fault:
    text = text.strip()
    found = form.fullmatch(text)
    if found is None:
        return NOT_A_NUMBER
    whole = re.sub(r"[^0-9]", "", found[2])
    if not declared and _THREE_DECIMALS.fullmatch(text) and decimals(currency) != 3:
        own = decimals(currency)
        return (
            TOO_MANY,
            f"has three decimals, where {currency} has {own}, or thousands: declare which (amounts, format)",
        )
    if int(whole) > MOST_MAJOR_UNITS:
        return OUT_OF_RANGE
    return f"{found[1]}{whole}.{found[3] or 0}"


def _too_many(currency: str) -> Fault:
    return TOO_MANY, f"has more decimals than {currency}, which has {decimals(currency)}"


def sample_fault(sample: object) -> str:
    """Why ``sample`` does not show how 1234.56 is written; empty if it does."""
    if isinstance(sample, str) and (found := _SAMPLE.fullmatch(sample)) and found[1] != found[2]:
        return ""
    return 'is not 1234.56 as the API writes it, for example "1.234,56" or "1,234.56"'


def minor_units(amounts: Sequence[float | str], currencies: Sequence[str]) -> tuple[np.ndarray, Faults]:
    """Whole minor units (int64) of finite amounts in major units, in the plain form; faults by position.

    A float counts as the decimal that is meant by it: 0.1 + 0.2 is 30 cents, 1.005 has a decimal too many.
    """
    places_of = {currency: decimals(currency) for currency in set(currencies)}
    places = np.array([places_of[currency] for currency in currencies], np.int64)
    scaled = np.array([float(amount) for amount in amounts]) * 10.0**places
    whole = np.rint(scaled)
    unsure = (np.abs(scaled) >= _EXACT) | (np.abs(scaled - whole) > _NOISE)
    result: np.ndarray = np.where(unsure, 0, whole).astype(np.int64)
    faults: Faults = {}
    for row in np.flatnonzero(unsure).tolist():
        exact = Decimal(str(amounts[row])).scaleb(int(places[row]))
        units = exact.to_integral_value(ROUND_HALF_EVEN)
        if abs(exact - units) >= max(_NOISE, math.ulp(scaled[row])):
            faults[row] = _too_many(currencies[row])
        else:
            result[row] = int(units)
    return result, faults
