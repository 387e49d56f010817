"""Which payment an acquirer's reference (ARN) means, from a settlement file: payments themselves do not carry one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fraud_scorer.use_cases.disputes.claims import Claim, id_text
from fraud_scorer.use_cases.disputes.columns import Columns, Fault, refused
from fraud_scorer.use_cases.disputes.label_map import LabelMap

_CURE = "Its columns must be acquirer_reference and trans_num, or what the map (--fields) calls so"
_WANTED = ("trans_num", "acquirer_reference")


def read_references(path: Path, label_map: LabelMap) -> dict[str, str]:
    """Reference to payment id, of the rows that have both.

    Raises:
        DataFileError: the file or one of the two columns cannot be used, or one reference means two payments.
    """
    columns = Columns(path, replace(label_map, only={}), _missing, _CURE)
    found: dict[str, str] = {}
    faults = []
    both = zip(columns.positions, columns["acquirer_reference"], columns["trans_num"], strict=True)
    for position, reference, trans_num in both:
        if reference is None or trans_num is None:
            continue
        try:
            if found.setdefault(id_text(reference), id_text(trans_num)) != id_text(trans_num):
                faults.append(Fault(position, "names a reference that means another payment above", "Keep one of them"))
        except ValueError as error:
            faults.append(Fault(position, "holds a number in place of an id", str(error) or "Save ids as text"))
    if faults:
        raise refused(path, faults)
    return found


def _missing(columns: Columns, _map: LabelMap) -> list[str]:
    return [name for name in _WANTED if name not in columns.name_of]


def with_ids(claims: Sequence[Claim], references: Mapping[str, str]) -> list[Claim]:
    """The claims, those that name no id with the one that their reference means."""
    return [
        replace(claim, trans_num=references.get(claim.reference or "")) if claim.trans_num is None else claim
        for claim in claims
    ]
