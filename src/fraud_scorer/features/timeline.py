"""What a card's earlier payments say about each of its payments: sort, cumulative integer sums, searchsorted.

Every sum is one of exact integers and every window is found by whole seconds, so a result depends on the payments
inside the window alone: history may start anywhere before it, and the last bit stays the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fraud_scorer.features.clock import MICROS_PER_SECOND
from fraud_scorer.features.declared import DAY_SECONDS, LOOK_BACK_SECONDS, WINDOWS_SECONDS
from fraud_scorer.features.places import distance_km

_CENTS_CEILING = 3_000_000_000  # its square still fits int64; larger amounts count as this in the spread
_LOW_BITS = np.int64(0xFFFFFFFF)
_SHORTEST_SECONDS = 60.0  # a speed is taken over at least a minute: clocks of two merchants differ


@dataclass(frozen=True)
class Timeline:
    """Payments sorted by group (a card), then event time, then ``trans_num``; one array element a payment."""

    group: np.ndarray  # int64
    micros: np.ndarray  # int64, UTC
    cents: np.ndarray  # int64
    merchant: np.ndarray  # int64 code
    category: np.ndarray  # int64 code, -1 unknown
    night: np.ndarray  # int64: 1 at night by the local clock, else 0
    merch_lat: np.ndarray  # float64
    merch_long: np.ndarray

    def take(self, rows: np.ndarray, group: np.ndarray | None = None) -> Timeline:
        """These rows, in this order, under new groups if given."""
        return Timeline(
            group=self.group[rows] if group is None else group,
            micros=self.micros[rows],
            cents=self.cents[rows],
            merchant=self.merchant[rows],
            category=self.category[rows],
            night=self.night[rows],
            merch_lat=self.merch_lat[rows],
            merch_long=self.merch_long[rows],
        )


def card_features(line: Timeline) -> dict[str, np.ndarray]:
    """The declared features of group ``card`` (float64), one a row: each row sees all earlier ones of its group."""
    clock = _clock(line)
    starts = {name: np.searchsorted(clock, clock - width, side="right") for name, width in WINDOWS_SECONDS.items()}
    result = {f"card_count_{name}": (np.arange(len(clock)) - start).astype(float) for name, start in starts.items()}
    spent = _prefix_sums(line.cents)
    for name, start in starts.items():
        result[f"card_amount_{name}"] = (spent[:-1] - spent[start]) / 100.0
    result |= _since_last(line, starts["30d"])
    result |= _against_the_mean(line, starts["30d"], spent)
    result["card_max_24h"] = _window_max(line.cents, starts["24h"]) / 100.0
    result["card_max_7d"] = _window_max(line.cents, starts["7d"]) / 100.0
    result |= _habits(line, starts, spent, result["card_days_seen"])
    result["amount_over_category"] = _against_the_category(line)
    result |= _first_times(line, clock)
    result["merchants_24h"] = _distinct_merchants(line, clock)
    return result


def _clock(line: Timeline) -> np.ndarray:
    """Whole seconds, shifted per group so that they never fall and no window reaches into the group before (int64)."""
    seconds = line.micros // MICROS_PER_SECOND
    if not len(seconds):
        return seconds
    is_first = np.r_[True, line.group[1:] != line.group[:-1]]
    step = np.diff(seconds, prepend=seconds[0])
    step[is_first] = LOOK_BACK_SECONDS + 1
    return np.cumsum(step)


def _prefix_sums(values: np.ndarray) -> np.ndarray:
    """Sum of the values before each position, and of all (int64; a wrap-around cancels out in differences)."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(values, dtype=np.int64)])


def _since_last(line: Timeline, start: np.ndarray) -> dict[str, np.ndarray]:
    """Times and travel since the card's last payments within the look-back; NaN where there are none."""
    row = np.arange(len(start))
    last, second_last = np.maximum(row - 1, 0), np.maximum(row - 2, 0)
    count = row - start
    seconds = np.where(count >= 1, (line.micros - line.micros[last]) / MICROS_PER_SECOND, np.nan)
    before = np.where(count >= 2, (line.micros - line.micros[second_last]) / MICROS_PER_SECOND, np.nan)
    first = np.where(count >= 1, (line.micros - line.micros[np.minimum(start, row)]) / MICROS_PER_SECOND, np.nan)
    km = distance_km(line.merch_lat[last], line.merch_long[last], line.merch_lat, line.merch_long)
    km = np.where(count >= 1, km, np.nan)
    return {
        "minutes_since_last": seconds / 60.0,
        "minutes_since_second_last": before / 60.0,
        "card_days_seen": first / DAY_SECONDS,
        "km_from_last": km,
        "speed_from_last_kmh": km / (np.maximum(seconds, _SHORTEST_SECONDS) / 3_600.0),
    }


