"""A small model that decides something: trained in a second on random numbers, flags a good third of the payments."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import xgboost

from fraud_scorer.features import FEATURES
from fraud_scorer.features.encoding import make_preprocess

THRESHOLD = 0.5


def make_model(folder: Path, seed: int = 7) -> Path:
    """Artefacts in ``folder``; another seed gives another model."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(seed)
    numbers = {one.name: chance.gamma(2.0, 50.0, 600) for one in FEATURES if one.dtype == "float64"}
    texts = {one.name: chance.choice(["grocery_pos", "travel"], 600) for one in FEATURES if one.dtype == "str"}
    features = pd.DataFrame(numbers | texts)[[one.name for one in FEATURES]]
    preprocess = make_preprocess()
    matrix = np.asarray(preprocess.fit_transform(features), np.float32)
    label = (features["amount"] > 60 + seed).to_numpy(int)
    train = xgboost.DMatrix(matrix, label)
    options = {"objective": "binary:logistic", "base_score": 0.5, "max_depth": 3, "nthread": 1, "seed": seed}
    booster = xgboost.train(options, train, 12)
    joblib.dump(preprocess, folder / "preprocess.joblib")
    booster.save_model(folder / "model.ubj")
    _write_manifest(folder, [str(name) for name in preprocess.get_feature_names_out()])
    return folder


def _write_manifest(folder: Path, columns: list[str]) -> None:
    libraries = ("scikit-learn", "xgboost", "numpy", "pandas")
    files = {name: {"sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()}
             for name in ("preprocess.joblib", "model.ubj")}  # fmt: skip
    manifest = {
        "format": 1, "files": files, "features": [{"name": one.name, "dtype": one.dtype} for one in FEATURES],
        "matrix_columns": columns, "library_versions": {name: importlib.metadata.version(name) for name in libraries},
        "calibration": {"raw": [0.0, 1.0], "probability": [0.0, 1.0]}, "recommended_threshold": THRESHOLD,
        "usual": {"medians": {}, "fraud_share": 0.005, "night_share": 0.1, "category_fraud_shares": {}},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
