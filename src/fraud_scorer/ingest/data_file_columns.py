"""The columns of a file of past payments: required ones, and mapped ones that the file lacks."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from fraud_common.errors import DataFileError
from fraud_scorer.ingest.event_times import TIME_FIELDS
from fraud_scorer.ingest.field_map import OURS

Warn = Callable[[str], None]

TIMES = TIME_FIELDS
AMOUNTS = ("amt", "amt_minor")
_MAP_CURE = "Map it with --fields (one line a field, their name: ours)"


def refuse_missing_columns(
    path: Path, found: Mapping[str, object], unseen: Mapping[str, str], theirs: Sequence[str], *, label_required: bool
) -> None:
    """Refuse a file in which a required field is nowhere, or in a column that the map names and that is not there.

    ``found``: the fields of ours that the file has; ``unseen``: mapped names that no row has, theirs to ours;
    ``theirs``: the file's own columns.

    Raises:
        DataFileError: names the column, and the columns of the file.
    """
    single = ["trans_num", "cc_num", "merchant", *(["is_fraud"] if label_required else [])]
    missing = [name for name in single if name not in found]
    missing += [" or ".join(names) for names in (TIMES, AMOUNTS) if not any(name in found for name in names)]
    for their, ours in unseen.items():
        is_needed = ours in single or any(ours in one.split(" or ") for one in missing)
        if is_needed or (ours in TIMES + AMOUNTS and ours in found):
            raise DataFileError(
                f"{path} lacks the column {their}, which the field map calls {ours}. It has {', '.join(theirs[:30])}",
                "Correct the name in the field map",
            )
    if missing:
        what = "; ".join(f"{name} ({OURS[name]})" if name in OURS else name for name in missing)
        raise DataFileError(f"{path} lacks the column {what}. It has {', '.join(theirs[:30])}", _MAP_CURE)


def warn_unseen_columns(
    path: Path, found: Mapping[str, object], unseen: Mapping[str, str], theirs: Sequence[str], warn: Warn
) -> None:
    """Warn of each mapped column that the file lacks, in a sentence."""
    for their, ours in unseen.items():
        if ours == "is_fraud":  # payments to score have no labels yet
            continue
        near = difflib.get_close_matches(their, theirs, n=1)
        instead = f"the file's own {ours} is read" if ours in found else f"{ours} is missing in every payment"
        hint = f"; did you mean {near[0]}?" if near else "."
        warn(f"{path} lacks the column {their}, which the field map calls {ours}: {instead}{hint}")
