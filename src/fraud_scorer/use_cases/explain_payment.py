"""Why one stored payment got its probability, also where it was not flagged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from fraud_scorer.domain.ports import Model
from fraud_scorer.explain.reason_codes import with_current_codes
from fraud_scorer.features.declared import FEATURE_NAMES, TEXT_FEATURES, split_column

TOO_MUCH = "Too much was flagged with it to explain it then"  # steps.score.MOST_EXPLAINED


def features_of_matrix(matrix: np.ndarray, columns: Sequence[str]) -> pd.DataFrame:
    """The declared features that a stored matrix row was made of (what is exact in float32)."""
    frame = {name: np.full(len(matrix), np.nan) for name in FEATURE_NAMES if name not in TEXT_FEATURES}
    texts = {name: np.full(len(matrix), None, object) for name in TEXT_FEATURES}
    for place, column in enumerate(columns):
        name, value = split_column(column)
        if value:
            texts[name][matrix[:, place] == 1] = value
        elif name in frame:
            frame[name] = matrix[:, place].astype(np.float64)
    return pd.DataFrame({name: texts[name] if name in texts else frame[name] for name in FEATURE_NAMES})


def explain(payment: dict[str, Any], model: Model) -> tuple[list[dict[str, object]], str]:
    """The payment's reasons, and a sentence on where they come from (empty: as recorded with the decision)."""
    if payment["reasons"]:
        return with_current_codes(payment["reasons"]), ""
    if payment["features"] is None:
        return [], "It was not scored: refunds are stored, not scored." if payment[
            "is_refund"
        ] else "It was not scored."
    matrix = np.array([payment["features"]], np.float32)
    if payment["model_hash"] != model.model_hash:
        return [], f"It was scored by model {payment['model_hash'][:12]}, which is not the one in force."
    reasons = model.reasons(features_of_matrix(matrix, model.features), matrix, [payment["currency"]])[0]
    why_now = TOO_MUCH if payment["flagged"] else "It was not flagged"
    return reasons, f"{why_now}; this is what raised its probability most."
