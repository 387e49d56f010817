"""The times at which people pay: the week's rhythm and each card's daily habit, on local clocks."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from payments_simulator.population import HABIT_SLOTS
from payments_simulator.seeded_random import Floats, Ints, shares

_WEEKDAYS = np.array([0.98, 0.92, 0.93, 0.98, 1.09, 1.14, 0.96])  # Monday first


def _bump(peak: float, width_hours: float, floor: float) -> Floats:
    """A day's profile (mean 1) with one peak; ``floor`` is its lowest hour relative to the peak."""
    distance = np.abs((np.arange(24) + 0.5 - peak + 12) % 24 - 12)
    profile = floor + (1 - floor) * np.exp(-0.5 * (distance / width_hours) ** 2)
    return np.asarray(profile / profile.mean())


_HABITS = np.array(
    [_bump(15, 5, 0.3)] * 9  # the day
    + [_bump(9, 4, 0.25)] * 2  # early risers
    + [_bump(19.5, 3.5, 0.2)] * 4  # evenings
    + [_bump(1, 4, 0.15)] * 2  # night owls
    + [_bump(12, 30, 0.9)] * 3  # any time
)
HABIT_PEAKS = np.array([15.0] * 9 + [9.0] * 2 + [19.5] * 4 + [1.0] * 2 + [12.0] * 3)
_HOURS = _HABITS.mean(axis=0)
HABIT_SHARES = shares(_HABITS.T)  # per hour of the day, over the slots
assert len(_HABITS) == HABIT_SLOTS


@lru_cache(maxsize=65_536)
def _offset_seconds(zone: str, hour: int) -> int:
    if zone == "UTC":  # also where no time zone database is installed
        return 0
    offset = datetime.fromtimestamp(hour * 3600, UTC).astimezone(ZoneInfo(zone)).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def local_seconds(zone: str, times: Ints) -> Ints:
    """The local clock's reading, as seconds since 1970-01-01 00:00 of that clock."""
    hours, positions = np.unique(times // 3600, return_inverse=True)
    offsets = np.array([_offset_seconds(zone, int(hour)) for hour in hours], dtype=np.int64)
    return np.asarray(times + offsets[positions])


def pace(local: Ints) -> Floats:
    """Payments at that local time relative to the week's mean (mean 1)."""
    weekday = (local // 86_400 + 3) % 7
    return np.asarray(_WEEKDAYS[weekday] * _HOURS[local // 3600 % 24])
