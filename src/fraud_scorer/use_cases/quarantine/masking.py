"""What a person may see of a record that may hold anything: no card number, code or PIN, however it is written.

A record is decoded before it is judged: UTF-16 and UTF-32, JSON (also inside a string), escapes of JSON, Python, URLs
and HTML, base64 and hex. Each value is judged alone, and neighbouring short numbers of a list or an object together.
"""

from __future__ import annotations

import binascii
import codecs
import html
import json
import re
from base64 import b64decode
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import unquote

from fraud_common.card_numbers import OPAQUE, TIME, without_card_numbers
from fraud_scorer.ingest.sensitive_data import MARKER, SensitiveFields, without_sensitive

HIDDEN = "**** (a card number)"
_MOST_WRAPPINGS, _FEWEST_DIGITS, _LONGEST_PIECE = 4, 12, 8
_MILLISECONDS = re.compile(r"1\d{12}")  # a time, never a card number
# Twelve digits or more, in one piece or in groups with something between them: hidden, whether a card's or not.
_LONG_NUMBER = re.compile(r"\d{3,6}(?:\.\d{3,7}){2,5}|\d+(?:[^\w,:\"'.\[\]{}\\]\d{2,})*")
_FLOAT = re.compile(r"\d\.\d{8,}[eE]\+?\d+")  # the digits stand around the point
# With letters, quotes, underscores or anything between the digits, if they pass Luhn's check.
_APART = re.compile(r"\d(?:\D{0,6}\d){12,}")
_TIME = re.compile(rf"(?<!\d)1\d{{12}}(?!\d)|{TIME}")  # of day, or in milliseconds: never a card number
_WORD_END, _WORD_START = re.compile(r"[0-9A-Za-z-]{0,64}\Z"), re.compile(r"\A[0-9A-Za-z-]{0,64}")
_ESCAPE = re.compile(r"\\+u\{?([0-9a-fA-F]{1,6})\}|\\+u([0-9a-fA-F]{4})|\\+x([0-9a-fA-F]{2})")
_PACKED = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_BOMS = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32", codecs.BOM_UTF16_LE: "utf-16",
         codecs.BOM_UTF16_BE: "utf-16", codecs.BOM_UTF8: "utf-8-sig"}  # fmt: skip
_GZIP = b"\x1f\x8b"
_NOTHING = SensitiveFields()


def text_of(body: bytes) -> str:
    r"""``body`` as text: by its mark of byte order, or by where its zero bytes stand; what is no text is escaped.

    >>> text_of('{"amt": 1}'.encode("utf-16-le")), text_of(b"\xff1")
    ('{"amt": 1}', '\\xff1')
    """
    encoding = next((name for bom, name in _BOMS.items() if body.startswith(bom)), None)
    if encoding is None and body[:4096].count(0) * 4 > len(body[:4096]):
        shift = next((at for at, byte in enumerate(body[:4]) if byte), 0)
        wide = body[:4096].count(0) * 8 > len(body[:4096]) * 5
        encoding = ("utf-32" if wide else "utf-16") + ("-be" if shift else "-le")
    return body.decode(encoding or "utf-8", "backslashreplace")


def value_of(text: str) -> Any:
    """The JSON in ``text``, numbers as they were written (``Number``); None if it is none."""
    try:
        return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=Number, strict=False,
                          object_pairs_hook=_all_of)  # fmt: skip
    except (ValueError, RecursionError):
        return None


