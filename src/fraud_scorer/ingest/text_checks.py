"""Card numbers where a text was expected: such a row is refused before any of its texts is stored or mailed."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from fraud_common.card_numbers import card_numbers_in
from fraud_scorer.ingest.columns import LONGEST, Reject, reject

NUMERIC_IDS = ("trans_num", "merchant")  # fields that a team may declare to be long numbers by nature
_TEXTS = tuple(name for name in LONGEST if name != "currency")
_SCALARS = {str, int, float, bool, type(None)}
_LONGEST_LOOKED_AT = 10_000  # characters; no field takes a longer text, so none is stored


_WRAPPED = re.compile(r"\\u00|<[^<>]*>|&#|%3\d")  # an escape or a tag, which may stand between or for digits
_ESCAPE, _TAG, _APART = re.compile(r"\\+u(00[0-9a-fA-F]{2})"), re.compile(r"<[^<>]*>"), "a"


@dataclass(frozen=True)
class NumericIds:
    """The fields whose values are long numbers by nature: one in ten long numbers passes Luhn's check.

    In them only digits in groups or of another script are refused, and the number of the payment's own card.
    ``stand_for_card``: the field map uses the id as the card too.
    """

    fields: Collection[str] = ()
    stand_for_card: bool = False


def card_numbers_in_texts(columns: Mapping[str, Sequence[object]], ids: NumericIds) -> dict[int, Reject]:
    """The first text field with a card number, by row; its detail shows the last four digits."""
    found: dict[int, Reject] = {}
    for name in _TEXTS:
        values = columns.get(name, ())
        for row, masked in _found_in(values, unless_plain=name in ids.fields).items():
            found.setdefault(row, _reject(row, name, masked))
        if name in ids.fields and not ids.stand_for_card:
            for row in _own_cards(values, columns.get("cc_num", ())):
                found.setdefault(row, _reject(row, name, "the payment's own"))
    return found


def _found_in(values: Sequence[object], *, unless_plain: bool) -> dict[int, str]:
    types = set(map(type, values))
    if not {str, int, float} & types:
        return {}
    hashable = values if types <= _SCALARS else [value if type(value) in _SCALARS else None for value in values]
    distinct = list(dict.fromkeys(hashable))
    texts = list(map(_text, distinct))
    masked = {distinct[place]: shown for place, shown in card_numbers_in(texts, unless_plain=unless_plain).items()}
    return {row: masked[value] for row, value in enumerate(hashable) if value in masked} if masked else {}


def _text(value: object) -> str:
    if isinstance(value, str):
        if len(value) > _LONGEST_LOOKED_AT:
            return ""
        return f"{value}{_APART}{_unwrapped(value)}" if _WRAPPED.search(value) else value
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**63 else ""
    return str(value) if isinstance(value, int) and abs(value) < 10**30 else ""


def _unwrapped(text: str) -> str:
    """``text`` as a page would show it: without tags, escapes of JSON, HTML and addresses resolved."""
    text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    return _TAG.sub("", unquote(html.unescape(text)))


def _own_cards(values: Sequence[object], cards: Sequence[object]) -> list[int]:
    """The rows whose id holds the digits of the row's card, as it came."""
    both = enumerate(zip(map(str, values), map(_digits, cards), strict=False))
    return [row for row, (text, card) in both if card and card in text]


def _digits(card: object) -> str:
    digits = str(card).replace(" ", "").replace("-", "")
    return digits if 13 <= len(digits) <= 19 and digits.isdigit() else ""


def _reject(row: int, field: str, which: str) -> Reject:
    sentence = f"holds a card number ({which}), which is never stored in a text: take it out where the payment is made"
    if field in NUMERIC_IDS:
        sentence += f"; ids that are long numbers are declared in the field map, numeric_ids: [{field}]"
    return reject(row, field, "card_number", sentence)
