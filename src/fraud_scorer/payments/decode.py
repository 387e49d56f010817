"""From the bytes of an answer to a table: tolerant of how it is wrapped, strict about what would be guesswork.

Accepted: pandas' ``orient="split"`` or a list of records (also under one well-known key), either once more wrapped in
a JSON string. Columns may come in any order.

>>> decode(json.dumps('{"columns": ["cc_num"], "data": [[4532015112830366000]]}').encode()).rows
[[4532015112830366000]]
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from fraud_scorer.errors import PayloadError
from fraud_scorer.payments.tables import Table

RECORD_KEYS = ("data", "payments", "transactions", "results", "items", "records")
_MOST_WRAPPINGS = 3
_MOST_DIGITS = 4000  # Python refuses to read longer integers; such a number is out of every range anyway


def decode(body: bytes, *, http_status: int = 200, truncated: bool = False) -> Table:
    """The rows of one answer.

    Integers stay exact whatever their size; bytes that are no UTF-8 and raw control characters survive as lone
    surrogates and NULs, so that validation can judge their row instead of losing the answer.

    Raises:
        PayloadError: empty, truncated, not JSON, or JSON of another form; never quotes the body.
    """
    if truncated:
        raise PayloadError("the answer was cut before its announced length", "The bytes that came are in landing")
    if http_status == 204 and not body.strip():
        return Table((), [])
    document = _unwrapped(_text(body))
    if isinstance(document, list):
        return _records(document)
    if isinstance(document, dict) and "columns" in document and "data" in document:
        return _split(document)
    if isinstance(document, dict):
        for key in RECORD_KEYS:
            if isinstance(document.get(key), list):
                return _records(document[key])
    raise PayloadError("the answer is JSON, but neither a split frame nor a list of records", _CURE)


_CURE = "Compare the payments API's answer with docs/connect-your-own-api.md"


def _text(body: bytes) -> str:
    if not body.strip():
        raise PayloadError("the answer is empty", _CURE)
    text = body.decode(json.detect_encoding(body), errors="surrogateescape")
    if text.lstrip()[:1] == "<":
        raise PayloadError("the answer is an HTML or XML page, not JSON", _CURE)
    return text


def _unwrapped(text: str) -> object:
    document: object = text
    for _ in range(_MOST_WRAPPINGS):
        if not isinstance(document, str):
            break
        document = _parse(document)
    return document


def _parse(text: str) -> object:
    try:
        try:
            return json.loads(text, strict=False)
        except json.JSONDecodeError as error:
            raise PayloadError(
                f"the answer is not JSON from character {error.pos:,} of {len(text):,} on", _CURE
            ) from None
        except ValueError:
            return json.loads(text, strict=False, parse_int=_bounded_int)
    except RecursionError:
        raise PayloadError("the answer is nested too deeply", _CURE) from None


def _bounded_int(digits: str) -> int | float:
    return int(digits) if len(digits) < _MOST_DIGITS else math.inf


def _split(document: dict[str, Any]) -> Table:
    columns, rows, index = document["columns"], document["data"], document.get("index")
    if not isinstance(columns, list) or not isinstance(rows, list):
        raise PayloadError("the answer's columns or data are no lists", _CURE)
    names = tuple(str(name) for name in columns)
    _refuse_duplicates(names)
    if isinstance(index, list) and len(index) != len(rows):
        raise PayloadError(f"the answer's index has {len(index)} entries and its data {len(rows)} rows", _CURE)
    for position, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(names):
            raise PayloadError(f"row {position} of the answer is not as long as its {len(names)} columns", _CURE)
    return Table(names, rows)


def _refuse_duplicates(names: Sequence[str]) -> None:
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise PayloadError(f"the answer has columns twice: {', '.join(twice)[:200]}", _CURE)


def _records(items: list[object]) -> Table:
    names: dict[str, None] = {}
    for item in items:
        if isinstance(item, dict):
            names.update(dict.fromkeys(item))
    columns = tuple(names)
    if items and not columns:
        raise PayloadError("the answer is a list, but not of records", _CURE)
    rows = [[item.get(name) for name in columns] if isinstance(item, dict) else [None] * len(columns) for item in items]
    odd = {position: item for position, item in enumerate(items) if not isinstance(item, dict)}
    return Table(columns, rows, odd)
