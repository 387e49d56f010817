"""Amounts as exact integers in the currency's minor unit; half a unit is rounded to the even neighbour.

>>> minor_units([12.34, 1.005, 0.125, "0.135", -7], ["USD"] * 5).tolist()
[1234, 100, 12, 14, -700]
>>> minor_units([1200, 1.2345], ["JPY", "KWD"]).tolist()
[1200, 1234]
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np

from fraud_scorer.currencies import decimals

_EXACT = 2**43  # below this, a float scaled by 10,000 at most still shows on which side of a half it lies


def minor_units(amounts: Sequence[float | str], currencies: Sequence[str]) -> np.ndarray:
    """Whole minor units (int64) of finite amounts in major units: floats count as the decimal text they print as."""
    places_of = {currency: decimals(currency) for currency in set(currencies)}
    places = np.array([places_of[currency] for currency in currencies], np.int64)
    return _rounded(amounts, places)


def _rounded(amounts: Sequence[float | str], places: np.ndarray) -> np.ndarray:
    scaled = np.array([float(amount) for amount in amounts]) * 10.0**places
    whole = np.rint(scaled)
    unsure = (np.abs(np.abs(scaled - whole) - 0.5) < 1e-3) | (np.abs(scaled) >= _EXACT)
    result: np.ndarray = np.where(unsure, 0, whole).astype(np.int64)
    for row in np.flatnonzero(unsure).tolist():
        exact = Decimal(str(amounts[row])).scaleb(int(places[row]))
        result[row] = int(exact.to_integral_value(ROUND_HALF_EVEN))
    return result
