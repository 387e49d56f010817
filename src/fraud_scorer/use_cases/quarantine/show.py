"""Shows one quarantined record: its fault and the names of its fields, or the whole record, masked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any

from fraud_common.errors import SettingsError
from fraud_scorer.ingest.event_times import TIME_FIELDS
from fraud_scorer.ingest.field_map import read_field_map
from fraud_scorer.ingest.sensitive_data import MARKER
from fraud_scorer.use_cases.quarantine.masking import Number, masked, text_of, value_of

if TYPE_CHECKING:
    from fraud_scorer.wiring import Parts

MOST_CHARACTERS, MOST_FIELDS, LONGEST_VALUE = 20_000, 200, 80
# what is wrong with a record is mostly wrong in one of these; none tells who somebody is
HARMLESS = frozenset(
    [*TIME_FIELDS, "trans_num", "amt", "amt_minor", "currency", "type", "status", "category", "is_fraud"]
)
_LAST_FOUR = re.compile(r"\*{8,15}\d{4}")
_KINDS = {str: "a text", Number: "a number", bool: "true or false", type(None): "null", list: "a list", dict: "empty"}


def show_record(parts: Parts, number: int, *, full: bool = False) -> dict[str, Any]:
    """The record of that number with ``record`` as text: its fields' names and the values of harmless ones.

    ``full``: all of it, without card numbers, codes and PINs. Control characters are escaped.

    Raises:
        SettingsError: there is no record of that number.
        LandingError: it is encrypted under a key that is not in the settings.
    """
    found = parts.database.quarantine.record(number)
    if found is None:
        raise SettingsError(f"there is no record {number}", "See `fraud-scorer quarantine list`")
    secret, detail = found["record"], masked(str(found["detail"]))
    if not secret:
        return found | {"detail": detail, "record": "(purged)"}
    text = text_of(parts.files.cipher.decrypt(secret, name=f"quarantined record {number}"))
    text = masked(text, parts.files.sensitive())
    return found | {
        "detail": detail,
        "record": _escape_control_characters(text if full else outline(text, _harmless(parts))),
    }


def _harmless(parts: Parts) -> frozenset[str]:
    """Our names of harmless fields, and their names by the field map; of one that cannot be read, ours alone."""
    try:
        fields = read_field_map(parts.settings.payments_api_fields)
    except SettingsError:
        return HARMLESS
    theirs = {path for path, ours in fields.theirs_to_ours.items() if not HARMLESS.isdisjoint([ours, *ours])}
    return HARMLESS | theirs


def outline(text: str, harmless: Set[str] = HARMLESS) -> str:
    """A line for each field of a masked record; the value only where the field is harmless.

    >>> print(outline('{"amt": -1, "cc_num": "************1486", "card": {"cvv": "[removed]"}}'))
    amt: -1
    cc_num: ************1486
    card.cvv: [removed]
    """
    value = value_of(text)
    if value is None:
        return f"no JSON: {len(text):,} characters"
    lines = [
        f"{path[:LONGEST_VALUE]}: {_field_text(path, one, harmless)}"
        for path, one in islice(_fields(value, ""), MOST_FIELDS)
    ]
    return "\n".join([*lines, "…"] if len(lines) == MOST_FIELDS else lines)


def _fields(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Each field by its path; of a split frame by its column's name."""
    if isinstance(value, str) and not isinstance(value, Number) and isinstance(inner := value_of(value), dict | list):
        value = inner
    if (
        isinstance(value, dict)
        and isinstance(columns := value.get("columns"), list)
        and isinstance(value.get("data"), list)
    ):
        for row in value["data"]:
            cells = row if isinstance(row, list) else [row]
            yield from ((str(name), cell) for name, cell in zip_longest(columns, cells, fillvalue=""))
    elif isinstance(value, dict | list) and value:
        for name, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _fields(one, f"{path}.{name}" if path else str(name))
    else:
        yield path or "record", value


def _field_text(path: str, value: Any, harmless: Set[str]) -> str:
    if value == MARKER or (isinstance(value, str) and _LAST_FOUR.fullmatch(value)):
        return str(value)
    name = re.sub(r"^\d+\.", "", path)
    if isinstance(value, str) and not harmless.isdisjoint([name, name.rpartition(".")[2]]):
        return value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE]} … of {len(value):,} characters"
    size = f" of {len(value):,} characters" if type(value) is str else ""
    return f"{_KINDS.get(type(value), 'a value')}{size}"


def _escape_control_characters(text: str) -> str:
    visible = "".join(one if one.isprintable() or one in "\n\t" else f"\\x{ord(one):02x}" for one in text)
    if len(visible) <= MOST_CHARACTERS:
        return visible
    return f"{visible[:MOST_CHARACTERS]} … of {len(visible):,} characters"
