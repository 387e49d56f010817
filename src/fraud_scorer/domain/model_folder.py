"""The files of a model folder: names and format, shared by ``training.saving`` (writes) and ``scoring`` (reads)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

FORMAT = 1  # of the manifest
MANIFEST, PREPROCESS, BOOSTER = "manifest.json", "preprocess.joblib", "model.ubj"
SIGNATURE = "manifest.sig"  # of the manifest, where a model is signed


def calibrated(table: Mapping[str, Sequence[float]], raw: np.ndarray) -> np.ndarray:
    """Fraud probabilities (float64, 0-1) of raw scores: straight lines between the knots of the manifest's table.

    >>> calibrated({"raw": [0.0, 0.5, 1.0], "probability": [0.1, 0.2, 0.8]}, np.array([0.25, 0.75])).tolist()
    [0.15000000000000002, 0.5]
    """
    probability: np.ndarray = np.interp(np.asarray(raw, np.float64), table["raw"], table["probability"])
    return probability
