"""Records of a file of past payments that are no purchases: never scored nor learnt from, and reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from fraud_scorer.ingest.data_file_columns import Warn
from fraud_scorer.ingest.event_words import SCORED, resolve_kinds
from fraud_scorer.ingest.validate import ValidationRules


def declared_kinds(columns: Mapping[str, Sequence[object]], count: int, rules: ValidationRules) -> pd.Series:
    """The kind of each of ``count`` raw rows by its type and status; without a known word it counts as a purchase."""
    types, statuses = (
        [value if isinstance(value, str) else str(value) if isinstance(value, int) else None for value in values]
        for values in (columns.get(name, [None] * count) for name in ("type", "status"))
    )
    return pd.Series(resolve_kinds(types, statuses, np.ones(count, np.int64), rules.kinds)[0])


def warn_skipped(kinds: pd.Series, warn: Warn, *, frauds: pd.Series | None = None) -> None:
    """Warn in one sentence of the records that are no purchases: counts by kind, and of frauds among them.

    ``frauds``: whether each record's label says fraud (boolean, null where there is none).
    """
    is_left = ~kinds.isin(SCORED)
    if not is_left.any():
        return
    counts = ", ".join(f"{count:,} of kind {kind}" for kind, count in kinds[is_left].value_counts().items())
    number = 0 if frauds is None else int(frauds[is_left].fillna(False).sum())
    labelled = f"; {number:,} of these are labelled fraud" if number else ""
    warn(
        f"left unscored, as no purchases: {counts}{labelled}. Where such a record is the payment itself, declare its "
        "word in the field map, as kinds: {purchase: [chargeback]}."
    )
