"""Baseline values, learnt from the training data, that reasons compare a payment with: the manifest's ``usual``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from fraud_scorer.features.declared import MONEY_FEATURES, NUMBER_FEATURES
from fraud_scorer.training.dataset import Dataset

_FEW_PAYMENTS = 200  # of a category or a currency: they say little


def baseline_values(data: Dataset, rows: np.ndarray) -> dict[str, Any]:
    """``explain.baseline.Baseline``'s fields: medians of genuine payments, fraud shares, the share made at night.

    Medians of amounts stand apart, by currency.
    """
    chosen = rows & (data.label == 0)
    genuine = data.features[chosen]
    labelled = data.features.loc[rows, "category"].to_frame().assign(fraud=data.label[rows])
    by_category = labelled.dropna().groupby("category")["fraud"].agg(["size", "mean"])
    by_category = by_category[by_category["size"] >= _FEW_PAYMENTS]
    return {
        "medians": _medians(genuine[[name for name in NUMBER_FEATURES if name not in MONEY_FEATURES]]),
        "amount_medians": {
            str(currency): _medians(amounts)
            for currency, amounts in genuine[list(MONEY_FEATURES)].groupby(data.currency[chosen])
            if len(amounts) >= _FEW_PAYMENTS
        },
        "fraud_share": float(f"{data.label[rows].mean():.4g}"),
        "night_share": float(f"{genuine['is_night'].mean():.4g}"),
        "category_fraud_shares": {str(name): float(f"{share:.4g}") for name, share in by_category["mean"].items()},
    }


def _medians(features: pd.DataFrame) -> dict[str, float]:
    return {str(name): float(f"{value:.6g}") for name, value in features.median().dropna().items()}
