"""Encode declared features as the booster's matrix: the transformers that ``preprocess.joblib`` holds.

The pickled transformers are these classes, so the installed library must be the one that trained (the manifest says
which). Nothing is imputed: missing values reach the booster as NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer

from fraud_scorer.features.declared import NUMBER_FEATURES, TEXT_FEATURES

_MOST_CATEGORIES = 60


class NumberColumns(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Passes numbers on as float32; NaN stays NaN."""

    def fit(self, X: pd.DataFrame, y: object = None) -> NumberColumns:  # noqa: ARG002, N803 - scikit-learn's signature
        """Learn the columns' names."""
        self.columns_ = list(X.columns)
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:  # noqa: N803
        """Float32, shape (rows, columns)."""
        return X.to_numpy(np.float32, na_value=np.nan)

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:  # noqa: ARG002
        """The columns' own names."""
        return np.asarray(self.columns_, dtype=object)


class TextColumns(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """One column of 0 and 1 a value seen in training, the most frequent ``_MOST_CATEGORIES``; others: all zero."""

    def fit(self, X: pd.DataFrame, y: object = None) -> TextColumns:  # noqa: ARG002, N803
        """Learn each column's values, sorted."""
        self.values_ = {}
        for name in X.columns:
            seen = X[name].dropna().astype(object).value_counts()
            frequent = sorted(seen.index, key=lambda value: (-seen[value], value))[:_MOST_CATEGORIES]
            self.values_[name] = sorted(frequent)
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:  # noqa: N803
        """Float32 of 0 and 1, shape (rows, values of all columns)."""
        blocks = [_one_hot(X[name], values) for name, values in self.values_.items()]
        return np.hstack(blocks) if blocks else np.zeros((len(X), 0), np.float32)

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:  # noqa: ARG002
        """``column=value``, in the order of the matrix."""
        names = [f"{name}={value}" for name, values in self.values_.items() for value in values]
        return np.asarray(names, dtype=object)


def _one_hot(column: pd.Series, values: Sequence[str]) -> np.ndarray:
    place = {value: number for number, value in enumerate(values)}
    codes = column.astype(object).map(place).fillna(-1).to_numpy(np.int64)
    block = np.zeros((len(column), len(values)), np.float32)
    known = np.flatnonzero(codes >= 0)
    block[known, codes[known]] = 1.0
    return block


def make_preprocess() -> Any:
    """An unfitted scikit-learn transformer: declared features in, float32 matrix out."""
    return ColumnTransformer(
        [("numbers", NumberColumns(), list(NUMBER_FEATURES)), ("texts", TextColumns(), list(TEXT_FEATURES))],
        verbose_feature_names_out=False,
        sparse_threshold=0,
    )
