"""Texts for messages and logs: a number that may be a card's shows its last four digits only."""

from __future__ import annotations

import re

_MAY_BE_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")


def without_card_numbers(text: str) -> str:
    """``text`` with each card number (13 to 19 digits that pass Luhn's check, also in groups) masked.

    >>> without_card_numbers("4242 4242-42424242 and ch_4242424242424241")
    '************4242 and ch_4242424242424241'
    """
    return _MAY_BE_CARD.sub(lambda found: _masked(found[0]), text)


def _masked(found: str) -> str:
    digits = found.replace(" ", "").replace("-", "")
    return "*" * (len(digits) - 4) + digits[-4:] if _passes_luhn(digits) else found


def _passes_luhn(digits: str) -> bool:
    odd, even = digits[-1::-2], digits[-2::-2]
    return (sum(map(int, odd)) + sum(sum(divmod(2 * int(digit), 10)) for digit in even)) % 10 == 0
