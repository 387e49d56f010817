"""Card features: the number, times and places of the card's earlier payments, for each of its payments."""

from __future__ import annotations

import numpy as np

from fraud_common.geo import distance_km
from fraud_scorer.features.card_spending import amount_features
from fraud_scorer.features.declared import DAY_SECONDS, LOOK_BACK_SECONDS
from fraud_scorer.features.local_calendar import MICROS_PER_SECOND
from fraud_scorer.features.timeline import Timeline, days_since_first, prefix_sums, window_clock, window_starts

_SHORTEST_SECONDS = 60.0  # a speed is taken over at least a minute: clocks of two merchants differ


def card_features(timeline: Timeline) -> dict[str, np.ndarray]:
    """The declared features of group ``card`` (float64), one a row: each row sees all earlier ones of its group."""
    clock = window_clock(timeline)
    starts = window_starts(clock)
    result = {f"card_count_{name}": (np.arange(len(clock)) - start).astype(float) for name, start in starts.items()}
    result |= amount_features(timeline, starts)
    result |= _since_last(timeline, starts["30d"])
    result["card_night_share_30d"] = _night_share(timeline, starts["30d"])
    result |= _first_times(timeline, clock)
    result["merchants_24h"] = _distinct_merchants(timeline, clock)
    return result


def _since_last(timeline: Timeline, start: np.ndarray) -> dict[str, np.ndarray]:
    """Times and travel since the card's last payments within the look-back; NaN where there are none."""
    row = np.arange(len(start))
    last, second_last = np.maximum(row - 1, 0), np.maximum(row - 2, 0)
    count = row - start
    seconds = np.where(count >= 1, (timeline.micros - timeline.micros[last]) / MICROS_PER_SECOND, np.nan)
    before = np.where(count >= 2, (timeline.micros - timeline.micros[second_last]) / MICROS_PER_SECOND, np.nan)
    km = distance_km(timeline.merch_lat[last], timeline.merch_long[last], timeline.merch_lat, timeline.merch_long)
    km = np.where(count >= 1, km, np.nan)
    return {
        "minutes_since_last": seconds / 60.0,
        "minutes_since_second_last": before / 60.0,
        "card_days_seen": days_since_first(timeline, start),
        "km_from_last": km,
        "speed_from_last_kmh": km / (np.maximum(seconds, _SHORTEST_SECONDS) / 3_600.0),
    }


def _night_share(timeline: Timeline, start: np.ndarray) -> np.ndarray:
    """The share of the card's past payments made at night; NaN without a past."""
    count, nights = (np.arange(len(start)) - start).astype(float), prefix_sums(timeline.night)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(count > 0, (nights[:-1] - nights[start]) / count, np.nan)


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


def _first_times(timeline: Timeline, clock: np.ndarray) -> dict[str, np.ndarray]:
    """1 where the card has not been at this merchant (in this category) within the look-back, 0 where it has.

    NaN where the card has no earlier payment within the look-back, or the category is unknown.
    """
    row = np.arange(len(clock))
    has_past = (row > 0) & (clock - clock[np.maximum(row - 1, 0)] < LOOK_BACK_SECONDS)
    result = {}
    for name, code in (("first_at_merchant", timeline.merchant), ("first_in_category", timeline.category)):
        previous, _ = _neighbours(timeline.group, code)
        known = (previous >= 0) & (clock - clock[np.maximum(previous, 0)] < LOOK_BACK_SECONDS)
        result[name] = np.where(has_past & (code >= 0), (~known).astype(float), np.nan)
    return result


def _distinct_merchants(timeline: Timeline, clock: np.ndarray) -> np.ndarray:
    """Different merchants among the group's earlier payments within 24 hours (float64).

    A payment counts for the rows after it while it is the last at its merchant and inside the window: a range, so
    all of them together are one difference array, however many payments a card makes.
    """
    n = len(clock)
    _, following = _neighbours(timeline.group, timeline.merchant)
    outside = np.searchsorted(clock, clock + DAY_SECONDS, side="left")
    change = np.zeros(n + 2, np.int64)
    change[1 : n + 1] += 1
    np.subtract.at(change, np.minimum(following + 1, outside), 1)
    return np.cumsum(change)[:n].astype(float)
