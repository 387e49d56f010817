"""Event times as the payments API writes them: milliseconds, seconds, ISO text, aware or on a naive server clock."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
FUTURE_ALLOWED = timedelta(minutes=5)
MISSING, UNREADABLE = -(2**62), -(2**62) + 1  # marks in an array of microseconds
_BEYOND = 2**61
_MICROS = {"current_time": 1_000, "trans_date_trans_time": 1_000, "unix_time": 1_000_000}


def event_micros(columns: Mapping[str, Sequence[object]], time_zone: str) -> np.ndarray:
    """Microseconds since 1970 (int64) of each row; ``MISSING`` or ``UNREADABLE`` where there is none.

    The first of ``current_time`` (milliseconds or text), ``trans_date_trans_time`` (text or milliseconds) and
    ``unix_time`` (seconds) that a row has is its event time. A text without zone is on the clock of ``time_zone``
    (in the doubled hour of a clock change: its first pass).
    """
    result: np.ndarray | None = None
    for name, micros_a_unit in _MICROS.items():
        found = _column_micros(columns[name], micros_a_unit, ZoneInfo(time_zone))
        result = found if result is None else np.where(result == MISSING, found, result)
        if not (result == MISSING).any():
            break
    assert result is not None
    return result


def micros_of(moment: datetime) -> int:
    """Microseconds since 1970 of an aware time, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def _column_micros(values: Sequence[object], micros_a_unit: int, zone: ZoneInfo) -> np.ndarray:
    kinds = set(map(type, values))
    if kinds <= {type(None)}:
        return np.full(len(values), MISSING, np.int64)
    if kinds == {int}:
        numbers = np.array([value if -_BEYOND < value < _BEYOND else _BEYOND for value in values], np.int64)  # type: ignore[operator]
        return _scaled(numbers, micros_a_unit)
    return np.array([_micros(value, micros_a_unit, zone) for value in values], np.int64)


def _scaled(numbers: np.ndarray, micros_a_unit: int) -> np.ndarray:
    most = _BEYOND // micros_a_unit
    scaled: np.ndarray = np.clip(numbers, -most, most) * micros_a_unit
    return scaled


def _micros(value: object, micros_a_unit: int, zone: ZoneInfo) -> int:
    if value is None:
        return MISSING
    if isinstance(value, str):
        return _text_micros(value.strip(), micros_a_unit, zone)
    if isinstance(value, float) and not math.isfinite(value):
        return UNREADABLE
    assert isinstance(value, int | float)
    most = _BEYOND // micros_a_unit
    return round(max(-most, min(most, value)) * micros_a_unit)


def _text_micros(text: str, micros_a_unit: int, zone: ZoneInfo) -> int:
    if not text:
        return MISSING
    if text.isascii() and text.removeprefix("-").replace(".", "", 1).isdigit():
        return _micros(float(text) if "." in text else int(text), micros_a_unit, zone)
    try:
        moment = datetime.fromisoformat(text)
        return micros_of(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        return UNREADABLE
