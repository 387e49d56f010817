"""Times as integers, and the local calendar."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fraud_scorer.features.declared import NIGHT_HOURS

MICROS_PER_SECOND = 1_000_000
_SECONDS_PER_DAY = 86_400


def micros_utc(event_time: pd.Series) -> np.ndarray:
    """Microseconds since 1970 (int64) of an aware time column without nulls."""
    micros: np.ndarray = event_time.dt.tz_convert("UTC").dt.as_unit("us").astype("int64").to_numpy()
    return micros


def local_seconds(micros: np.ndarray, time_zone: str) -> np.ndarray:
    """Whole seconds on the zone's wall clock since 1970-01-01 00:00 there (int64)."""
    moments = pd.DatetimeIndex(micros.view("datetime64[us]"), tz="UTC").tz_convert(time_zone)
    return moments.tz_localize(None).as_unit("s").asi8


def local_day(micros: np.ndarray, time_zone: str) -> np.ndarray:
    """The zone's calendar day as days since 1970-01-01 (int64).

    >>> moment = np.array(["2026-11-20T23:30"], dtype="datetime64[us]").astype("int64")
    >>> int(local_day(moment, "Europe/Berlin")[0] - local_day(moment, "UTC")[0])
    1
    """
    return local_seconds(micros, time_zone) // _SECONDS_PER_DAY


def is_night(micros: np.ndarray, time_zone: str) -> np.ndarray:
    """Whether the wall clock shows one of ``NIGHT_HOURS`` (bool)."""
    return np.isin(local_seconds(micros, time_zone) // 3_600 % 24, NIGHT_HOURS)


def calendar_features(micros: np.ndarray, time_zone: str) -> dict[str, np.ndarray]:
    """``hour_local``, ``weekday_local`` and ``is_night`` (float64)."""
    seconds = local_seconds(micros, time_zone)
    hour = seconds // 3_600 % 24
    return {
        "hour_local": hour.astype(np.float64),
        "weekday_local": ((seconds // _SECONDS_PER_DAY + 3) % 7).astype(np.float64),  # 1970-01-01 was a Thursday
        "is_night": np.isin(hour, NIGHT_HOURS).astype(np.float64),
    }
