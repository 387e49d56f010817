"""When something became known, as dispute files write it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_NUMERIC = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?!\d)(.*)", re.DOTALL)
_YEAR_FIRST = re.compile(r"(\d{4})[./](\d{1,2})[./](\d{1,2})(?!\d)(.*)", re.DOTALL)
_CLOCK = re.compile(
    r"[T,\s]*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?P<second>:\d{2}(?:[.,]\d+)?)?\s*(?P<half>[ap]\.?m\.?)?\s*(?P<zone>.*)",
    re.IGNORECASE,
)
_UTC_WORD = re.compile(r"\s*(?:UTC|GMT|Z)$", re.IGNORECASE)
_HOW = "Write it as 2026-11-20T10:31:00Z"
_NO_ZONE = "It names no zone: add Z or an offset like +02:00, or say --time-zone Europe/Berlin"


def date_order(texts: Iterable[str | None]) -> str | None:
    """``dmy`` or ``mdy``, where a day above 12 shows it; None if none does.

    Raises:
        ValueError: both occur.
    """
    orders = set()
    for text in texts:
        found = _NUMERIC.fullmatch(text.strip()) if text else None
        if found and int(found[1]) > 12:
            orders.add("dmy")
        elif found and int(found[3]) > 12:
            orders.add("mdy")
    if len(orders) > 1:
        raise ValueError("holds dates with the day first and dates with the month first")
    return orders.pop() if orders else None


def day_in(text: str, zone: ZoneInfo | None, order: str | None) -> date:
    """The calendar day in ``zone`` that ``text`` names, or in which the moment lies that it names.

    Raises:
        ValueError: it is none; the cure is its text.
    """
    iso = _iso(text, order)
    try:
        return date.fromisoformat(iso)
    except ValueError:
        moment = _moment(iso)
    return (moment if moment.tzinfo is None or zone is None else moment.astimezone(zone)).date()


def known_at(text: str, zone: ZoneInfo | None, order: str | None) -> tuple[datetime, datetime]:
    """The moment (UTC) from which it counts as known, and the earliest that ``text`` may mean.

    Both are the same but for a bare date: its whole day is meant, and it counts as known at the day's end, so that no
    label is known too early.

    Raises:
        ValueError: no time, or neither it nor ``zone`` names a zone; the cure is its text.
    """
    iso = _iso(text, order)
    try:
        day = date.fromisoformat(iso)
    except ValueError:
        moment = _in_zone(_moment(iso), zone)
        return moment, moment
    start = _in_zone(datetime.combine(day, time()), zone)
    end = _in_zone(datetime.combine(day + timedelta(days=1), time()), zone) - timedelta(microseconds=1)
    return end, start


def _in_zone(moment: datetime, zone: ZoneInfo | None) -> datetime:
    if moment.tzinfo is None:
        if zone is None:
            raise ValueError(_NO_ZONE)
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def _moment(iso: str) -> datetime:
    try:
        return datetime.fromisoformat(iso)
    except ValueError:
        raise ValueError(_HOW) from None


def _iso(text: str, order: str | None) -> str:
    """``text`` with its date as 2026-11-30 and its time as 23:00:00, as far as it has such."""
    text = text.strip()
    if found := _NUMERIC.fullmatch(text):
        if order is None:
            raise ValueError("Is its first number the day or the month? Say --date-order dmy or mdy")
        first, second = int(found[1]), int(found[3])
        day, month = (first, second) if order == "dmy" else (second, first)
        return f"{found[4]}-{month:02}-{day:02}{_clock(found[5])}"
    if found := _YEAR_FIRST.fullmatch(text):
        return f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}{_clock(found[4])}"
    if found := re.fullmatch(r"(\d{4}-\d{2}-\d{2})(.+)", text, re.DOTALL):
        return found[1] + _clock(found[2])
    if re.fullmatch(r"\d+", text):
        raise ValueError(f"It is a bare number, whose unit nobody knows. {_HOW}")
    return text


def _clock(text: str) -> str:
    if not text.strip():
        return ""
    found = _CLOCK.fullmatch(text)
    if not found:
        raise ValueError(_HOW)
    hour = int(found["hour"])
    if half := (found["half"] or "").lower()[:1]:
        if not 1 <= hour <= 12:
            raise ValueError(_HOW)
        hour = hour % 12 + (12 if half == "p" else 0)
    zone = _UTC_WORD.sub("+00:00", found["zone"].strip())
    return f"T{hour:02}:{found['minute']}{(found['second'] or '').replace(',', '.')}{zone}"
