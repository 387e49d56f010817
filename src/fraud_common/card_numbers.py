"""Card numbers inside texts: found however they are written, and masked for messages, logs and people.

A card number is 13 to 19 digits that pass Luhn's check: in one piece or in groups with at most eight characters between
two digits that are no letters, in any script's digits. A piece of 20 digits and more is none, unless it is a number
with its expiry; nor is a date with its time of day, of which one in ten passes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import accumulate

import numpy as np

_FEWEST, _MOST = 13, 19
_BETWEEN = r"[\W_]{0,8}"
_MAY_BE_CARD = re.compile(rf"\d(?:{_BETWEEN}\d){{{_FEWEST - 1},}}")
_PIECE = re.compile(r"\d+")
_WITH_EXPIRY = re.compile(r"[3-6]\d{14,15}(?:0[1-9]|1[0-2])[2-4]\d")  # 15 or 16 digits, then month and year
# an id of letters and digits: a digest or a UUID, whose runs of digits are chance
OPAQUE = re.compile(
    r"(?=.*[a-fA-F])(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
)
TIME = r"(?<!\d)(?:19|20)\d\d-(?:0[1-9]|1[0-2])-[0-3]\d[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:[.,]\d{1,6})?)?(?!\d)"
_TIME = re.compile(TIME)
_DIGIT, _OTHER, _LETTER = b"0"[0], b" "[0], b"a"[0]
_KIND_OF_BYTE = bytes(
    _DIGIT if chr(byte).isdigit() and byte < 128 else _LETTER if chr(byte).isalpha() and byte < 128 else _OTHER
    for byte in range(256)
)
_MAY_BE_CARD_BYTES = re.compile(rb"0(?: {0,8}0){%d}" % (_FEWEST - 1))
_PLAIN_RUN = re.compile(b"0" * _FEWEST)
_JOIN = "a"  # a letter: no run goes on from one text to the next


def without_card_numbers(text: str) -> str:
    """``text`` with each card number masked but for its last four digits.

    >>> without_card_numbers("4242 4242-42424242 and ch_4242424242424241")
    '************4242 and ch_4242424242424241'
    >>> without_card_numbers("42424242424242421228 and 42424242424242421328")
    '****************1228 and 42424242424242421328'
    """
    spans = list(_spans(text))
    for start, end in reversed(spans):
        text = f"{text[:start]}{_mask(text[start:end])}{text[end:]}"
    return text


def card_number_in(text: str, *, unless_plain: bool = False) -> str | None:
    """The first card number in ``text``, masked; None if there is none.

    ``unless_plain``: one in a single piece of ASCII digits is an id, and does not count.

    >>> card_number_in("paid by 4242.4242.4242.4242"), card_number_in("4242424242424241")
    ('************4242', None)
    """
    for start, end in _spans(text):
        found = text[start:end]
        if not (unless_plain and found.isascii() and found.isdigit()):
            return _mask(found)
    return None


def card_numbers_in(texts: Sequence[str], *, unless_plain: bool = False) -> dict[int, str]:
    """The masked card number of each text that holds one, by the text's position; a digest or a UUID holds none.

    One pass over all texts together; only texts that may hold a number are looked at alone.
    """
    places = _candidates(texts)
    found = {
        place: card_number_in(texts[place], unless_plain=unless_plain)
        for place in places
        if not OPAQUE.fullmatch(texts[place])
    }
    return {place: masked for place, masked in found.items() if masked}


def _candidates(texts: Sequence[str]) -> list[int]:
    """The places of the texts with enough digits close together; other scripts' texts are always looked at."""
    joined = _JOIN.join(texts)
    if not joined.isascii():
        foreign = [place for place, text in enumerate(texts) if not text.isascii()]
        plain = ["" if not text.isascii() else text for text in texts]
        return sorted({*foreign, *_candidates(plain)})
    kinds = joined.encode().translate(_KIND_OF_BYTE)
    pattern = _MAY_BE_CARD_BYTES if _OTHER in kinds else _PLAIN_RUN  # a literal is found ten times as fast
    starts = [found.start() for found in pattern.finditer(kinds)]
    if not starts:
        return []
    begins = np.fromiter(accumulate((len(text) + 1 for text in texts), initial=0), np.int64, len(texts) + 1)
    return sorted(set((np.searchsorted(begins, starts, side="right") - 1).tolist()))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """The spans of the card numbers in ``text``, left to right: whole pieces of digits, as many as make a number."""
    plain = text if text.isascii() else "".join(map(_plain, text))  # one character for each: places stay
    plain = _TIME.sub(lambda time: _JOIN * len(time[0]), plain)
    for run in _MAY_BE_CARD.finditer(plain):
        pieces = [piece.span() for piece in _PIECE.finditer(plain, *run.span())]
        first = 0
        while first < len(pieces):
            last = _number_from(plain, pieces, first)
            if last is not None:
                yield pieces[first][0], pieces[last][1]
                first = last
            first += 1


def _number_from(text: str, pieces: Sequence[tuple[int, int]], first: int) -> int | None:
    """The last piece of the longest card number that begins with the piece ``first``."""
    digits, found = "", None
    if _WITH_EXPIRY.fullmatch(alone := text[slice(*pieces[first])]) and _passes_luhn(alone[:-4]):
        return first
    for number in range(first, len(pieces)):
        digits += text[slice(*pieces[number])]
        if len(digits) > _MOST:
            break
        if len(digits) >= _FEWEST and _passes_luhn(digits):
            found = number
    return found


def _plain(character: str) -> str:
    """An ASCII digit for a digit of any script or form, also circled or raised; else the character."""
    value = unicodedata.digit(character, -1)
    return str(value) if value >= 0 else character


def _mask(found: str) -> str:
    digits = "".join(one for one in map(_plain, found) if one.isdigit())
    return "*" * (len(digits) - 4) + digits[-4:]


def _passes_luhn(digits: str) -> bool:
    odd, even = digits[-1::-2], digits[-2::-2]
    return (sum(map(int, odd)) + sum(sum(divmod(2 * int(digit), 10)) for digit in even)) % 10 == 0
