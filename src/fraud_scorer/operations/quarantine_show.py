"""One quarantined record for a person's eyes: as it came, but for card numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fraud_scorer.errors import SettingsError

if TYPE_CHECKING:
    from fraud_scorer.wiring import Parts

MOST_CHARACTERS = 20_000
# What may be a card number: twelve digits or more, in one piece or in groups with something between them.
_BETWEEN = r"(?:\\+u[0-9a-fA-F]{4}|\\+x[0-9a-fA-F]{2}|[^\w,:\"'.\[\]{}\\])"
_LONG_NUMBER = re.compile(rf"\d{{3,6}}(?:\.\d{{3,7}}){{2,5}}|\d+(?:{_BETWEEN}\d{{2,}})*")
_FEWEST_DIGITS = 12
_MILLISECONDS = re.compile(r"1\d{12}")  # a time, never a card number
# The same as a float: its digits stand around the point.
_FLOAT = re.compile(r"\d\.\d{8,}[eE]\+?\d+")


def shown(parts: Parts, number: int) -> dict[str, Any]:
    """The record of that number with ``record`` as text: control characters escaped, card numbers masked.

    Raises:
        SettingsError: there is no record of that number.
        LandingError: it is encrypted under a key that is not in the settings.
    """
    found = parts.quarantine.record(number)
    if found is None:
        raise SettingsError(f"there is no record {number}", "See `fraud-scorer quarantine list`")
    secret = found["record"]
    text = "(purged)" if not secret else _text(parts.cipher.decrypt(secret, name=f"quarantined record {number}"))
    return found | {"record": text}


def masked(text: str) -> str:
    """``text`` with all but the last four digits of what may be a card number replaced.

    >>> masked('{"cc_num": 4539578763621486, "note": "4539 5787 6362 1486", "amt": 12.5}')
    '{"cc_num": ************1486, "note": "************1486", "amt": 12.5}'
    >>> masked("4.539578763621486e+15, 1763634660000, 48.1234567")
    '**** (a card number as a float), 1763634660000, 48.1234567'
    """
    text = _FLOAT.sub("**** (a card number as a float)", text)
    return _LONG_NUMBER.sub(lambda found: _mask(found[0]), text)


def _mask(found: str) -> str:
    digits = re.sub(r"\\+u[0-9a-fA-F]{4}|\\+x[0-9a-fA-F]{2}|\D", "", found)
    if len(digits) < _FEWEST_DIGITS or _MILLISECONDS.fullmatch(found):
        return found
    return "*" * (len(digits) - 4) + digits[-4:]


def _text(body: bytes) -> str:
    text = masked(body.decode("utf-8", "backslashreplace"))
    visible = "".join(one if one.isprintable() or one in "\n\t" else f"\\x{ord(one):02x}" for one in text)
    return (
        visible if len(visible) <= MOST_CHARACTERS else f"{visible[:MOST_CHARACTERS]} … of {len(visible):,} characters"
    )
