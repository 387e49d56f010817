"""Features: one declared list, one implementation for training, serving and backfill, point in time."""

from fraud_scorer.features.compute import compute_features
from fraud_scorer.features.declared import BY_NAME, FEATURE_NAMES, FEATURES, LOOK_BACK_DAYS, Feature
from fraud_scorer.features.merchant import PROFILE_COLUMNS, merchant_profile_rows

__all__ = [
    "BY_NAME",
    "FEATURES",
    "FEATURE_NAMES",
    "LOOK_BACK_DAYS",
    "PROFILE_COLUMNS",
    "Feature",
    "compute_features",
    "merchant_profile_rows",
]
