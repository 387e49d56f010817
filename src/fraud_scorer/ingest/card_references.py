"""Card numbers and card references before they become tokens; a reference is the API's own opaque id of a card.

A reference is only hashed, so any text will do. A text like a number is judged as a number: its separators are dropped,
and a masked or damaged number is refused, because it would join the payments of different cards.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence

LONGEST_BYTES = 255
_MOST_DIGITS, _FEWEST_DIGITS = 19, 8
_EXACT_FLOAT = 2**53
_SEPARATORS = str.maketrans("", "", " -")
_PRINTED_FLOAT = re.compile(r"[0-9]+\.0*")
_EXPONENT = re.compile(r"[0-9]\.[0-9]+[eE]\+?[0-9]{1,2}")
_MASKS = "xX*#•●·∗✱…"
_ONLY_MASKS_AND_DIGITS = re.compile(rf"[0-9{_MASKS}\s./-]*")  # 4***...1111, XXXX1234, 4532 01** **** 0366
_MASK = re.compile(rf"[{_MASKS}][\s./-]*[{_MASKS}]|…|\.\.")
# how the last digits of a card are told: Visa ****1111, Mastercard ending in 4444, last4:1111
_LAST_DIGITS = re.compile(
    r"(?:[*•●∗]{3}|…|\.{3}|\b(?:ending|ends)(?: in| with)?|\blast[ _-]?(?:4|four))[\s:-]{0,3}[0-9]{2,6}\)?$",
    re.IGNORECASE,
)
_MOST_SHOWN_DIGITS = 12  # of a masked number: more of them name a card
_SAYS_NOTHING = frozenset(
    ["n/a", "na", "null", "none", "nil", "nan", "undefined", "unknown", "missing", "anonymous", "no card", "no_card",
     "no-card", "false", "true", "guest", "cash", "not available", "not applicable"]
)  # fmt: skip
_PLAIN = re.compile(r"(?=[^a-zA-Z]*[a-wyzA-WYZ])[A-Za-z0-9_-]{8,64}")  # the usual reference, matched first
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

INVALID = ("invalid", f"is neither a card number of 8 to 19 digits nor a text of at most {LONGEST_BYTES} bytes")
DIGITS_LOST = ("digits_lost", "came as a float beyond 2^53 or with an exponent: its last digits are lost")
NOT_FINITE = ("not_finite", "is NaN or infinite")
MASKED = ("masked", "is masked: it cannot tell one card from another")
NO_CARD = ("missing", "holds a word for no card, such as null or unknown")


def card_numbers(values: Sequence[object]) -> tuple[list[str], dict[int, tuple[str, str]]]:
    """Each card as text ("" where it is none), and the faults (code, sentence) by position.

    Integers of any size are exact; spaces and dashes between the digits of a number are dropped; a whole float is
    taken as long as no digit can be lost. A reference stays as it is, without the spaces around it.
    """
    exact = {value: _of_exact(value) for value in {value for value in values if not isinstance(value, float)}}
    # a float may equal an exact number and still have lost digits: never looked up among them
    verdicts = [_of_float(value) if isinstance(value, float) else exact[value] for value in values]
    faults = {position: verdict for position, verdict in enumerate(verdicts) if not isinstance(verdict, str)}
    return [verdict if isinstance(verdict, str) else "" for verdict in verdicts], faults


def names_no_card(value: object) -> bool:
    """Whether a text is a word for no card, such as null: another place of the record may name one.

    >>> names_no_card(" NULL "), names_no_card("tok_1"), names_no_card(None)
    (True, False, False)
    """
    return isinstance(value, str) and value.strip().casefold() in _SAYS_NOTHING


def last_four(card: str) -> str:
    """The last four digits of a card's number; "" of a reference, whose end people would take for the card's.

    >>> last_four("4532015112830366"), last_four("card_1MzFqA2e1234"), last_four("12345")
    ('0366', '', '')
    """
    return card[-4:] if _is_number(card) else ""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and _FEWEST_DIGITS <= len(text) <= _MOST_DIGITS


def _of_exact(value: object) -> str | tuple[str, str]:
    return _of_int(value) if isinstance(value, int) else _of_text(str(value))


def _of_float(value: float) -> str | tuple[str, str]:
    if not math.isfinite(value):
        return NOT_FINITE
    if abs(value) >= _EXACT_FLOAT:
        return DIGITS_LOST
    return _of_int(int(value)) if value.is_integer() else INVALID


def _of_int(value: int) -> str | tuple[str, str]:
    return str(value) if 0 < value < 10**LONGEST_BYTES else INVALID


def _of_text(text: str) -> str | tuple[str, str]:
    text = text.strip()
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)  # other scripts' digits
    digits = plain.translate(_SEPARATORS)
    if _is_number(digits):
        return digits
    if text.casefold() in _SAYS_NOTHING:
        return NO_CARD
    if _PLAIN.fullmatch(text):
        return text
    if _PRINTED_FLOAT.fullmatch(plain) and _FEWEST_DIGITS <= len(plain.partition(".")[0]) <= _MOST_DIGITS:
        return _of_float(float(plain))
    if _EXPONENT.fullmatch(plain):
        return DIGITS_LOST
    if _looks_masked(text):
        return MASKED
    if not any(map(str.isalnum, text)) or not text.strip("0- "):
        return NO_CARD
    return INVALID if _CONTROL.search(text) or len(text.encode()) > LONGEST_BYTES else text


def _looks_masked(text: str) -> bool:
    if sum(map(str.isdigit, text)) > _MOST_SHOWN_DIGITS:
        return False
    alone = _ONLY_MASKS_AND_DIGITS.fullmatch(text) and _MASK.search(text)
    return bool(alone or _LAST_DIGITS.search(text))
