"""The shape of one payment's values, checked by pydantic column by column: one pass, an error names field and row.

The columns are the ones of ``fields.OURS``. Content that needs more than one value (a time and its zone, an amount
and its currency) is judged in ``validate``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

MOST_MAJOR_UNITS = 10**12
MOST_MINOR_UNITS = 10**15
_POSTGRES_INTEGER = 2**31 - 1
LONGEST = {
    "trans_num": 64, "merchant": 200, "category": 100, "city": 100, "state": 50, "zip": 16, "gender": 20, "currency": 3
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
    | Annotated[str, Field(strict=True, pattern=r"^[+-]?[0-9]{1,12}(\.[0-9]{1,18})?$")]
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
    "unix_time": TypeAdapter(list[EventTime]),
    "cc_num": TypeAdapter(list[StrictInt | Annotated[str, Field(strict=True, max_length=100)] | StrictFloat]),
    "merchant": _adapter(_text("merchant", r"\S") | WholeId),
    "amt": TypeAdapter(list[Amount]),
    "amt_minor": TypeAdapter(list[Annotated[int, Field(ge=-MOST_MINOR_UNITS, le=MOST_MINOR_UNITS)] | None]),
    "currency": TypeAdapter(list[Annotated[str, Field(strict=True, pattern="^[A-Za-z]{3}$")] | None]),
    **{name: _adapter(_text(name) | WholeId | None) for name in ("category", "city", "state", "gender")},
    "zip": _adapter(_text("zip") | Annotated[int, Field(ge=0, lt=10**16)] | None),
    **{name: TypeAdapter(list[Latitude]) for name in ("lat", "merch_lat")},
    **{name: TypeAdapter(list[Longitude]) for name in ("long", "merch_long")},
    "city_pop": TypeAdapter(list[Annotated[int, Field(ge=0, le=_POSTGRES_INTEGER)] | None]),
    "dob": TypeAdapter(list[ShortText | None]),
    "is_fraud": TypeAdapter(list[bool | None]),
}
_LAX_NUMBERS = ("amt_minor", "lat", "long", "merch_lat", "merch_long", "city_pop", "zip")

_NOUNS = {
    "cc_num": "card", "amt": "amount", "amt_minor": "amount", "current_time": "event_time",
    "trans_date_trans_time": "event_time", "unix_time": "event_time", "lat": "coordinates", "long": "coordinates",
    "merch_lat": "coordinates", "merch_long": "coordinates",
}  # fmt: skip
_EXPECTED = {
    "text": ("trans_num", "merchant", "category", "city", "state", "zip", "gender"),
    "a_card_number": ("cc_num",),
    "a_number": ("amt", "amt_minor", "lat", "long", "merch_lat", "merch_long", "city_pop"),
    "a_time": ("current_time", "trans_date_trans_time", "unix_time"),
    "a_date": ("dob",),
    "a_currency": ("currency",),
    "true_or_false": ("is_fraud",),
}
_NOT_WHAT = {name: what for what, names in _EXPECTED.items() for name in names}
# pydantic's error type to (the rest of our reason code, the rest of our sentence); the first that occurred counts
_KINDS = {
    "missing": ("missing", "is missing"),
    "string_unicode": ("lone_surrogate", "holds a lone surrogate, which no database stores"),
    "string_too_long": ("too_long", "is longer than is allowed"),
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


def check_columns(
    columns: Mapping[str, Sequence[object]], count: int
) -> tuple[dict[str, list[Any]], list[int], list[Reject]]:
    """The well-formed rows' columns (every one of ours, None where missing), their row indexes, and the rejects."""
    given = {name: list(columns.get(name, ())) or [None] * count for name in _ADAPTERS}
    rejects = _booleans_for_numbers(given)
    _empty_is_missing(given)
    checked: dict[str, list[Any]] = {}
    for name, adapter in _ADAPTERS.items():
        try:
            checked[name] = adapter.validate_python(given[name])
        except ValidationError as error:
            rejects = _rejects_of(error, name) | rejects
    kept = [row for row in range(count) if row not in rejects]
    if rejects:
        given = {name: [values[row] for row in kept] for name, values in given.items()}
        checked = {name: adapter.validate_python(given[name]) for name, adapter in _ADAPTERS.items()}
    return checked, kept, list(rejects.values())


def _booleans_for_numbers(given: Mapping[str, Sequence[object]]) -> dict[int, Reject]:
    """True is no number, though pydantic would take it for 1."""
    rejects: dict[int, Reject] = {}
    for name in _LAX_NUMBERS:
        if bool in set(map(type, given[name])):
            wrong = (row for row, value in enumerate(given[name]) if isinstance(value, bool))
            rejects |= {row: _not_what(row, name) for row in wrong if row not in rejects}
    return rejects


def _empty_is_missing(given: dict[str, list[object]]) -> None:
    """An empty text says nothing: the value is missing."""
    for name, values in given.items():
        if str in set(map(type, values)) and "" in values:
            given[name] = [None if value == "" else value for value in values]


def _not_what(row: int, field: str) -> Reject:
    what = _NOT_WHAT[field]
    return reject(row, field, f"not_{what}", f"is not {what.replace('_', ' ')}")


def _rejects_of(error: ValidationError, field: str) -> dict[int, Reject]:
    """One reject a row; of the alternatives that were tried, the most telling error counts."""
    types: dict[int, set[str]] = {}
    for fault in error.errors(include_url=False, include_context=False):
        kinds = types.setdefault(int(fault["loc"][0]), set())
        kinds.add("missing" if _says_nothing(fault["input"]) else fault["type"])
    return {row: _reject_of(row, field, kinds) for row, kinds in types.items()}


def _says_nothing(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _reject_of(row: int, field: str, kinds: Collection[str]) -> Reject:
    for kind, (code, sentence) in _KINDS.items():
        if kind in kinds:
            return reject(row, field, code, sentence)
    return _not_what(row, field)
