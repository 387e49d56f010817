"""Decode an answer's bytes to a table: tolerant of its wrapping, strict where it would have to guess.

Accepted: pandas' ``orient="split"`` or a list of records (also under one well-known key), either once more wrapped in
a JSON string. Columns may come in any order. Of a name that stands twice in one record the last value counts.

The cost of an answer is bounded before it is parsed: an answer with more marks of objects and values than the limits
is refused as a whole, whatever it holds. A good answer of the payments API's byte limit is far below them.

>>> decode(json.dumps('{"columns": ["cc_num"], "data": [[4532015112830366000]]}').encode()).rows
[[4532015112830366000]]
"""

from __future__ import annotations

import gc
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Any

from fraud_common.errors import PayloadError
from fraud_common.text import count_text
from fraud_scorer.ingest.bounds import MOST_OBJECTS, MOST_RECORDS, MOST_VALUES
from fraud_scorer.ingest.envelope import read_envelope
from fraud_scorer.ingest.tables import AnyTable, Records, Table

RECORD_KEYS = ("data", "payments", "transactions", "results", "items", "records")
_MOST_WRAPPINGS = 3
_MOST_DIGITS = 4000  # Python refuses to read longer integers; such a number is out of every range anyway
_HARMLESS = re.compile(r"[@$]?[A-Za-z_][A-Za-z_-]{0,30}[0-9]{0,2}")
_MOST_NAMED, _MOST_LOOKED_AT = 8, 100


def decode(body: bytes, *, http_status: int = 200, truncated: bool = False, bounded: bool = True) -> AnyTable:
    """The rows of one answer; ``bounded``: within the limits (a file is bounded by its reader).

    Integers stay exact whatever their size; bytes that are no UTF-8 and raw control characters survive as lone
    surrogates and NULs, so that validation can judge their row instead of losing the answer.

    Raises:
        PayloadError: empty, truncated, not JSON, JSON of another form, or beyond a limit; never quotes the body.
    """
    if truncated:
        raise PayloadError("the answer was cut before its announced length", "The bytes that came are in landing")
    if http_status == 204 and not body.strip():
        return Table((), [])
    try:
        with _garbage_collection_paused():
            return _table(_unwrapped([_text(body)], bounded=bounded), MOST_RECORDS if bounded else len(body))
    except RecursionError:
        raise PayloadError("the answer is nested too deeply", _CURE) from None


def _table(document: object, most: int) -> AnyTable:
    """The records, under any of their keys, and the envelope's notes.

    A failed answer without records is an error, not an empty minute; one with records is read, and reported.
    """
    if isinstance(document, list):
        return _records(document, most)
    table: AnyTable | None = None
    if isinstance(document, dict) and "columns" in document and "data" in document:
        table, key = _split(document, most), "data"
    elif isinstance(document, dict):
        there = [key for key in RECORD_KEYS if isinstance(document.get(key), list)]
        key = next((key for key in there if document[key]), there[0] if there else "")
        table = _records(document[key], most) if there else None
    if table is None or not isinstance(document, dict):
        raise PayloadError(
            f"the answer is JSON, but neither a split frame nor a list of records{_names_found(document)}", _CURE
        )
    envelope = read_envelope(document, key, len(table))
    if envelope.error and not len(table):
        raise PayloadError(f"the answer says that it failed ({envelope.error}), and brings no records", _CURE_FAILED)
    return replace(table, envelope=envelope)


def _names_found(document: object) -> str:
    """Name the keys found in the answer; none that could be anybody's data."""
    if not isinstance(document, dict):
        return ""
    inner = [f"{key} holds {_names(document[key])}" for key in RECORD_KEYS if isinstance(document.get(key), dict)]
    found = "; ".join([f"it holds {_names(document)}", *inner])
    return f" ({found}; a list is looked for under {', '.join(RECORD_KEYS)})"


def _names(document: dict[str, object]) -> str:
    return harmless_names(islice(document, _MOST_LOOKED_AT), count=len(document)) or "no names"


_CURE = "Compare the payments API's answer with docs/connect-your-own-api.md"
_CURE_FAILED = "Ask whoever runs the payments API; check PAYMENTS_API_URL and PAYMENTS_API_HEADERS"
_CURE_LIMIT = "Let the payments API answer with less: fewer fields a payment, or smaller pages"


