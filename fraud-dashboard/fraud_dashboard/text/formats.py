"""Numbers, times and comparisons as a person reads them."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from fraud_dashboard.text.currencies import decimals

DECORATION = "fraud_"  # the public data set writes it before every merchant's name, honest or not
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # control and direction-changing characters
NAME_LETTERS = 80
NO_DIGITS = "last four digits not known"  # of a card that came as an opaque reference, or of none
WORD_JOINER = "\u2060"
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
LINK_STARTS = re.compile(r"(?<=[:@])|(?<=www)(?=\.)", re.IGNORECASE)


def money(amount: float, currency: str) -> str:
    """An amount with its currency and the decimals that it has.

    >>> money(1482.1, "USD"), money(1500, "JPY"), money(1.5, "KWD")
    ('1,482.10 USD', '1,500 JPY', '1.500 KWD')
    """
    return f"{amount:,.{decimals(currency)}f} {currency}"


def events(sums: Iterable[Mapping[str, Any]], amount: float, currency: str) -> str:
    """What happened to a payment of this amount, in the words of the morning mail.

    >>> events([{"kind": "refund", "amount": 25, "currency": "EUR"}], 100, "EUR")
    'refunded 25.00 of 100.00 EUR'
    """
    whole = money(abs(amount), currency)
    said = []
    for event in sums:
        part = money(event["amount"], event["currency"])
        of_whole = f"{part.split()[0]} of {whole}" if event["currency"] == currency else part
        said.append(f"{EVENT_WORDS[event['kind']]} {of_whole}")
    return ", ".join(said)


def round_money(amount: float, currency: str) -> str:
    """An amount for a headline: without cents from 10,000 on, in millions from 1,000,000 on.

    >>> round_money(1893815.1, "USD").split(), round_money(48211.4, "USD"), round_money(812, "JPY")
    (['1.89', 'M', 'USD'], '48,211 USD', '812 JPY')
    """
    if abs(amount) >= 1_000_000:
        return f"{amount / 1e6:,.2f}\N{NO-BREAK SPACE}M {currency}"
    return f"{amount:,.0f} {currency}" if abs(amount) >= 10_000 else money(amount, currency)


def count(number: float, one: str, many: str | None = None) -> str:
    """A count with its noun.

    >>> count(1, "payment"), count(1200, "payment"), count(0, "category", "categories")
    ('1 payment', '1,200 payments', '0 categories')
    """
    return f"{number:,.0f} {one if number == 1 else many or one + 's'}"


def share(part: float, whole: float, *, decimals: int = 2) -> str:
    """A share in percent; an em dash where there is nothing to share.

    >>> share(3, 1200), share(0, 0)
    ('0.25%', '—')
    """
    return f"{100 * part / whole:.{decimals}f}%" if whole else "—"


def against(value: float, usual: float | None, shown_usual: str) -> str:
    """A value compared with the usual value, in the words of the morning mail.

    >>> against(130, 100, "100"), against(98, 100, "100"), against(1, 0, "0"), against(5, None, "")
    ('▲ 30% above the usual 100', 'about the usual 100', '▲ usually none', 'no comparison yet')
    >>> against(0, 0, "0"), against(0, 100, "100"), against(520, 100, "100")
    ('none, as usual', '▼ usually 100', '▲ 5.2 times the usual 100')
    """
    if usual is None:
        return "no comparison yet"
    if not usual:
        return "▲ usually none" if value else "none, as usual"
    if not value:
        return f"▼ usually {shown_usual}"
    change = value / usual - 1
    if abs(change) < 0.05:
        return f"about the usual {shown_usual}"
    if change > 2:
        return f"▲ {value / usual:.1f} times the usual {shown_usual}"
    sign, side = ("▲", "above") if change > 0 else ("▼", "below")
    return f"{sign} {abs(change):.0%} {side} the usual {shown_usual}"


def usual_count(number: float) -> str:
    """A mean of counts: with a decimal where it is small and not whole.

    >>> usual_count(1200.4), usual_count(3.25), usual_count(3.0)
    ('1,200', '3.2', '3')
    """
    return f"{number:,.0f}" if number >= 10 or number == round(number) else f"{number:.1f}"


def long_day(day: date) -> str:
    """A day with its weekday.

    >>> long_day(date(2026, 11, 9))
    'Monday, 9 November 2026'
    """
    return f"{day:%A}, {day.day} {day:%B %Y}"


def short_day(day: date) -> str:
    """A day in a few letters.

    >>> short_day(date(2026, 11, 9))
    'Mon 9 Nov'
    """
    return f"{day:%a} {day.day} {day:%b}"


def day_name(day: date, today: date) -> str:
    """A day's name relative to today: today, yesterday, or its date.

    >>> day_name(date(2026, 11, 8), date(2026, 11, 9)), day_name(date(2026, 11, 1), date(2026, 11, 9))
    ('Yesterday', 'Sunday')
    """
    names = {0: "Today", 1: "Yesterday"}
    return names.get((today - day).days, f"{day:%A}")


def moment(at: datetime | None) -> str:
    """A local time to the minute, with its day.

    >>> moment(datetime(2026, 11, 9, 8, 5)), moment(None)
    ('9 Nov 2026, 08:05', '—')
    """
    return "—" if at is None or at != at else f"{at.day} {at:%b %Y, %H:%M}"


def short_moment(at: datetime | None) -> str:
    """A local time of these weeks: to the minute, with its day.

    >>> short_moment(datetime(2026, 11, 9, 8, 5)), short_moment(None)
    ('9 Nov, 08:05', '—')
    """
    return "—" if at is None or at != at else f"{at.day} {at:%b, %H:%M}"


def days(number: float) -> str:
    """A span of days, not always a whole one.

    >>> days(7.0), days(1.0), days(0.5)
    ('7 days', '1 day', '0.5 days')
    """
    return f"{number:g} day{'' if number == 1 else 's'}"


def probability(value: float | None) -> str:
    """A fraud probability in the words of the mails: rounded down, never up to certainty or to the threshold.

    >>> probability(0.9997), probability(0.934), probability(0.0709), probability(0.0004), probability(None)
    ('99.9%', '93.4%', '7.0%', '< 0.1%', '—')
    """
    if value is None or value != value:
        return "—"
    per_mille = math.floor(value * 1000 + 1e-9)
    return f"{per_mille / 10:.1f}%" if per_mille else "< 0.1%"


def merchant(name: str) -> str:
    """A merchant's name in the words of the mails; files hold it as it is stored.

    >>> merchant("fraud_Kuhn LLC"), merchant("Lind-Buckridge"), merchant("fraud_")
    ('Kuhn LLC', 'Lind-Buckridge', 'unnamed merchant')
    """
    bare = name.removeprefix(DECORATION)
    line = " ".join("".join(" " if unicodedata.category(letter) in UNSEEN else letter for letter in bare).split())
    line = line if len(line) <= NAME_LETTERS else line[: NAME_LETTERS - 1].rstrip() + "…"
    return line or "unnamed merchant"


def card(last4: str | None) -> str:
    """A card by its last four digits; "" where they are not known: an opaque card reference, or no card at all.

    >>> card("1486"), card("    "), card(None)
    ('···· 1486', '', '')
    """
    digits = last4.strip() if isinstance(last4, str) else ""  # the column has four places: none are four spaces
    return f"···· {digits}" if digits else ""


def dropped(counts: object) -> str:
    """The unusable optional values that a batch's payments lost, the most frequent reason first; "" if none.

    >>> dropped({"dob_not_a_date": 2, "coordinates_out_of_range": 1200}), dropped(None)
    ('left out of payments as unusable: 1,200 × coordinates out of range, 2 × dob not a date', '')
    """
    if not isinstance(counts, dict) or not counts:
        return ""
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "left out of payments as unusable: " + ", ".join(f"{number:,} × {plain(reason)}" for reason, number in most)


def plain(code: str | None) -> str:
    """A category or code without its underscores.

    >>> plain("gas_transport"), plain(None)
    ('gas transport', 'none named')
    """
    return code.replace("_", " ") if isinstance(code, str) and code else "none named"


def category(code: str | None) -> str:
    """A category in the words of the mails.

    >>> category("shopping_net"), category("grocery_pos"), category("gas_transport"), category(None)
    ('shopping, online', 'grocery, in person', 'gas transport', 'none named')
    """
    words = plain(code)
    for ending, meaning in ((" net", ", online"), (" pos", ", in person")):
        if words.endswith(ending):
            return words.removesuffix(ending) + meaning
    return words


def duration(seconds: float | None) -> str:
    """A span of time, one unit.

    >>> duration(3.4), duration(250), duration(9000), duration(200000), duration(None)
    ('3.4 s', '4 min', '2.5 h', '2.3 days', '—')
    """
    if seconds is None or seconds != seconds:
        return "—"
    if seconds < 90:
        return f"{seconds:.1f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 129600 else f"{seconds / 86400:.1f} days"


def verdict(code: str) -> str:
    """What a verdict says.

    >>> verdict("not_fraud"), verdict("withdrawn")
    ('not fraud', 'taken back')
    """
    return {"withdrawn": "taken back"}.get(code, code.replace("_", " "))


def as_markdown(text: str) -> str:
    r"""A text that stands as it is where Markdown is read, on one line.

    A backslash stops neither a bare address from becoming a link nor an icon's name from becoming the icon: both are
    sought once the escapes are gone. A word joiner, which is not seen, parts them.

    >>> as_markdown("*a* [b](c)"), as_markdown("www.a:b@c").count(WORD_JOINER)
    ('\\*a\\* \\[b\\]\\(c\\)', 3)
    """
    flat = LINK_STARTS.sub(WORD_JOINER, " ".join(str(text).split()))
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()<>#+-.!|~$:&" else letter for letter in flat)
