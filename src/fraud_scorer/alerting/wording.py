"""How amounts, probabilities, names and times read in a message.

>>> amount_text(148210, "USD")
'1,482.10 USD'
>>> amount_text(1500, "JPY")
'1,500 JPY'
>>> readable_merchant("fraud_Kuhn LLC")
'Kuhn LLC'
>>> probability_text(0.99996), probability_text(0.0709), probability_text(0.0004)
('99.9%', '7.0%', '< 0.1%')
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fraud_common.money import decimals
from fraud_scorer.explain import phrasing

EARTH_RADIUS_KM = 6371.0
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


def amount_major(amount_cents: int, currency: str) -> float:
    """Minor units in the currency's own unit: for comparing, never for adding."""
    return float(amount_cents / 10 ** decimals(currency))


def amount_text(amount_cents: int, currency: str) -> str:
    """An amount in its currency, thousands grouped, with the decimals that the currency has."""
    places = decimals(currency)
    whole, rest = divmod(abs(amount_cents), 10**places)
    sign = "-" if amount_cents < 0 else ""
    return f"{sign}{whole:,}{f'.{rest:0{places}d}' if places else ''} {currency}"


def totals_text(amounts: Iterable[tuple[int, str]]) -> str:
    """The sums of amounts, one a currency, largest first.

    >>> totals_text([(100, "USD"), (50, "USD"), (3000, "EUR")])
    '30.00 EUR + 1.50 USD'
    """
    sums: dict[str, int] = {}
    for amount_cents, currency in amounts:
        sums[currency] = sums.get(currency, 0) + amount_cents
    ranked = sorted(sums.items(), key=lambda item: (-amount_major(item[1], item[0]), item[0]))
    return " + ".join(amount_text(amount_cents, currency) for currency, amount_cents in ranked)


def events_text(events: Iterable[Mapping[str, Any]], amount_cents: int, currency: str) -> str:
    """What happened to a payment of this amount; the dashboard's ``words.events`` says the same.

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


def probability_text(probability: float) -> str:
    """A probability or threshold (0-1) in per cent, rounded down: what is not certain never reads 100%.

    The dashboard's ``words.probability`` and the command line say the same.
    """
    return phrasing.probability(probability)


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


def count_text(number: int, one: str, many: str | None = None) -> str:
    """A count with its noun.

    >>> count_text(1, "payment"), count_text(1200, "payment")
    ('1 payment', '1,200 payments')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


# English whatever the process's locale is
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAYS = tuple(name[:3] for name in _WEEKDAYS)
_MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MONTHS = tuple(name[:3] for name in _MONTH_NAMES)


def distance_km(lat: float, long: float, other_lat: float, other_long: float) -> int | None:
    """The great-circle distance in whole kilometres (haversine); None if a coordinate is missing.

    >>> distance_km(52.52, 13.405, 48.137, 11.575)
    504
    """
    if any(math.isnan(value) for value in (lat, long, other_lat, other_long)):
        return None
    south, north = math.radians(lat), math.radians(other_lat)
    half_turn = math.sin((north - south) / 2) ** 2
    half_turn += math.cos(south) * math.cos(north) * math.sin(math.radians(other_long - long) / 2) ** 2
    return round(2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, half_turn))))
