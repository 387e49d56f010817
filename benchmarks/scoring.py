"""Scoring a batch: the bare booster is the limit, a call a payment is what a naive service does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from benchmarks.contest import Contest
from benchmarks.town import Town
from fraud_scorer.scoring.local import LocalScorer
from fraud_scorer.steps.score import score

_ONE_BY_ONE = 0.02  # share of the payments


@contextmanager
def contests(town: Town) -> Iterator[list[Contest]]:
    """From features to decisions."""
    scorer = LocalScorer(town.model.booster_bytes, width=len(town.model.features))
    matrix = town.model.matrix(town.features)
    scorer.score(matrix[:1], reference="benchmark")
    few = round(len(matrix) * _ONE_BY_ONE)

    def ours() -> int:
        made = town.model.matrix(town.features)
        decided = score(
            town.payments["trans_num"], town.features, made, town.payments["currency"],
            model=town.model, scorer=scorer, threshold=2.0, reference="benchmark",
        )  # fmt: skip
        return _hash(decided.decisions["raw_score"].to_numpy())

    def one_by_one() -> int:
        return _hash(np.concatenate([scorer.score(matrix[row : row + 1], reference="").raw for row in range(few)]))

    yield [
        Contest(
            "score payments",
            f"{len(matrix):,} payments, {len(town.features.columns)} features, {len(town.model.features)} columns",
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
