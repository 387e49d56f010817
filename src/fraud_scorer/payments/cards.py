"""Card numbers as text digits, before they become tokens."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

_MOST_DIGITS, _FEWEST_DIGITS = 19, 8
_EXACT_FLOAT = 2**53
_REFERENCE = re.compile(r"[A-Za-z0-9_-]{8,64}")
_MASKED = re.compile(r"[xX*•#]{4,}")

INVALID = ("invalid", "is neither 8 to 19 digits nor a reference of 8 to 64 letters and digits")
DIGITS_LOST = ("digits_lost", "came as a float beyond 2^53: its last digits are lost")
NOT_FINITE = ("not_finite", "is NaN or infinite")
MASKED = ("masked", "is masked: it cannot tell one card from another")


def card_numbers(values: Sequence[object]) -> tuple[list[str], dict[int, tuple[str, str]]]:
    """Each card as text ("" where it is none), and by position what is wrong (code, sentence).

    Integers of any size are exact; spaces and dashes between digits are dropped; a whole float is taken as long as
    no digit can be lost.
    """
    exact = {value: _of_exact(value) for value in {value for value in values if not isinstance(value, float)}}
    # a float may equal an exact number and still have lost digits: never looked up among them
    verdicts = [_of_float(value) if isinstance(value, float) else exact[value] for value in values]
    faults = {position: verdict for position, verdict in enumerate(verdicts) if not isinstance(verdict, str)}
    return [verdict if isinstance(verdict, str) else "" for verdict in verdicts], faults


def _of_exact(value: object) -> str | tuple[str, str]:
    return _of_int(value) if isinstance(value, int) else _of_text(str(value))


def _of_float(value: float) -> str | tuple[str, str]:
    if not math.isfinite(value):
        return NOT_FINITE
    if abs(value) >= _EXACT_FLOAT:
        return DIGITS_LOST
    return _of_int(int(value)) if value.is_integer() else INVALID


def _of_int(value: int) -> str | tuple[str, str]:
    return str(value) if 10 ** (_FEWEST_DIGITS - 1) <= value < 10**_MOST_DIGITS else INVALID


def _of_text(text: str) -> str | tuple[str, str]:
    digits = text.replace(" ", "").replace("-", "")
    if digits.isascii() and digits.isdigit():
        return digits if _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS else INVALID
    if _MASKED.search(text):
        return MASKED
    return text if _REFERENCE.fullmatch(text) else INVALID
