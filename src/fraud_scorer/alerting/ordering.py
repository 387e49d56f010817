"""The order of payments in a message: amounts of different currencies are never compared, so currencies take turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True)
class ListPosition:
    """The values that decide a payment's position in a list."""

    currency: str
    worth: float  # in any unit of the currency: the largest comes first
    fraud_probability: float  # 0-1: the highest of a turn comes first
    trans_num: str
    group: int = 0  # groups follow one another, whatever their payments are worth


def interleave_currencies(rows: Iterable[Row], place_of: Callable[[Row], ListPosition]) -> list[Row]:
    """The rows, of each group the largest of every currency, then the second largest of every currency, and so on."""
    places = sorted(((place_of(row), row) for row in rows), key=lambda one: (-one[0].worth, one[0].trans_num))
    passed: Counter[tuple[int, str]] = Counter()
    told = []
    for place, row in places:
        told.append(((place.group, passed[place.group, place.currency]), place, row))
        passed[place.group, place.currency] += 1
    told.sort(key=lambda one: (*one[0], -one[1].fraud_probability, one[1].trans_num))
    return [row for _, _, row in told]
