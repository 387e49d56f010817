"""How a dispute file is to be read: its columns, its words, its zone and its dates, as a map in YAML says.

::

    columns:                    # theirs: ours
      Charge ID: trans_num
      Status: verdict
      Created date (UTC): known_at
    only:                       # rows with another value are left out, and counted
      Dispute Reason: [fraudulent]
    words:                      # of verdict: fraud, not_fraud, unsure, withdrawn or skip; "*" is any other word
      lost: fraud
      won: not_fraud
      "*": skip
    time_zone: UTC              # of times that name none
    date_order: dmy             # of 01.02.2026: dmy or mdy
    decimal: comma              # of amounts: point or comma
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from fraud_common.errors import SettingsError

OURS = {
    "trans_num": "the payment's id",
    "last4": "the card's last four digits (with amount and payment_date: instead of the id)",
    "amount": "the payment's amount, in major units",
    "amount_minor": "the payment's amount, in minor units (cents)",
    "currency": "the amount's currency; FRAUD_CURRENCY where missing",
    "payment_date": "the day of the payment",
    "acquirer_reference": "the acquirer's reference (ARN), with a settlement file that says which payment it means",
    "is_fraud": "1 or 0, or a word of the map",
    "verdict": "fraud, not_fraud, unsure, withdrawn, or a word of the map",
    "known_at": "when it became known",
    "note": "a remark that is kept",
}
MEANINGS = ("fraud", "not_fraud", "unsure", "withdrawn", "skip")
DATE_ORDERS = ("dmy", "mdy")
OTHERWISE = "*"
_SECTIONS = ("columns", "only", "words", "time_zone", "date_order", "decimal")
_CURE = "docs/disputes.md shows one"
_FORMATS = resources.files(__package__) / "formats"


@dataclass(frozen=True)
class LabelMap:
    """What a map says; the empty one knows our own columns and words only."""

    columns: Mapping[str, str] = field(default_factory=dict)  # theirs (folded) to ours
    only: Mapping[str, frozenset[str]] = field(default_factory=dict)  # their column (folded): values (folded)
    words: Mapping[str, str] = field(default_factory=dict)  # their word (folded) to one of MEANINGS
    time_zone: str | None = None
    date_order: str | None = None
    decimal: str | None = None

    def with_options(self, *, time_zone: str | None, date_order: str | None) -> LabelMap:
        """What the command line says goes before the map.

        Raises:
            SettingsError: no such order of dates.
        """
        if date_order not in (None, *DATE_ORDERS):
            raise SettingsError(f"--date-order {date_order} is unknown", f"It is {' or '.join(DATE_ORDERS)}")
        return replace(self, time_zone=time_zone or self.time_zone, date_order=date_order or self.date_order)


def folded(name: object) -> str:
    """A name or word as it is compared: small letters, no blanks around it."""
    return str(name).strip().casefold()


def formats() -> list[str]:
    """The names of the maps that are ready made."""
    return sorted(item.name.removesuffix(".yaml") for item in _FORMATS.iterdir() if item.name.endswith(".yaml"))


def fitting_format(names: Iterable[str]) -> str | None:
    """The ready-made map whose required columns a file of these columns has, if there is one."""
    given = {folded(name) for name in names}
    for name in formats():
        columns = chosen_map(None, name).columns
        has = {ours for theirs, ours in columns.items() if theirs in given}
        if {"trans_num", "verdict", "known_at"} <= has:
            return name
    return None


def chosen_map(path: Path | None, format_name: str | None) -> LabelMap:
    """The map in the file ``path``, or the ready-made one of that name; neither: our own names.

    Raises:
        SettingsError: both, no such name, the file cannot be read, or it is no such map.
    """
    if path and format_name:
        raise SettingsError("--fields and --format exclude each other", "Name one of them")
    if format_name:
        if format_name not in formats():
            raise SettingsError(f"--format {format_name} is unknown", f"There are {', '.join(formats())}")
        return parse_label_map((_FORMATS / f"{format_name}.yaml").read_text(encoding="utf-8"), source=format_name)
    if path is None:
        return LabelMap()
    try:
        return parse_label_map(path.read_text(encoding="utf-8"), source=str(path))
    except FileNotFoundError:
        raise SettingsError(f"--fields: {path} does not exist", "Check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"--fields: {path} cannot be read ({type(error).__name__})", _CURE) from None


def parse_label_map(text: str, *, source: str) -> LabelMap:
    """The map that YAML ``text`` describes; a plain mapping of names, without sections, is one of columns.

    Raises:
        SettingsError: not such a map; names the place and the nearest right name.
    """
    try:
        content = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - it makes texts only, never objects
    except yaml.YAMLError as error:
        raise SettingsError(f"{source} is not YAML ({type(error).__name__})", _CURE) from None
    if not isinstance(content, dict):
        raise SettingsError(f"{source} is no mapping", _CURE)
    if not set(content) & set(_SECTIONS):
        content = {"columns": content}
    for name in content:
        _require(name, _SECTIONS, source, "section")
    columns = _mapping(content, "columns", source)
    words = _mapping(content, "words", source)
    for ours in columns.values():
        _require(ours, OURS, source, "column of ours")
    for meaning in words.values():
        _require(meaning, MEANINGS, source, "meaning of a word")
    if (order := content.get("date_order")) is not None:
        _require(order, DATE_ORDERS, source, "order of dates")
    return LabelMap(
        {folded(theirs): ours for theirs, ours in columns.items()},
        {folded(name): _values(values, source) for name, values in _mapping(content, "only", source).items()},
        {folded(word): meaning for word, meaning in words.items()},
        content.get("time_zone"),
        order,
        content.get("decimal"),
    )


def _mapping(content: Mapping[str, Any], section: str, source: str) -> dict[str, Any]:
    found = content.get(section) or {}
    if not isinstance(found, dict):
        raise SettingsError(f"{source}: {section} is no mapping", _CURE)
    return found


def _values(values: object, source: str) -> frozenset[str]:
    listed = values if isinstance(values, list) else [values]
    if not all(isinstance(value, str) for value in listed):
        raise SettingsError(f"{source}: only holds something else than values", "Write a list: [fraudulent]")
    return frozenset(folded(value) for value in listed)


def _require(name: object, known: Mapping[str, str] | tuple[str, ...], source: str, what: str) -> None:
    if name not in known:
        near = difflib.get_close_matches(str(name), known, n=1)
        cure = f"Nearest: {near[0]}" if near else f"There are {', '.join(known)}"
        raise SettingsError(f"{source}: {name} is no {what}", cure)
