"""The shape of one payment's values, checked by pydantic column by column: one pass, an error names field and row.

The columns are the ones of ``fields.OURS``. An unusable value of a required field rejects its row; of an optional one
only the value is dropped. Content that needs more than one value (a time and its zone, an amount and its currency) is
judged in ``validate``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from fraud_scorer.ingest.amounts import MOST_MAJOR_UNITS

MOST_MINOR_UNITS = 10**15
_POSTGRES_INTEGER = 2**31 - 1
OPTIONAL = (
    "category", "city", "state", "zip", "gender", "lat", "long", "merch_lat", "merch_long", "city_pop", "dob",
    "is_fraud", "card_last4", "type", "status",
)  # fmt: skip
LONGEST = {
    "trans_num": 255, "merchant": 200, "category": 100, "city": 100, "state": 50, "zip": 16, "gender": 20,
    "currency": 3, "type": 100, "status": 100
}  # fmt: skip

StrictInt = Annotated[int, Field(strict=True)]
StrictFloat = Annotated[float, Field(strict=True)]
WholeId = Annotated[int, Field(strict=True, gt=-(10**30), lt=10**30)]
ShortText = Annotated[str, Field(strict=True, max_length=64)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] | None
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)] | None
EventTime = StrictInt | StrictFloat | ShortText | None
Amount = (
    Annotated[int, Field(strict=True, ge=-MOST_MAJOR_UNITS, le=MOST_MAJOR_UNITS)]
    | Annotated[float, Field(strict=True, ge=-MOST_MAJOR_UNITS, le=MOST_MAJOR_UNITS, allow_inf_nan=False)]
    | ShortText
    | None
)


def _adapter(value_type: Any) -> TypeAdapter[list[Any]]:
    return TypeAdapter(list[value_type])


def _text(name: str, pattern: str | None = None) -> Any:
    return Annotated[str, Field(strict=True, max_length=LONGEST[name], pattern=pattern)]


_ADAPTERS: dict[str, TypeAdapter[list[Any]]] = {
    "trans_num": _adapter(_text("trans_num", r"\S") | WholeId),
    "current_time": TypeAdapter(list[EventTime]),
    "trans_date_trans_time": TypeAdapter(list[EventTime]),
    **{name: TypeAdapter(list[EventTime]) for name in ("unix_time", "unix_micros", "unix_nanos")},
    "cc_num": TypeAdapter(list[StrictInt | Annotated[str, Field(strict=True, max_length=255)] | StrictFloat]),
    "card_last4": TypeAdapter(
        list[
            Annotated[str, Field(strict=True, pattern="^[0-9]{4}$")]
            | Annotated[int, Field(strict=True, ge=0, le=9999)]
            | None
        ]
    ),
    "merchant": _adapter(_text("merchant", r"\S") | WholeId),
    "amt": TypeAdapter(list[Amount]),
    "amt_minor": TypeAdapter(list[Annotated[int, Field(ge=-MOST_MINOR_UNITS, le=MOST_MINOR_UNITS)] | None]),
    "currency": TypeAdapter(
        list[Annotated[str, StringConstraints(strict=True, strip_whitespace=True, pattern="^[A-Za-z]{3}$")] | None]
    ),
    **{
        name: _adapter(_text(name) | WholeId | None)
        for name in ("category", "city", "state", "gender", "type", "status")
    },
    "zip": _adapter(_text("zip") | Annotated[int, Field(ge=0, lt=10**16)] | None),
    **{name: TypeAdapter(list[Latitude]) for name in ("lat", "merch_lat")},
    **{name: TypeAdapter(list[Longitude]) for name in ("long", "merch_long")},
    "city_pop": TypeAdapter(list[Annotated[int, Field(ge=0, le=_POSTGRES_INTEGER)] | None]),
    "dob": TypeAdapter(list[ShortText | None]),
    "is_fraud": TypeAdapter(list[bool | None]),
}
_REQUIRED = ("trans_num", "cc_num", "merchant")  # no adapter of another field refuses None
_LAX_NUMBERS = ("amt_minor", "lat", "long", "merch_lat", "merch_long", "city_pop", "zip", "card_last4")

_NOUNS = {
    "cc_num": "card", "amt": "amount", "amt_minor": "amount", "current_time": "event_time",
    "trans_date_trans_time": "event_time", "unix_time": "event_time", "unix_micros": "event_time",
    "unix_nanos": "event_time", "lat": "coordinates", "long": "coordinates",
    "merch_lat": "coordinates", "merch_long": "coordinates",
}  # fmt: skip
_EXPECTED = {
    "text": ("trans_num", "merchant", "category", "city", "state", "zip", "gender", "type", "status"),
    "a_card_number": ("cc_num",),
    "four_digits": ("card_last4",),
    "a_number": ("amt", "amt_minor", "lat", "long", "merch_lat", "merch_long", "city_pop"),
    "a_time": ("current_time", "trans_date_trans_time", "unix_time", "unix_micros", "unix_nanos"),
    "a_date": ("dob",),
    "a_currency": ("currency",),
    "true_or_false": ("is_fraud",),
}
_NOT_WHAT = {name: what for what, names in _EXPECTED.items() for name in names}
# pydantic's error type to (the rest of our reason code, the rest of our sentence); the first that occurred counts
_KINDS = {
    "missing": ("missing", "is missing"),
    "string_unicode": ("lone_surrogate", "holds a lone surrogate, which no database stores"),
    "string_too_long": ("too_long", "is too long"),
    "finite_number": ("not_finite", "is NaN or infinite"),
    "less_than_equal": ("out_of_range", "is out of range"),
    "greater_than_equal": ("out_of_range", "is out of range"),
}


@dataclass(frozen=True)
class Reject:
    """Why one row is no payment: a short code and a sentence, neither with any of the row's values."""

    row_index: int
    reason: str
    detail: str


