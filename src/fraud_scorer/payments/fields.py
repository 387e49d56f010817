"""The field map: how another team's payments API names what we call by the public API's names.

A YAML mapping, theirs to ours; a dot leads into a nested object::

    id: trans_num
    created: unix_time
    card.fingerprint: cc_num
    merchant.name: merchant
    amount: amt_minor

Names that are ours already need no entry.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from fraud_scorer.errors import SettingsError
from fraud_scorer.payments.tables import AnyTable

# Our names, and what stands under them. Required of a payment: trans_num, cc_num, merchant, one amount, one time.
OURS: dict[str, str] = {
    "trans_num": "the payment's id: text (an integer is taken as its digits)",
    "current_time": "event time: milliseconds since 1970, or ISO text",
    "trans_date_trans_time": "event time as text; naive times are in PAYMENTS_API_TIME_ZONE",
    "unix_time": "event time: seconds since 1970",
    "cc_num": "the card: its number, or a stable reference of 8 to 64 letters and digits",
    "merchant": "the merchant's name or id",
    "amt": "amount in major units; negative is a refund",
    "amt_minor": "amount in minor units (cents), a whole number",
    "currency": "ISO 4217 code; FRAUD_CURRENCY where missing",
    "category": "the merchant's category",
    "city": "the card holder's city",
    "state": "the card holder's state",
    "zip": "the card holder's postal code; an integer is padded with zeros to five digits",
    "lat": "the card holder's latitude",
    "long": "the card holder's longitude",
    "merch_lat": "the merchant's latitude",
    "merch_long": "the merchant's longitude",
    "city_pop": "inhabitants of the city",
    "gender": "as the API writes it",
    "dob": "date of birth; only the age at the event is kept",
    "is_fraud": "the label, where the API has one; never a feature",
}


@dataclass(frozen=True)
class FieldMap:
    """Their name (dots lead into nested objects) to ours."""

    theirs_to_ours: Mapping[str, str] = field(default_factory=dict)

    def apply(self, table: AnyTable) -> dict[str, list[object]]:
        """The table's columns under our names; what we do not know is left out."""
        found = {name: column for name in OURS if (column := table.column(name)) is not None}
        for theirs, ours in self.theirs_to_ours.items():
            if (column := _column(table, theirs)) is not None:
                found[ours] = column
        return found

    def unseen(self, table: AnyTable) -> dict[str, str]:
        """The mapped names that no row has (a null counts as had), theirs to ours; of no rows, all."""
        return {theirs: ours for theirs, ours in self.theirs_to_ours.items() if not _stands(table, theirs)}


def _column(table: AnyTable, name: str) -> list[object] | None:
    first, _, rest = name.partition(".")
    if (column := table.column(name)) is not None or not rest:
        return column
    holders = table.column(first)
    return None if holders is None else [_nested(value, rest.split(".")) for value in holders]


def _stands(table: AnyTable, name: str) -> bool:
    """Whether any row has ``name``; below what is null in every row it may, for nothing says otherwise."""
    first, *path = [name] if table.column(name) is not None else name.split(".")
    values = table.column(first) or []
    for step in path:
        objects = [value for value in values if value is not None]
        if values and not objects:
            return True
        values = [value[step] for value in objects if isinstance(value, dict) and step in value]
    return bool(values)


def _nested(value: object, path: list[str]) -> object:
    for step in path:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def parse_field_map(text: str, *, source: str = "the field map") -> FieldMap:
    """The map that YAML ``text`` describes.

    Raises:
        SettingsError: not a mapping of names, a name that is not ours (with the nearest one), or one of ours twice.
    """
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SettingsError(f"{source} is not YAML ({type(error).__name__})", _CURE) from None
    if not isinstance(content, dict) or not all(isinstance(name, str) for pair in content.items() for name in pair):
        raise SettingsError(f"{source} is no mapping of names", _CURE)
    for ours in content.values():
        if ours not in OURS:
            near = difflib.get_close_matches(ours, OURS, n=1)
            raise SettingsError(
                f"{source} maps to {ours!r}, which is no field of ours", f"Nearest: {near[0]}" if near else _CURE
            )
    if len(set(content.values())) != len(content):
        raise SettingsError(f"{source} maps two names to the same field", _CURE)
    return FieldMap(content)


_CURE = "Write one line a field, their name: ours; docs/connect-your-own-api.md lists ours"


def read_field_map(path: Path | None, *, named_by: str = "PAYMENTS_API_FIELDS") -> FieldMap:
    """The map in the file ``path`` that the setting or option ``named_by`` names; None: names are ours already.

    Raises:
        SettingsError: the file cannot be read, or is no field map.
    """
    if path is None:
        return FieldMap()
    try:
        return parse_field_map(path.read_text(encoding="utf-8"), source=str(path))
    except FileNotFoundError:
        raise SettingsError(f"{named_by}: {path} does not exist", "Check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{named_by}: {path} cannot be read ({type(error).__name__})", _CURE) from None
