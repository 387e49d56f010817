"""Rows that look like payments and are invalid: one way of spoiling a row per quarantine reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from payments_simulator.api.answers import AT, Row

_DAY_MILLIS = 86_400_000


def _set(field: str, change: Callable[[Any], Any]) -> Callable[[Row, str], None]:
    def spoil_field(row: Row, _: str) -> None:
        row[AT[field]] = change(row[AT[field]])

    return spoil_field


def _missing(row: Row, field: str) -> None:
    row[AT[field]] = None


REASONS: dict[str, Callable[[Row, str], None]] = {
    "nul": _set("merchant", lambda text: f"{text}\x00"),
    "lone_surrogate": _set("merchant", lambda text: f"{text}\ud800"),
    "nan": _set("amt", lambda _: float("nan")),
    "infinity": _set("amt", lambda _: float("inf")),
    "huge_amount": _set("amt", lambda _: 1e308),
    "amount_text": _set("amt", lambda _: "twelve"),
    "float_card": _set("cc_num", lambda _: 4.573841203964995e18),  # above 2^53: digits are lost
    "future": _set("current_time", lambda millis: millis + _DAY_MILLIS),
    "time_text": _set("current_time", lambda _: "yesterday"),
    "latitude": _set("merch_lat", lambda _: 123.4),
    "longitude": _set("merch_long", lambda _: -512.0),
    "overlong": _set("merchant", lambda text: str(text) * 2000),
    "missing": _missing,  # null in `field`
}


def spoil(row: Row, reason: str, field: str) -> None:
    """Spoil the row in place. ``field`` says which one ``missing`` empties."""
    REASONS[reason](row, field)
