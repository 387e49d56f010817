"""Features that are missing in the data to score, though the model was trained with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fraud_scorer.features.declared import FEATURES
from fraud_scorer.ingest.data_file_columns import Warn

_BY_CHANCE = 0.001  # rarer than this, it is no accident that a feature is missing in every row


def wholly_missing(features: pd.DataFrame, manifest: Mapping[str, Any]) -> list[str]:
    """Names of the features missing in every row, though training had them far too often for that to be chance.

    Args:
        features: the declared features; of no row, nothing is missing.
        manifest: the model's; one without a reference says nothing.
    """
    reference = manifest.get("reference") or {"numbers": {}, "texts": {}}
    before = {name: entry["missing"] for name, entry in {**reference["numbers"], **reference["texts"]}.items()}
    return [
        one.name
        for one in FEATURES
        if before.get(one.name, 1.0) ** len(features) < _BY_CHANCE and features[one.name].isna().all()
    ]


def warn_missing(features: pd.DataFrame, manifest: Mapping[str, Any], warn: Warn) -> None:
    """Say in one sentence which features are wholly missing, and how they would be had."""
    if names := wholly_missing(features, manifest):
        warn(
            f"missing in every payment, though the model was trained with them: {', '.join(names)}. Scores are worse "
            "for it: map the columns they need with --fields; a card's past needs its earlier payments."
        )
