"""Fitting the booster: class weight, depth and regularisation are chosen on the validation period, never by default.

``base_score`` stays 0.5: boosters of newer libraries lose any other in the older ones that endpoints run. The number
of threads is fixed, because sums of floats depend on it: the same data must give the same file.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fraud_common.errors import DataFileError
from fraud_common.text import count_text
from fraud_scorer.training.metrics import average_precision

SEED = 20_261_120
_THREADS = 2
_FIXED: dict[str, Any] = {
    "objective": "binary:logistic",
    "base_score": 0.5,
    "tree_method": "hist",
    "eta": 0.1,
    "nthread": _THREADS,
    "seed": SEED,
}
# Tried in this order; a later one must be better by _WORTH_IT to be chosen.
GRID: tuple[dict[str, float], ...] = (
    {"max_depth": 6, "min_child_weight": 1, "reg_lambda": 1, "scale_pos_weight": 1},
    {"max_depth": 6, "min_child_weight": 1, "reg_lambda": 5, "scale_pos_weight": 5},
    {"max_depth": 4, "min_child_weight": 1, "reg_lambda": 1, "scale_pos_weight": 1},
    {"max_depth": 8, "min_child_weight": 0.3, "reg_lambda": 5, "scale_pos_weight": 1},
    {"max_depth": 6, "min_child_weight": 0.1, "reg_lambda": 1, "scale_pos_weight": 20},
    {"max_depth": 6, "min_child_weight": 5, "reg_lambda": 5, "scale_pos_weight": 1},
)  # fmt: skip
_WORTH_IT = 0.002
_SEARCH_GENUINE = 120_000
_MOST_GENUINE = 320_000
_MOST_ROUNDS = 400
_PATIENCE = 40
_LOOK_EVERY = 5  # judging the validation period takes twice as long as growing a tree
# Raw scores grow surer with the data that trees have seen. Of three folds each leaves out a third of the frauds, and
# the table made from their scores said 12 to 19 % too much of the shipped trees' scores; of six, 3 to 10 %. Each draws
# as many genuine payments as the shipped trees do.
_FOLDS = 6


@dataclass(frozen=True)
class ChosenSettings:
    """The chosen settings, and all that were tried."""

    parameters: dict[str, float]
    rounds: int
    tried: list[dict[str, float]]  # parameters and the validation's average precision


@dataclass(frozen=True)
class Sample:
    """Rows for fitting: every fraud, and of many genuine payments a part that stands for all by its weight."""

    matrix: np.ndarray
    label: np.ndarray
    weight: np.ndarray


Progress = Callable[[str], None]


def fit(
    matrix: np.ndarray, label: np.ndarray, fit_rows: np.ndarray, check_rows: np.ndarray, progress: Progress
) -> ChosenSettings:
    """The best of ``GRID`` by average precision on ``check_rows``, with as many trees as early stopping kept."""
    small = sample(matrix, label, fit_rows, _SEARCH_GENUINE)
    check = sample(matrix, label, check_rows, _SEARCH_GENUINE)
    tried = []
    best, best_score, rounds = GRID[0], -1.0, 1
    for number, parameters in enumerate(GRID, start=1):
        grown, score = _boost(small, check, parameters)
        tried.append({**parameters, "average_precision": round(score, 6)})
        progress(f"trying settings {number} of {len(GRID)}: average precision {score:.4f}")
        if score > best_score + (_WORTH_IT if best_score >= 0 else 0):
            best, best_score, rounds = parameters, score, grown
    return ChosenSettings(best, rounds, tried)


def refuse_thin_folds(label: np.ndarray, rows: np.ndarray, card: np.ndarray, name: str) -> None:
    """Refuse, before minutes of training, data of so few cards that some cannot be scored out of fold.

    Raises:
        DataFileError: without one part's cards, no fraud or no genuine payment is left to learn from.
    """
    for fold in range(_FOLDS):
        learnt = label[rows & (card % _FOLDS != fold)]
        for kind, value in (("frauds", 1), ("genuine payments", 0)):
            if not (learnt == value).any():
                cards = len(np.unique(card[rows & (label == value)]))
                raise DataFileError(
                    f"{name}: {kind} to fit on are of {count_text(cards, 'card')} only: without one part "
                    f"in {_FOLDS} of the cards, as calibration scores them, none are left to learn from",
                    f"Give {kind} of more cards, and check the column of the card (cc_num)",
                )


def out_of_fold(
    matrix: np.ndarray,
    label: np.ndarray,
    rows: np.ndarray,
    card: np.ndarray,
    fitted: ChosenSettings,
    progress: Progress,
) -> np.ndarray:
    """Raw scores of ``rows``, each by a booster that has seen no payment of the row's card: for calibration."""
    raw = np.full(len(label), np.nan)
    for fold in range(_FOLDS):
        progress(f"scoring each card by trees that have not seen it: part {fold + 1} of {_FOLDS}")
        held = rows & (card % _FOLDS == fold)
        raw[held] = predict(refit(matrix, label, rows & ~held, fitted), matrix[held])
    chosen: np.ndarray = raw[rows]
    return chosen


def refit(matrix: np.ndarray, label: np.ndarray, rows: np.ndarray, fitted: ChosenSettings) -> Any:
    """Fit the chosen settings and number of trees on ``rows``: a booster ready to ship."""
    import xgboost

    everything = sample(matrix, label, rows, _MOST_GENUINE)
    data = xgboost.QuantileDMatrix(everything.matrix, everything.label, weight=everything.weight, nthread=_THREADS)
    return xgboost.train(_FIXED | fitted.parameters, data, fitted.rounds, verbose_eval=False)


def sample(matrix: np.ndarray, label: np.ndarray, rows: np.ndarray, most_genuine: int) -> Sample:
    """All frauds of ``rows`` and at most ``most_genuine`` others, drawn evenly (seeded) and weighted up."""
    frauds = np.flatnonzero(rows & (label == 1))
    genuine = np.flatnonzero(rows & (label == 0))
    weight = 1.0
    if len(genuine) > most_genuine:
        weight = len(genuine) / most_genuine
        genuine = np.random.default_rng(SEED).choice(genuine, most_genuine, replace=False)
    chosen = np.sort(np.concatenate([frauds, genuine]))
    weights = np.where(label[chosen] == 1, 1.0, weight).astype(np.float32)
    return Sample(matrix[chosen], label[chosen], weights)


def predict(booster: Any, matrix: np.ndarray) -> np.ndarray:
    """Raw scores (float64)."""
    return np.asarray(booster.inplace_predict(matrix, validate_features=False), np.float64)


def quiet_threads() -> None:
    """Let waiting threads sleep, not spin (before XGBoost is imported): much faster on a shared machine."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def _boost(data: Sample, check: Sample, parameters: dict[str, float]) -> tuple[int, float]:
    """The number of trees with the best average precision on ``check``, and that precision."""
    import xgboost

    train = xgboost.QuantileDMatrix(data.matrix, data.label, weight=data.weight, nthread=_THREADS)
    watch = xgboost.QuantileDMatrix(check.matrix, check.label, weight=check.weight, ref=train, nthread=_THREADS)
    booster = xgboost.Booster(_FIXED | parameters, [train, watch])
    rounds, best = 0, -1.0
    for grown in range(1, _MOST_ROUNDS + 1):
        booster.update(train, grown - 1)
        if grown % _LOOK_EVERY:
            continue
        score = average_precision(check.label, booster.predict(watch).astype(np.float64), check.weight)
        if score > best:
            rounds, best = grown, score
        elif grown - rounds >= _PATIENCE:
            break
    return rounds, best
