"""The columns of a dispute file under our names, and how its bad rows are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fraud_common.card_numbers import without_card_numbers
from fraud_common.errors import DataFileError
from fraud_scorer.ingest.data_files import row_names, text_frames
from fraud_scorer.ingest.tables import table_of_frame
from fraud_scorer.use_cases.disputes.label_map import OURS, LabelMap, fitting_format, folded

_MOST_TOLD = 5
BY_CARD = ("last4", "payment_date")  # and an amount: together they name a payment
COLUMNS_CURE = (
    "Its columns must be trans_num, is_fraud (1 or 0) or verdict (fraud, not_fraud, withdrawn), known_at (with its"
    " zone), or others by a map: --fields (docs/disputes.md)"
)


@dataclass(frozen=True)
class Fault:
    """Why one row cannot be used."""

    position: int
    reason: str
    cure: str


def refused(path: Path, faults: Sequence[Fault]) -> DataFileError:
    """The error that names the first rows, and how many there are."""
    first = faults[:_MOST_TOLD]
    rows = row_names([one.position for one in first], path)
    told = "; ".join(f"{row}: {one.reason}" for row, one in zip(rows, first, strict=True))
    more = f"; and {len(faults) - _MOST_TOLD:,} more rows" if len(faults) > _MOST_TOLD else ""
    return DataFileError(f"{path}, {told}{more}", faults[0].cure)


class Columns:
    """The mapped columns of a file, whole, under our names; texts, and None where a cell is empty."""

    def __init__(
        self,
        path: Path,
        label_map: LabelMap,
        missing: Callable[[Columns, LabelMap], list[str]],
        cure: str = COLUMNS_CURE,
    ) -> None:
        self.path, self._missing, self._cure = path, missing, cure
        self.name_of: dict[str, str] = {}
        self.values: dict[str, list[Any]] = {}
        self.only: dict[str, list[Any]] = {}
        self.positions: list[int] = []
        for frame in text_frames(path):
            if not self.positions:
                self._check(frame, label_map)
            self._take(frame)
        self._nothing: list[Any] = [None] * len(self.positions)

    def __getitem__(self, ours: str) -> list[Any]:
        return self.values.get(ours, self._nothing)

    def _check(self, frame: pd.DataFrame, label_map: LabelMap) -> None:
        folded_names = {folded(name): str(name) for name in frame.columns}
        self.name_of = {name: folded_names[name] for name in OURS if name in folded_names}
        mapped = set(label_map.columns.values())
        for ours in mapped:
            found = [folded_names[one] for one, to in label_map.columns.items() if to == ours and one in folded_names]
            if found:
                self.name_of[ours] = found[0]
            elif ours in self.name_of:
                del self.name_of[ours]
        self.only = {folded_names[name]: [] for name in label_map.only if name in folded_names}
        self._refuse_missing(label_map, list(folded_names.values()))
        self.values = {ours: [] for ours in self.name_of}

    def _refuse_missing(self, label_map: LabelMap, theirs: Sequence[str]) -> None:
        missing = self._missing(self, label_map)
        if not missing:
            return
        if "acquirer_reference" in self.name_of and missing == ["trans_num"]:
            raise DataFileError(
                f"{self.path} names payments by the acquirer's reference, which payments do not carry",
                "Give the settlement file that holds both (--references), or map last4, amount, payment_date",
            )
        wanted = [f"{name} ({_theirs(label_map, name)})" if _theirs(label_map, name) else name for name in missing]
        what = f"{self.path} has no column {', '.join(wanted)}. It has {', '.join(theirs[:30])}"
        ready = fitting_format(theirs)
        cure = f"It looks like a file for --format {ready}" if ready else self._cure
        raise DataFileError(without_card_numbers(what), cure)

    @property
    def name_cards(self) -> bool:
        """Whether rows may name a payment by last four digits, amount and day."""
        return all(name in self.name_of for name in BY_CARD) and bool({"amount", "amount_minor"} & set(self.name_of))

    def _take(self, frame: pd.DataFrame) -> None:
        self.positions += frame.index.tolist()
        table = table_of_frame(frame[list(dict.fromkeys([*self.name_of.values(), *self.only]))])
        given = dict(zip(table.columns, zip(*table.rows, strict=True), strict=len(table) > 0))
        for ours, theirs in self.name_of.items():
            self.values[ours] += map(_text, given.get(theirs, ()))
        for theirs, kept in self.only.items():
            kept += map(_text, given.get(theirs, ()))


def missing_for_labels(columns: Columns, label_map: LabelMap, *, by_reference: bool) -> list[str]:
    """What a file of labels lacks; ``by_reference``: it is known which payment an acquirer's reference means."""
    has = columns.name_of
    is_named = "trans_num" in has or columns.name_cards or (by_reference and "acquirer_reference" in has)
    missing = [] if is_named else ["trans_num"]
    missing += [] if "known_at" in has else ["known_at"]
    missing += [] if {"is_fraud", "verdict"} & set(has) else ["is_fraud or verdict"]
    return missing + ([] if columns.only or not label_map.only else [" or ".join(label_map.only)])


def _theirs(label_map: LabelMap, ours: str) -> str:
    return " or ".join(theirs for theirs, one in label_map.columns.items() if one == ours)


def _text(value: object) -> object:
    """Texts and whole values as text; a float stays one, for an id that was one has lost its digits."""
    if value is None or isinstance(value, float):
        return value
    return str(value).strip() or None
