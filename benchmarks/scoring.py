"""Scoring a batch: the bare booster is the limit, a call a payment is what a naive service does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from benchmarks.comparison import Comparison
from benchmarks.dataset import Dataset
from fraud_scorer.scoring.local import LocalScorer
from fraud_scorer.steps.score import score

_ONE_BY_ONE = 0.02  # share of the payments


@contextmanager
def comparisons(dataset: Dataset) -> Iterator[list[Comparison]]:
    """From features to decisions."""
    scorer = LocalScorer(dataset.model.booster_bytes, width=len(dataset.model.features))
    matrix = dataset.model.matrix(dataset.features)
    scorer.score(matrix[:1], reference="benchmark")
    few = round(len(matrix) * _ONE_BY_ONE)

    def ours() -> int:
        made = dataset.model.matrix(dataset.features)
        decided = score(
            dataset.payments["trans_num"], dataset.features, made, dataset.payments["currency"],
            model=dataset.model, scorer=scorer, threshold=2.0, reference="benchmark",
        )  # fmt: skip
        return _hash(decided.decisions["raw_score"].to_numpy())

    def one_by_one() -> int:
        return _hash(np.concatenate([scorer.score(matrix[row : row + 1], reference="").raw for row in range(few)]))

    yield [
        Comparison(
            "score payments",
            f"{len(matrix):,} payments, {dataset.features.shape[1]} features, {len(dataset.model.features)} columns",
            "preprocess, score, calibrate, flag",
            {
                "the booster alone (limit)": lambda: _hash(scorer.score(matrix, reference="").raw),
                "preprocess, score, calibrate, flag": ours,
                "the booster, a call a payment": one_by_one,
            },
            {"the booster, a call a payment": _ONE_BY_ONE},
        )
    ]


def _hash(scores: np.ndarray) -> int:
    return hash(scores.astype(np.float64).tobytes())
