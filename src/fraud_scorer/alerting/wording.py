"""Words for merchants, cards, categories, events, days and times in messages; one visible line each.

Counts and probabilities are worded in ``fraud_common.text``, amounts in ``fraud_common.money``; ``explain.phrasing``
words the numbers inside the sentences of reasons, where a number may be unknown.

>>> readable_merchant("fraud_Kuhn LLC")
'Kuhn LLC'
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fraud_common.money import amount_text
from fraud_scorer.explain import phrasing

DECORATION = "fraud_"  # the public data set writes it before every merchant's name, honest or not

EVENT_WORDS = {
    "purchase": "purchased",
    "authorisation": "authorised",
    "capture": "captured",
    "refund": "refunded",
    "reversal": "reversed",
    "dispute": "disputed",
    "decline": "declined",
    "verification": "verified",
}


def events_text(events: Iterable[Mapping[str, Any]], amount_cents: int, currency: str) -> str:
    """The events of a payment of this amount in words; the dashboard's ``formats.events`` says the same.

    >>> events_text([{"kind": "refund", "amount_cents": 2500, "currency": "EUR"}], 10000, "EUR")
    'refunded 25.00 of 100.00 EUR'
    """
    whole = amount_text(abs(amount_cents), currency)
    said = []
    for event in events:
        part = amount_text(int(event["amount_cents"]), event["currency"])
        of_whole = f"{part.split()[0]} of {whole}" if event["currency"] == currency else part
        said.append(f"{EVENT_WORDS[event['kind']]} {of_whole}")
    return ", ".join(said)


def clean(text: str | None, limit: int = 80) -> str:
    r"""One line of visible characters, cut at ``limit``: no line breaks, control or direction-changing characters.

    >>> clean("Kuhn\r\nBcc: all@example.org")
    'Kuhn Bcc: all@example.org'
    """
    if text is None:
        return ""
    visible = "".join(" " if unicodedata.category(letter) in _UNSEEN else letter for letter in text)
    line = " ".join(visible.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def readable_merchant(merchant: str) -> str:
    """A merchant's name as people write it."""
    return clean(merchant.removeprefix(DECORATION)) or "unnamed merchant"


def card_text(last4: str) -> str:
    """A card by its last four digits; "" where they are not known: an opaque card reference, or no card at all.

    >>> card_text("1486"), card_text("")
    ('card …1486', '')
    """
    return f"card …{last4}" if last4 else ""


def readable_category(category: str | None) -> str:
    """A category as people write it.

    >>> readable_category("shopping_net"), readable_category("gas_transport"), readable_category(None)
    ('shopping, online', 'gas transport', '')
    """
    return phrasing.category(clean(category, 40))


def local_time_text(moment: datetime, zone: str) -> str:
    """A moment on the clock of ``zone``, with the zone's name.

    >>> from datetime import UTC
    >>> local_time_text(datetime(2026, 11, 20, 10, 31, 7, tzinfo=UTC), "Europe/Berlin")
    'Fri 20 Nov, 11:31:07 CET'
    """
    local = moment.astimezone(ZoneInfo(zone))
    return f"{day_text(local)}, {clock_text(moment, zone)}"


def clock_text(moment: datetime, zone: str) -> str:
    """A moment of a known day on the clock of ``zone``.

    >>> from datetime import UTC
    >>> clock_text(datetime(2026, 11, 20, 10, 31, 7, tzinfo=UTC), "Europe/Berlin")
    '11:31:07 CET'
    """
    return f"{moment.astimezone(ZoneInfo(zone)):%H:%M:%S %Z}"


def long_day_text(day: date) -> str:
    """A day as a heading names it.

    >>> long_day_text(date(2026, 11, 9))
    'Monday, 9 November'
    """
    return f"{weekday_text(day)}, {day.day} {_MONTH_NAMES[day.month - 1]}"


def weekday_text(day: date) -> str:
    """A day's weekday.

    >>> weekday_text(date(2026, 11, 19))
    'Thursday'
    """
    return _WEEKDAYS[day.weekday()]


def day_text(day: date) -> str:
    """A day in a few letters.

    >>> day_text(date(2026, 11, 9))
    'Mon 9 Nov'
    """
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


# English whatever the process's locale is
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAYS = tuple(name[:3] for name in _WEEKDAYS)
_MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MONTHS = tuple(name[:3] for name in _MONTH_NAMES)