@contextmanager
def _garbage_collection_paused() -> Iterator[None]:
    """No search for cycles while millions of values are made: JSON has none, and the search costs a third more."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _text(body: bytes) -> str:
    if not body.strip():
        raise PayloadError("the answer is empty", _CURE)
    encoding = json.detect_encoding(body)
    try:
        text = body.decode(encoding, errors="surrogateescape")
    except UnicodeDecodeError:
        raise PayloadError(f"the answer begins as {encoding} and does not go on so", _CURE) from None
    if text.lstrip()[:1] == "<":
        raise PayloadError("the answer is an HTML or XML page, not JSON", _CURE)
    return text


def _unwrapped(wrapped: list[object], *, bounded: bool) -> object:
    """Unwrap the document in a list of one, which is emptied: no wrapping is held while its content is parsed."""
    document = wrapped.pop()
    for _ in range(_MOST_WRAPPINGS):
        if not isinstance(document, str):
            break
        if bounded:
            _refuse_too_much(document)
        document = _parse(document)
    return document


def _parse(text: str) -> object:
    try:
        try:
            return json.loads(text, strict=False)
        except json.JSONDecodeError:
            raise
        except ValueError:
            return json.loads(text, strict=False, parse_int=_bounded_int)
    except json.JSONDecodeError as error:
        raise PayloadError(f"the answer is not JSON from character {error.pos:,} of {len(text):,} on", _CURE) from None


def _refuse_too_much(text: str) -> None:
    """Each value costs some 60 bytes and each object some 200, however short they are written."""
    if len(text) <= MOST_OBJECTS:
        return
    objects = text.count("{")
    values = objects + text.count("[") + text.count(",")
    for count, most, noun in ((objects, MOST_OBJECTS, "objects"), (values, MOST_VALUES, "values")):
        if count > most:
            raise PayloadError(f"the answer has about {count:,} {noun}: more than {most:,} are not read", _CURE_LIMIT)


def _bounded_int(digits: str) -> int | float:
    return int(digits) if len(digits) < _MOST_DIGITS else math.inf


def _refuse_too_many(rows: Sequence[object], most: int) -> None:
    if len(rows) > most:
        raise PayloadError(
            f"the answer has {len(rows):,} records: more than {most:,} at once are not read", _CURE_LIMIT
        )


def _split(document: dict[str, Any], most: int) -> Table:
    columns, rows, index = document["columns"], document["data"], document.get("index")
    if not isinstance(columns, list) or not isinstance(rows, list):
        raise PayloadError("the answer's columns or data are no lists", _CURE)
    _refuse_too_many(rows, most)
    if not all(isinstance(name, str | int | float | None) for name in columns):
        raise PayloadError("a column of the answer has a list or an object for its name", _CURE)
    names = tuple(map(str, columns))
    if len(set(names)) != len(names):
        twice = [name for name, count in Counter(names).items() if count > 1]
        raise PayloadError(f"the answer has columns twice: {harmless_names(twice, count=len(twice))}", _CURE)
    if isinstance(index, list) and len(index) != len(rows):
        raise PayloadError(f"the answer's index has {len(index)} entries and its data {len(rows)} rows", _CURE)
    for position, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(names):
            raise PayloadError(f"row {position} of the answer is not as long as its {len(names)} columns", _CURE)
    return Table(names, rows)


def harmless_names(names: Iterable[str], *, count: int) -> str:
    """The first of these names that can be nobody's data, and how many of all ``count`` are others."""
    shown = list(islice(filter(_HARMLESS.fullmatch, names), _MOST_NAMED))
    left = count - len(shown)
    told = [", ".join(shown)] * bool(shown) + [count_text(left, "other")] * bool(left)
    return " and ".join(told)


def _records(items: list[Any], most: int) -> Records:
    _refuse_too_many(items, most)
    odd = {position: item for position, item in enumerate(items) if not isinstance(item, dict)}
    if odd:
        items = [{} if position in odd else item for position, item in enumerate(items)]
    if items and not any(items):
        raise PayloadError("the answer is a list, but not of records", _CURE)
    return Records(items, odd)