def reject(row_index: int, field: str, kind: str, sentence: str) -> Reject:
    """The reject of a fault in ``field``: the code is ``<noun>_<kind>``."""
    return Reject(row_index, f"{_NOUNS.get(field, field)}_{kind}", f"{field} {sentence}")


@dataclass(frozen=True)
class Checked:
    """The well-formed rows' columns (all of ours, None where missing), and the faults of the other rows.

    ``kept`` holds the row index of each place in ``columns``; ``dropped`` the optional values that were unusable, of
    any row.
    """

    columns: dict[str, list[Any]]
    kept: list[int]
    rejects: list[Reject]
    dropped: list[Reject]


def check_columns(columns: Mapping[str, Sequence[object]], count: int) -> Checked:
    """Check ``count`` rows, column by column."""
    given = {name: list(columns.get(name, ())) or [None] * count for name in _ADAPTERS}
    _empty_is_missing(given)
    absent = {name for name, values in given.items() if name not in _REQUIRED and values.count(None) == count}
    checked: dict[str, list[Any]] = {}
    rejects: dict[int, Reject] = {}
    dropped: list[Reject] = []
    for name in _ADAPTERS:
        if name in absent:
            checked[name] = given[name]
            continue
        checked[name], faults = _checked(name, given[name])
        if faults and name in OPTIONAL:
            dropped += faults.values()
            given[name] = [None if row in faults else value for row, value in enumerate(given[name])]
            checked[name], _ = _checked(name, given[name])
        else:
            rejects = faults | rejects
    kept = [row for row in range(count) if row not in rejects]
    if rejects:
        given = {name: [values[row] for row in kept] for name, values in given.items()}
        checked = {name: adapter.validate_python(given[name]) for name, adapter in _ADAPTERS.items()}
    return Checked(checked, kept, list(rejects.values()), dropped)


def column_faults(name: str, values: list[object]) -> dict[int, Reject]:
    """Faults in the shape of a field's values, by position; a missing value is a fault where the field is required."""
    return _checked(name, values)[1]


def _checked(name: str, values: list[object]) -> tuple[list[Any], dict[int, Reject]]:
    """The column as its adapter reads it (empty where it has faults), and the faults by row."""
    faults = _booleans_for_numbers(name, values)
    try:
        read = _ADAPTERS[name].validate_python(values)
    except ValidationError as error:
        return [], _rejects_of(error, name) | faults
    return ([], faults) if faults else (read, {})


def _booleans_for_numbers(name: str, values: list[object]) -> dict[int, Reject]:
    """True is no number, though pydantic would take it for 1."""
    if name not in _LAX_NUMBERS or bool not in set(map(type, values)):
        return {}
    return {row: _not_what(row, name) for row, value in enumerate(values) if isinstance(value, bool)}


def _empty_is_missing(given: dict[str, list[object]]) -> None:
    """An empty text says nothing: the value is missing."""
    for name, values in given.items():
        if "" in values:
            given[name] = [None if value == "" else value for value in values]


def _not_what(row: int, field: str) -> Reject:
    what = _NOT_WHAT[field]
    return reject(row, field, f"not_{what}", f"is not {what.replace('_', ' ')}")


def _rejects_of(error: ValidationError, field: str) -> dict[int, Reject]:
    """One reject a row; of the alternatives that were tried, the most telling error counts."""
    found: dict[int, dict[str, Mapping[str, Any]]] = {}
    for fault in error.errors(include_url=False):
        kind = "missing" if _says_nothing(fault["input"]) else fault["type"]
        found.setdefault(int(fault["loc"][0]), {}).setdefault(kind, fault)
    return {row: _reject_of(row, field, faults) for row, faults in found.items()}


def _says_nothing(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _reject_of(row: int, field: str, faults: Mapping[str, Mapping[str, Any]]) -> Reject:
    for kind, (code, sentence) in _KINDS.items():
        if kind in faults:
            return reject(row, field, code, sentence + _limit(faults[kind]))
    return _not_what(row, field)


def _limit(fault: Mapping[str, Any]) -> str:
    """The limit that was passed, and by how much where that tells nothing of the value."""
    context = fault.get("ctx", {})
    if "max_length" in context:
        return f": {len(fault['input']):,} characters, {context['max_length']:,} at most"
    for name, word in (("le", "at most"), ("ge", "at least")):
        if name in context:
            return f": {context[name]:,.0f} {word}"
    return ""
