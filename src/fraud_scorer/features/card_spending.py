"""Spending features: a card's amounts, and a payment's amount against them, within the payment's own currency only.

Amounts of different currencies cannot be added, so each currency of a card has its own timeline here: a first payment
in another currency is compared with nothing. Counts of a card's payments include every currency.
"""

from __future__ import annotations

import numpy as np

from fraud_scorer.features.declared import LOOK_BACK_SECONDS
from fraud_scorer.features.timeline import Timeline, days_since_first, prefix_sums, window_clock, window_starts

_CENTS_CEILING = 3_000_000_000  # its square still fits int64; larger amounts count as this in the spread
_LOW_BITS = np.int64(0xFFFFFFFF)

Starts = dict[str, np.ndarray]


def amount_features(timeline: Timeline, starts: Starts) -> dict[str, np.ndarray]:
    """The card features that are made of amounts (float64, in units of the row's currency, or ratios), one a row.

    ``starts`` are the windows of ``timeline``.
    """
    if not timeline.currency.any():  # all of one currency
        return _of_one_currency(timeline, starts)
    purses, order = timeline.split_by(timeline.currency)
    result = {}
    for name, values in _of_one_currency(purses, window_starts(window_clock(purses))).items():
        result[name] = np.empty(len(order))
        result[name][order] = values
    return result


def _of_one_currency(timeline: Timeline, starts: Starts) -> dict[str, np.ndarray]:
    """Amount features of a timeline whose groups hold one currency each."""
    spent = prefix_sums(timeline.cents)
    result = {
        f"card_amount_{name}": (spent[:-1] - spent[start]) / timeline.minor_units_per_major
        for name, start in starts.items()
    }
    result["card_max_24h"] = _window_max(timeline.cents, starts["24h"]) / timeline.minor_units_per_major
    result["card_max_7d"] = _window_max(timeline.cents, starts["7d"]) / timeline.minor_units_per_major
    result["spending_over_usual"] = _against_the_day(timeline, starts, spent)
    result |= _against_the_mean(timeline, starts["30d"], spent)
    result["amount_over_category"] = _against_the_category(timeline)
    return result


def _against_the_day(timeline: Timeline, starts: Starts, spent: np.ndarray) -> np.ndarray:
    """The amount of 24 hours, this payment included, by the look-back's mean day; NaN without a past."""
    day = (spent[:-1] - spent[starts["24h"]] + timeline.cents).astype(float)
    month = (spent[:-1] - spent[starts["30d"]]).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        usual_day = month / np.maximum(days_since_first(timeline, starts["30d"]), 1.0)
        return np.where(month > 0, day / usual_day, np.nan)


def _against_the_mean(timeline: Timeline, start: np.ndarray, spent: np.ndarray) -> dict[str, np.ndarray]:
    """The amount against the card's mean (from one payment on) and spread (from three on) over the look-back.

    The spread is the sample standard deviation, from exact sums of squares kept in two halves of 32 bits.
    """
    count = (np.arange(len(start)) - start).astype(float)
    total = (spent[:-1] - spent[start]).astype(float)
    clipped = np.minimum(timeline.cents, _CENTS_CEILING)
    squares = clipped * clipped
    high, low = prefix_sums(squares >> 32), prefix_sums(squares & _LOW_BITS)
    square_sum = (high[:-1] - high[start]) * 4_294_967_296.0 + (low[:-1] - low[start])
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / count
        variance = (square_sum - total * mean) / (count - 1)
        spread = np.sqrt(np.maximum(variance, 0.0))
        ratio = np.where((count >= 1) & (total > 0), timeline.cents / mean, np.nan)
        spreads = np.where((count >= 3) & (spread >= 1.0), (timeline.cents - mean) / spread, np.nan)
    return {"amount_over_mean": ratio, "amount_spreads": spreads}


def _window_max(values: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Largest of ``values[start:row]`` for each row (float64), NaN where that is empty.

    A window is covered by two runs of the largest power of two that fits in it; runs are doubled step by step.
    """
    row = np.arange(len(start))
    length = row - start
    result = np.full(len(start), np.nan)
    run, width = values.copy(), 1
    while (length >= width).any():
        mine = np.flatnonzero((length >= width) & (length < 2 * width))
        result[mine] = np.maximum(run[start[mine]], run[mine - width])
        run[:-width] = np.maximum(run[:-width], run[width:])
        width *= 2
    return result


def _against_the_category(timeline: Timeline) -> np.ndarray:
    """The amount by the mean in this category over the look-back; NaN without a past or a category."""
    narrow, order = timeline.split_by(timeline.category)
    clock = window_clock(narrow)
    start = np.searchsorted(clock, clock - LOOK_BACK_SECONDS, side="right")
    spent = prefix_sums(narrow.cents)
    count, total = np.arange(len(start)) - start, (spent[:-1] - spent[start]).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((total > 0) & (narrow.category >= 0), narrow.cents / (total / count), np.nan)
    result = np.empty(len(order))
    result[order] = ratio
    return result