def _all_of(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which a name that comes again hides nothing."""
    found: dict[str, Any] = {}
    for place, (name, value) in enumerate(pairs):
        found[name if name not in found else f"{name} (again at {place})"] = value
    return found


class Number(str):
    """A number as it was written."""

    __slots__ = ()


def masked(text: str, known: SensitiveFields = _NOTHING) -> str:
    """``text`` without codes, PINs and track data, and of what may be a card number at most the last four digits.

    >>> masked('{"cc_num": 4539578763621486, "note": "4539 5787 6362 1486", "amt": 12.5}')
    '{"cc_num": "************1486", "note": "************1486", "amt": 12.5}'
    >>> masked("4.539578763621486e+15, 1763634660000, 48.1234567")
    '**** (a card number), 1763634660000, 48.1234567'
    """
    return _masked(text, known, 0)


def _masked(text: str, known: SensitiveFields, wrapped: int) -> str:
    text = without_sensitive(text.encode("utf-8", "replace"), known).body.decode("utf-8", "replace")
    value = value_of(text) if text.lstrip("\ufeff \t\r\n")[:1] in ("[", "{", '"') else None
    if value is None or wrapped > _MOST_WRAPPINGS:
        return _in_words(text, known, wrapped)
    try:
        hidden = _in_value(value, known, wrapped)
    except RecursionError:
        return f"{HIDDEN[:4]} (nested too deep to be shown)"
    return text if hidden == value else _json(hidden)


def _json(value: Any) -> str:
    """Numbers as they were written."""
    if isinstance(value, dict):
        fields = (f"{json.dumps(name, ensure_ascii=False)}: {_json(one)}" for name, one in value.items())
        return f"{{{', '.join(fields)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_json, value))}]"
    return str(value) if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)


def _in_value(value: Any, known: SensitiveFields, wrapped: int) -> Any:
    if isinstance(value, dict):
        names = [_masked(name, known, wrapped + 1) for name in value]
        return dict(zip(names, _neighbours(list(value.values()), known, wrapped), strict=True))
    if isinstance(value, list):
        return _neighbours(value, known, wrapped)
    if isinstance(value, Number):
        return value if (shown := _in_number(value)) == value else shown
    return _masked(value, known, wrapped + 1) if isinstance(value, str) else value


def _neighbours(values: Sequence[Any], known: SensitiveFields, wrapped: int) -> list[Any]:
    """Each value alone, and short pieces of digits that together make a card number hidden."""
    shown = [_in_value(value, known, wrapped) for value in values]
    pieces = [_piece(value) for value in values]
    joined = " ".join(pieces)
    if without_card_numbers(joined) == joined:
        return shown
    return ["****" if piece.isdigit() else one for one, piece in zip(shown, pieces, strict=True)]


def _piece(value: Any) -> str:
    """A short number or text of digits alone, also in a list or an object of its own; else what ends a card number."""
    while isinstance(value, list | dict) and len(value) == 1:
        value = next(iter(value.values() if isinstance(value, dict) else value))
    digits = re.sub(r"[\W_]", "", value) if isinstance(value, str) else ""
    return digits if digits.isdigit() and len(digits) <= _LONGEST_PIECE else "x"


def _in_number(number: str) -> str:
    """A whole number of twelve digits or more hidden, however it is written."""
    with suppress(InvalidOperation):
        value = Decimal(number)
        if value.is_finite() and _FEWEST_DIGITS - 1 <= value.adjusted() <= 30:
            digits = str(abs(int(value)))
            return number if _MILLISECONDS.fullmatch(number) else "*" * (len(digits) - 4) + digits[-4:]
    return _plain_masked(number)


def _in_words(text: str, known: SensitiveFields, wrapped: int) -> str:
    decoded = _unescaped(text)
    if decoded != text:
        return _masked(decoded, known, wrapped + 1) if wrapped <= _MOST_WRAPPINGS else HIDDEN
    return _plain_masked(_PACKED.sub(lambda found: _unpacked(found[0], known, wrapped), text))


def _plain_masked(text: str) -> str:
    """Times stay; between them nothing that may be a card number does."""
    found, at = [], 0
    for time in _TIME.finditer(text):
        found += [_without_numbers(text[at : time.start()]), time[0]]
        at = time.end()
    return "".join([*found, _without_numbers(text[at:])])


def _without_numbers(text: str) -> str:
    text = _LONG_NUMBER.sub(lambda found: _long(found[0]), _FLOAT.sub(HIDDEN, text))
    return _APART.sub(_apart, without_card_numbers(text))


def _long(found: str) -> str:
    digits = re.sub(r"\D", "", found)
    return found if len(digits) < _FEWEST_DIGITS else "*" * (len(digits) - 4) + digits[-4:]


def _apart(found: re.Match[str]) -> str:
    """What has other signs between its digits; an id of letters and digits is none by chance alone."""
    digits = re.sub(r"\D", "", found[0])
    before, after = found.string[: found.start()], found.string[found.end() :]
    word = f"{_WORD_END.findall(before)[0]}{found[0]}{_WORD_START.findall(after)[0]}"
    plain = digits if OPAQUE.fullmatch(word) else re.sub(r"\D+", " ", found[0])
    return HIDDEN if without_card_numbers(plain) != plain else found[0]


def _unescaped(text: str) -> str:
    """Escapes of JSON, Python, URLs and HTML read, where they stand in running text."""
    if "\\" in text:
        text = _ESCAPE.sub(lambda found: _character(found[1] or found[2] or found[3]), text)
    if "%" in text:
        text = unquote(text, errors="replace")
    return html.unescape(text) if "&" in text else text


def _character(code: str) -> str:
    return chr(number) if (number := int(code, 16)) < 0x110000 and not 0xD800 <= number < 0xE000 else "?"


def _unpacked(token: str, known: SensitiveFields, wrapped: int) -> str:
    """A word that is base64 or hex of something to hide, hidden as a whole."""
    if wrapped > _MOST_WRAPPINGS or token.isdigit():
        return token
    for body in _decoded(token):
        text = text_of(body)
        hidden = "" if body[:2] == _GZIP else _masked(text, known, wrapped + 1)
        if not hidden or hidden.count("*") > text.count("*") or MARKER in hidden:
            return f"**** (packed: {len(token)} characters)"
    return token


def _decoded(token: str) -> list[bytes]:
    """What the word may stand for."""
    found = []
    plain = token.rstrip("=").replace("-", "+").replace("_", "/")
    if len(plain) % 4 != 1:
        found.append(b64decode(plain + "=" * (-len(plain) % 4)))
    with suppress(binascii.Error):
        found.append(binascii.unhexlify(token))
    return found
