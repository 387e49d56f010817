"""Event times as the payments API writes them: a number in a known unit, ISO text, aware or on a naive server clock."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 1, 1, tzinfo=UTC)  # a calendar day exists for earlier times only
FUTURE_ALLOWED = timedelta(minutes=5)
MISSING, UNREADABLE = -(2**62), -(2**62) + 1  # marks in an array of microseconds
_BEYOND = 2**61
_MICROS = {
    "current_time": Fraction(1_000), "trans_date_trans_time": Fraction(1_000), "unix_time": Fraction(1_000_000),
    "unix_micros": Fraction(1), "unix_nanos": Fraction(1, 1_000),
}  # fmt: skip
TIME_FIELDS = tuple(_MICROS)
_UTC_WORD = re.compile(r"\s*(?:UTC|GMT)$")
_UNITS = {
    "seconds": "unix_time",
    "milliseconds": "current_time",
    "microseconds": "unix_micros",
    "nanoseconds": "unix_nanos",
}
ACCEPTED = "2026-11-20T10:31:00Z, or a number since 1970: " + ", ".join(
    f"{unit} as {ours}" for unit, ours in _UNITS.items()
)


def event_micros(columns: Mapping[str, Sequence[object]], time_zone: str) -> np.ndarray:
    """Microseconds since 1970 (int64) of each row; ``MISSING`` or ``UNREADABLE`` where there is none.

    The first of ``TIME_FIELDS`` that a row has is its event time: ``current_time`` (milliseconds or text),
    ``trans_date_trans_time`` (text or milliseconds), ``unix_time`` (seconds), ``unix_micros``, ``unix_nanos`` (digits
    below the microsecond are left off). A text without zone is on the clock of ``time_zone`` (in the doubled hour of
    a clock change: its first pass).
    """
    result: np.ndarray | None = None
    for name, micros_a_unit in _MICROS.items():
        if name not in columns and result is not None:
            continue
        found = _column_micros(columns[name], micros_a_unit, ZoneInfo(time_zone))
        result = found if result is None else np.where(result == MISSING, found, result)
        if not (result == MISSING).any():
            break
    assert result is not None
    return result


def micros_of(moment: datetime) -> int:
    """Microseconds since 1970 of an aware time, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def other_unit(field: str, value: object, latest: int) -> tuple[str, str] | None:
    """The unit in which the number ``value`` of ``field`` would be a time up to ``latest`` (micros); and its field.

    None if it is no number, or no time in any unit. The latest such time counts: two units never fit a recent payment.

    >>> other_unit("current_time", 1_795_170_660, 1_800_000_000 * 10**6)
    ('seconds', 'unix_time')
    """
    try:
        number = Fraction(value)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return None
    fitting = [
        (read, unit, ours)
        for unit, ours in _UNITS.items()
        if _MICROS[ours] != _MICROS[field] and micros_of(EARLIEST) <= (read := number * _MICROS[ours]) <= latest
    ]
    return max(fitting)[1:] if fitting else None


def _column_micros(values: Sequence[object], micros_a_unit: Fraction, zone: ZoneInfo) -> np.ndarray:
    kinds = set(map(type, values))
    if kinds <= {type(None)}:
        return np.full(len(values), MISSING, np.int64)
    if kinds == {int}:
        numbers = np.array([value if -_BEYOND < value < _BEYOND else _BEYOND for value in values], np.int64)  # type: ignore[operator]
        return _scaled(numbers, micros_a_unit)
    return np.array([_micros(value, micros_a_unit, zone) for value in values], np.int64)


def _scaled(numbers: np.ndarray, micros_a_unit: Fraction) -> np.ndarray:
    most = _BEYOND // math.ceil(micros_a_unit)
    scaled: np.ndarray = np.clip(numbers, -most, most) * micros_a_unit.numerator // micros_a_unit.denominator
    return scaled


def _micros(value: object, micros_a_unit: Fraction, zone: ZoneInfo) -> int:
    if value is None:
        return MISSING
    if isinstance(value, str):
        return _text_micros(value.strip(), micros_a_unit, zone)
    if isinstance(value, float) and not math.isfinite(value):
        return UNREADABLE
    assert isinstance(value, int | float)
    most = _BEYOND // math.ceil(micros_a_unit)
    bounded = max(-most, min(most, value))
    if micros_a_unit < 1:
        return math.floor(bounded * micros_a_unit)
    return round(bounded * int(micros_a_unit))


def _text_micros(text: str, micros_a_unit: Fraction, zone: ZoneInfo) -> int:
    if not text:
        return MISSING
    if text.isascii() and text.removeprefix("-").replace(".", "", 1).isdigit():
        return _micros(float(text) if "." in text else int(text), micros_a_unit, zone)
    try:
        moment = datetime.fromisoformat(_UTC_WORD.sub("+00:00", text.upper()) if text[-1].isalpha() else text)
        return micros_of(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        return UNREADABLE