def _against_the_mean(line: Timeline, start: np.ndarray, spent: np.ndarray) -> dict[str, np.ndarray]:
    """The amount against the card's mean (from one payment on) and spread (from three on) over the look-back.

    The spread is the sample standard deviation, from exact sums of squares kept in two halves of 32 bits.
    """
    count = (np.arange(len(start)) - start).astype(float)
    total = (spent[:-1] - spent[start]).astype(float)
    clipped = np.minimum(line.cents, _CENTS_CEILING)
    squares = clipped * clipped
    high, low = _prefix_sums(squares >> 32), _prefix_sums(squares & _LOW_BITS)
    square_sum = (high[:-1] - high[start]) * 4_294_967_296.0 + (low[:-1] - low[start])
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / count
        variance = (square_sum - total * mean) / (count - 1)
        spread = np.sqrt(np.maximum(variance, 0.0))
        ratio = np.where((count >= 1) & (total > 0), line.cents / mean, np.nan)
        spreads = np.where((count >= 3) & (spread >= 1.0), (line.cents - mean) / spread, np.nan)
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


def _habits(
    line: Timeline, starts: dict[str, np.ndarray], spent: np.ndarray, days_seen: np.ndarray
) -> dict[str, np.ndarray]:
    """The card's spending against its mean day, and how often it pays at night; NaN without a past."""
    count = (np.arange(len(line.cents)) - starts["30d"]).astype(float)
    nights = _prefix_sums(line.night)
    day = (spent[:-1] - spent[starts["24h"]] + line.cents).astype(float)
    month = (spent[:-1] - spent[starts["30d"]]).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        usual_day = month / np.maximum(days_seen, 1.0)
        ratio = np.where(month > 0, day / usual_day, np.nan)
        night_share = np.where(count > 0, (nights[:-1] - nights[starts["30d"]]) / count, np.nan)
    return {"spending_over_usual": ratio, "card_night_share_30d": night_share}


def _against_the_category(line: Timeline) -> np.ndarray:
    """The amount by the card's mean in this category over the look-back; NaN without a past or a category."""
    pair = line.group * (int(line.category.max(initial=0)) + 2) + line.category + 1
    order = np.argsort(pair, kind="stable")
    narrow = line.take(order, pair[order])
    clock = _clock(narrow)
    start = np.searchsorted(clock, clock - LOOK_BACK_SECONDS, side="right")
    spent = _prefix_sums(narrow.cents)
    count, total = np.arange(len(start)) - start, (spent[:-1] - spent[start]).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((total > 0) & (narrow.category >= 0), narrow.cents / (total / count), np.nan)
    result = np.empty(len(order))
    result[order] = ratio
    return result


def _neighbours(group: np.ndarray, code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each row the previous and the next row of the same group and code; -1 and ``n`` where there is none."""
    n = len(group)
    pair = group * (int(code.max(initial=0)) + 2) + code + 1
    order = np.argsort(pair, kind="stable")
    same = pair[order[1:]] == pair[order[:-1]]
    previous, following = np.full(n, -1), np.full(n, n)
    previous[order[1:][same]] = order[:-1][same]
    following[order[:-1][same]] = order[1:][same]
    return previous, following


def _first_times(line: Timeline, clock: np.ndarray) -> dict[str, np.ndarray]:
    """1 where the card has not been at this merchant (in this category) within the look-back, 0 where it has.

    NaN where the card has no earlier payment within the look-back, or the category is unknown.
    """
    row = np.arange(len(clock))
    has_past = (row > 0) & (clock - clock[np.maximum(row - 1, 0)] < LOOK_BACK_SECONDS)
    result = {}
    for name, code in (("first_at_merchant", line.merchant), ("first_in_category", line.category)):
        previous, _ = _neighbours(line.group, code)
        known = (previous >= 0) & (clock - clock[np.maximum(previous, 0)] < LOOK_BACK_SECONDS)
        result[name] = np.where(has_past & (code >= 0), (~known).astype(float), np.nan)
    return result


def _distinct_merchants(line: Timeline, clock: np.ndarray) -> np.ndarray:
    """Different merchants among the group's earlier payments within 24 hours (float64).

    A payment counts for the rows after it while it is the last at its merchant and inside the window: a range, so
    all of them together are one difference array, however many payments a card makes.
    """
    n = len(clock)
    _, following = _neighbours(line.group, line.merchant)
    outside = np.searchsorted(clock, clock + DAY_SECONDS, side="left")
    change = np.zeros(n + 2, np.int64)
    change[1 : n + 1] += 1
    np.subtract.at(change, np.minimum(following + 1, outside), 1)
    return np.cumsum(change)[:n].astype(float)
