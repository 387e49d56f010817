"""Payments on one sorted line, and the integers that windows over it are made of.

Every sum is one of exact integers and every window is found by whole seconds, so a result depends on the payments
inside the window alone: history may start anywhere before it, and the last bit stays the same.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from fraud_scorer.features.declared import DAY_SECONDS, LOOK_BACK_SECONDS, WINDOWS_SECONDS
from fraud_scorer.features.local_calendar import MICROS_PER_SECOND


@dataclass(frozen=True)
class Timeline:
    """Payments sorted by group (a card), then event time, then ``trans_num``; one array element a payment."""

    group: np.ndarray  # int64
    micros: np.ndarray  # int64, UTC
    cents: np.ndarray  # int64, minor units of its currency
    currency: np.ndarray  # int64 code
    minor_units_per_major: np.ndarray  # float64: minor units in one unit of its currency
    merchant: np.ndarray  # int64 code
    category: np.ndarray  # int64 code, -1 unknown
    night: np.ndarray  # int64: 1 at night by the local clock, else 0
    merch_lat: np.ndarray  # float64
    merch_long: np.ndarray

    def take(self, rows: np.ndarray, group: np.ndarray | None = None) -> Timeline:
        """These rows, in this order, under new groups if given."""
        taken = {one.name: getattr(self, one.name)[rows] for one in fields(self)}
        return Timeline(**taken | ({} if group is None else {"group": group}))

    def split_by(self, code: np.ndarray) -> tuple[Timeline, np.ndarray]:
        """The line of each group and ``code`` (-1 or above), and the rows in its order."""
        pair = self.group * (int(code.max(initial=0)) + 2) + code + 1
        order = np.argsort(pair, kind="stable")
        return self.take(order, pair[order]), order


def window_clock(timeline: Timeline) -> np.ndarray:
    """Whole seconds, shifted per group so that they never fall and no window reaches into the group before (int64)."""
    seconds = timeline.micros // MICROS_PER_SECOND
    if not len(seconds):
        return seconds
    is_first = np.r_[True, timeline.group[1:] != timeline.group[:-1]]
    step = np.diff(seconds, prepend=seconds[0])
    step[is_first] = LOOK_BACK_SECONDS + 1
    return np.cumsum(step)


def window_starts(clock: np.ndarray) -> dict[str, np.ndarray]:
    """For each window its first row, seen from each row; a window that starts at its own row is empty."""
    return {name: np.searchsorted(clock, clock - width, side="right") for name, width in WINDOWS_SECONDS.items()}


def prefix_sums(values: np.ndarray) -> np.ndarray:
    """Sum of the values before each position, and of all (int64; a wrap-around cancels out in differences)."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(values, dtype=np.int64)])


def days_since_first(timeline: Timeline, start: np.ndarray) -> np.ndarray:
    """Days from the window's first payment to each row; NaN where the window is empty."""
    row = np.arange(len(start))
    seconds = (timeline.micros - timeline.micros[np.minimum(start, row)]) / MICROS_PER_SECOND
    return np.where(row > start, seconds, np.nan) / DAY_SECONDS
