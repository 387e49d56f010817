"""Numbers in the sentences of reasons. NaN becomes an empty text where a sentence must notice, else ``unknown``.

These numbers may be unknown; ``fraud_common.text`` and ``fraud_common.money`` word the numbers that are always known.
"""

from __future__ import annotations

import math

from fraud_common.money import decimals
from fraud_common.text import count_text

_MINUTES_PER_DAY = 1_440.0


def money(amount: float, currency: str) -> str:
    """An amount in its currency's decimals, without the currency's name.

    >>> money(1234.5, "USD"), money(112695.0, "JPY"), money(1.5, "KWD")
    ('1,234.50', '112,695', '1.500')
    """
    return "unknown" if math.isnan(amount) else f"{amount:,.{decimals(currency)}f}"


def count(number: float) -> str:
    """A whole number with thousands separated.

    >>> count(12345.4)
    '12,345'
    """
    return "unknown" if math.isnan(number) else f"{number:,.0f}"


def plural(number: float, noun: str) -> str:
    """A whole number of things.

    >>> plural(1, "payment"), plural(1200, "payment"), plural(float("nan"), "payment")
    ('1 payment', '1,200 payments', 'unknown payments')
    """
    return f"unknown {noun}s" if math.isnan(number) else count_text(number, noun)


def category(code: object) -> str:
    """A category as people write it, the same in reasons, mails and on pages; ``unknown`` where it is no text.

    >>> category("shopping_net"), category("grocery_pos"), category("gas_transport")
    ('shopping, online', 'grocery, in person', 'gas transport')
    """
    if not isinstance(code, str):
        return "unknown"
    for ending, meaning in (("_net", ", online"), ("_pos", ", in person")):
        if code.endswith(ending):
            code = code.removesuffix(ending) + meaning
            break
    return code.replace("_", " ")


def share(fraction: float) -> str:
    """A fraction in per cent, empty if unknown.

    >>> share(0.0044), share(0.5)
    ('0.4%', '50%')
    """
    if math.isnan(fraction):
        return ""
    return f"{fraction * 100:.1f}%" if fraction < 0.1 else f"{fraction * 100:.0f}%"


def kilometres(km: float) -> str:
    """A distance, empty if unknown.

    >>> kilometres(0.4), kilometres(1234.0)
    ('0.4 km', '1,234 km')
    """
    if math.isnan(km):
        return ""
    return f"{km:.1f} km" if km < 10 else f"{km:,.0f} km"


def duration(minutes: float) -> str:
    """A time span in its natural unit.

    >>> duration(0.5), duration(4), duration(1), duration(150), duration(4000), duration(0)
    ('30 seconds', '4 minutes', '1 minute', '2.5 hours', '2.8 days', 'less than a second')
    """
    if math.isnan(minutes):
        return "unknown"
    if minutes < 1:
        return plural(round(minutes * 60), "second") if minutes * 60 > 0.5 else "less than a second"
    if minutes < 90:
        return plural(round(minutes), "minute")
    if minutes < 2 * _MINUTES_PER_DAY:
        return f"{minutes / 60:.1f} hours"
    return f"{minutes / _MINUTES_PER_DAY:.1f} days"


def ordinal(number: float) -> str:
    """A place in a row.

    >>> [ordinal(number) for number in (1, 2, 3, 4, 11, 22)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd']
    """
    if math.isnan(number):
        return "another"
    place = int(number)
    ending = {1: "st", 2: "nd", 3: "rd"}.get(place % 10 if place % 100 not in (11, 12, 13) else 0, "th")
    return f"{place}{ending}"


def per_day(payments: float, days: float) -> str:
    """A rate in words, from a number of payments within some days (at least one day).

    >>> per_day(62, 30), per_day(9, 30), per_day(0, float("nan"))
    ('2 a day', '2 a week', 'none so far')
    """
    if math.isnan(days) or payments <= 0:
        return "none so far"
    daily = payments / max(days, 1.0)
    if daily >= 0.95:
        return f"{daily:.0f} a day"
    return f"{daily * 7:.0f} a week" if daily * 7 >= 0.95 else "less than one a week"


def clock_hour(hour: float) -> str:
    """A full hour of the day.

    >>> clock_hour(3.0)
    '3:00'
    """
    return "an unknown hour" if math.isnan(hour) else f"{hour:.0f}:00"
