"""The field map: from another team's field names to ours, which are the public API's.

A YAML mapping, theirs to ours; a dot leads into a nested object, a number is a place in a list::

    id: trans_num
    created: unix_time
    card.fingerprint: cc_num
    sepa.fingerprint: cc_num        # where the first is not there
    shops.0.name: merchant
    amount: amt_minor

Names that are ours already need no entry. Sections declare the rest (``field_file``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fraud_scorer.ingest.amounts import AmountNotation
from fraud_scorer.ingest.card_references import names_no_card
from fraud_scorer.ingest.event_times import TIME_FIELDS
from fraud_scorer.ingest.event_words import KindVocabulary
from fraud_scorer.ingest.tables import AnyTable
from fraud_scorer.ingest.text_checks import NumericIds
from fraud_scorer.ingest.validate import ValidationRules

# Our names, and their meanings. Required of a payment: trans_num, cc_num, merchant, one amount, one time.
OURS: dict[str, str] = {
    "trans_num": "the payment's id: text of at most 255 characters (an integer is taken as its digits)",
    "current_time": "event time: milliseconds since 1970, or ISO text",
    "trans_date_trans_time": "event time as text; naive times are in PAYMENTS_API_TIME_ZONE",
    "unix_time": "event time: seconds since 1970",
    "unix_micros": "event time: microseconds since 1970",
    "unix_nanos": "event time: nanoseconds since 1970",
    "cc_num": "the card: its number, or any stable reference of at most 255 bytes",
    "card_last4": "the card's last four digits, for people, where cc_num is a reference",
    "merchant": "the merchant's name or id",
    "amt": "amount in major units; negative is a refund",
    "amt_minor": "amount in minor units (cents), a whole number",
    "currency": "ISO 4217 code; FRAUD_CURRENCY where missing",
    "type": "what the record is: a payment, a refund, a verification",
    "status": "what became of it: captured, declined, refunded",
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
    """Their name (dots lead into nested objects and lists) to ours, or to several of ours; and the file's declarations.

    ``constants``: ours to the value of payments that say none. ``amounts`` and ``kinds``: as ``rules`` hands them to
    ``validate``. ``numeric_ids``: ours whose values are long numbers. ``remove``: theirs that never land.
    """

    theirs_to_ours: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    constants: Mapping[str, object] = field(default_factory=dict)
    amounts: AmountNotation = field(default_factory=AmountNotation)
    kinds: KindVocabulary = field(default_factory=KindVocabulary)
    numeric_ids: Sequence[str] = ()
    remove: Sequence[str] = ()

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Theirs and ours, one pair each, in the file's order: of several for one of ours the first comes first."""
        several = ((theirs, [ours] if isinstance(ours, str) else ours) for theirs, ours in self.theirs_to_ours.items())
        return [(theirs, one) for theirs, ours in several for one in ours]

    def maps(self, *ours: str) -> bool:
        """Whether one of these fields of ours is mapped or a constant."""
        return any(one in ours for _, one in self.pairs) or any(one in ours for one in self.constants)

    def apply(self, table: AnyTable) -> dict[str, list[object]]:
        """The table's columns under our names; unknown columns are left out.

        Where several of theirs are one of ours, each row has the first that is there in it: neither absent nor null
        nor an empty text; for a card nor a word for none, such as null.
        """
        found = {name: column for name in OURS if (column := table.column(name)) is not None}
        mapped: dict[str, list[object]] = {}
        for theirs, ours in self.pairs:
            if (column := _column(table, theirs)) is not None:
                first = mapped.get(ours)
                if first is not None and ours == "cc_num":
                    first = [None if names_no_card(value) else value for value in first]
                mapped[ours] = column if first is None else _filled(first, column)
        found |= mapped
        for ours, value in self.constants.items():
            constant: list[object] = [value] * len(table)
            found[ours] = _filled(found[ours], constant) if ours in found else constant
        return found

    @property
    def maps_time(self) -> bool:
        """Whether an event time is mapped: unmapped, ``current_time`` is the clock of the API's answer."""
        return any(ours in TIME_FIELDS for _, ours in self.pairs)

    def unseen(self, table: AnyTable) -> dict[str, str]:
        """The mapped names that no row has (a null counts as had), theirs to ours; of no rows, all.

        A name is not missed where another one for the same of ours stands.
        """
        seen = {ours for theirs, ours in self.pairs if _stands(table, theirs)}
        return {theirs: ours for theirs, ours in self.pairs if ours not in seen}

    def rules(self, *, time_zone: str, currency: str) -> ValidationRules:
        """The rules by which ``validate`` judges the columns that ``apply`` gives."""
        several = (ours for ours in self.theirs_to_ours.values() if not isinstance(ours, str))
        ids = NumericIds(self.numeric_ids, any({"trans_num", "cc_num"} <= set(ours) for ours in several))
        return ValidationRules(time_zone, currency, self.amounts, self.kinds, ids)


def _filled(first: list[object], second: list[object]) -> list[object]:
    return [
        other if one is None or (isinstance(one, str) and not one.strip()) else one
        for one, other in zip(first, second, strict=True)
    ]


def _column(table: AnyTable, name: str) -> list[object] | None:
    first, _, rest = name.partition(".")
    if (column := table.column(name)) is not None or not rest:
        return column
    holders, path = table.column(first), rest.split(".")
    return None if holders is None else [_nested(value, path) for value in holders]


def _nested(value: object, path: list[str]) -> object:
    for step in path:
        value = _below(value, step)
    return value


def _below(value: object, step: str) -> object:
    """The value under the name ``step`` of an object, or at that place of a list; None if there is none."""
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and step.isascii() and step.isdigit() and int(step) < len(value):
        return value[int(step)]
    return None


def _stands(table: AnyTable, name: str) -> bool:
    """Whether any row has ``name``; True below a field that is null in every row, for it may be there."""
    first, *path = [name] if table.column(name) is not None else name.split(".")
    values = table.column(first) or []
    for step in path:
        holders = [value for value in values if value is not None]
        if values and not holders:
            return True
        values = [_below(value, step) for value in holders if _has(value, step)]
    return bool(values)


def _has(value: object, step: str) -> bool:
    return step in value if isinstance(value, dict) else _below(value, step) is not None


def parse_field_map(text: str, *, source: str = "the field map") -> FieldMap:
    """The map that YAML ``text`` describes; see ``field_file.parse``."""
    from fraud_scorer.ingest.field_file import parse

    return parse(text, source=source)


def read_field_map(path: Path | None, *, named_by: str = "PAYMENTS_API_FIELDS") -> FieldMap:
    """The map in the file ``path`` that the setting or option ``named_by`` names; None: names are ours already.

    Raises:
        SettingsError: the file cannot be read, or is no field map.
    """
    if path is None:
        return FieldMap()
    from fraud_scorer.ingest.field_file import parse, text_of

    return parse(text_of(path, named_by), source=str(path))
