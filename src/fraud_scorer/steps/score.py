"""score: score the prepared payments, calibrate, flag at the threshold, and give flagged payments their reasons.

Reasons cost some milliseconds a row: of more than ``MOST_EXPLAINED`` flagged payments (a broken model, a threshold of
0) the most probable ones get theirs, so that a run ends in time; `fraud-scorer explain` says the others'.

Nothing is invented: a scorer that gives too few, too many, infinite or out-of-range scores is an error, and a missing
feature stays missing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from fraud_common.errors import ArtifactError
from fraud_scorer.domain.frames import DECISION_COLUMNS
from fraud_scorer.domain.ports import Model, RawScores, Scorer

MOST_EXPLAINED = 2_000  # payments a run
SHADOW_COLUMNS = {
    "trans_num": "str",
    "model_hash": "str",
    "raw_score": "float64",
    "fraud_probability": "float64",
    "threshold": "float64",
    "flagged": "bool",
}


@dataclass(frozen=True)
class Scores:
    """The decisions, and their scorer."""

    decisions: pd.DataFrame  # DECISION_COLUMNS
    scored_by: str | None  # None: nothing was to be scored
    fallback_reason: str = ""
    variant: str = ""
    calls: int = 0


def score(
    trans_nums: pd.Series,
    features: pd.DataFrame,
    matrix: np.ndarray,
    currencies: pd.Series,
    *,
    model: Model,
    scorer: Scorer,
    threshold: float,
    reference: str,
) -> Scores:
    """Decide about each payment that transform prepared (new, corrected or rescored ones, refunds left out).

    Args:
        trans_nums: the payments' ids.
        features: the declared features, row by row those of ``trans_nums``.
        matrix: the model's input (float32), row by row.
        currencies: of the payments' amounts, row by row: reasons name amounts.
        model: the artefacts in force.
        scorer: SageMaker or the local model.
        threshold: a payment is flagged from this probability on.
        reference: the run, for the endpoint's log (never a card).

    Returns:
        One decision a payment, in the given order, with a fresh index.

    Raises:
        ArtifactError: matrix or scores do not fit the model.
        ValueError: a feature is infinite, which one payment can cause; the run finds out which batch brought it.
    """
    _check_matrix(model, matrix, len(trans_nums))
    answer = _scores(scorer, matrix, reference)
    probability = _probabilities(model, answer.raw)
    flagged = probability >= threshold
    decisions = pd.DataFrame(
        {
            "trans_num": trans_nums.reset_index(drop=True),
            "raw_score": answer.raw,
            "fraud_probability": probability,
            "threshold": float(threshold),
            "flagged": flagged,
            "reasons": _reasons(model, features, matrix, currencies, _to_explain(probability, flagged)),
            "model_hash": model.model_hash,
            "scored_by": answer.scored_by,
        }
    ).astype(DECISION_COLUMNS)
    if not len(decisions):
        return Scores(decisions, None)
    return Scores(decisions, answer.scored_by, answer.fallback_reason, answer.variant, answer.calls)


def shadow_scores(
    trans_nums: pd.Series, features: pd.DataFrame, *, model: Model, scorer: Scorer, threshold: float
) -> pd.DataFrame:
    """A second model's decisions about the same payments: ``SHADOW_COLUMNS``, no reasons, no alert."""
    matrix = model.matrix(features) if len(features) else np.zeros((0, len(model.features)), np.float32)
    _check_matrix(model, matrix, len(trans_nums))
    raw = _scores(scorer, matrix, "shadow").raw
    probability = _probabilities(model, raw)
    return pd.DataFrame(
        {
            "trans_num": trans_nums.reset_index(drop=True),
            "model_hash": model.model_hash,
            "raw_score": raw,
            "fraud_probability": probability,
            "threshold": float(threshold),
            "flagged": probability >= threshold,
        }
    ).astype(SHADOW_COLUMNS)


def _check_matrix(model: Model, matrix: np.ndarray, rows: int) -> None:
    width = len(model.features)
    if matrix.shape != (rows, width):
        raise ArtifactError(f"{rows} payments came with a matrix of {matrix.shape}, expected {width} columns", _CURE)
    if np.isinf(matrix).any():
        column = model.features[int(np.flatnonzero(np.isinf(matrix).any(axis=0))[0])]
        raise ValueError(f"feature {column} is infinite")


def _scores(scorer: Scorer, matrix: np.ndarray, reference: str) -> RawScores:
    if not len(matrix):
        return RawScores(np.zeros(0), "local")
    answer = scorer.score(matrix, reference=reference)
    if answer.raw.shape != (len(matrix),):
        raise ArtifactError(f"{answer.scored_by} gave {answer.raw.shape} scores for {len(matrix)} payments", _CURE)
    if not (np.isfinite(answer.raw).all() and (answer.raw >= 0).all() and (answer.raw <= 1).all()):
        raise ArtifactError(f"{answer.scored_by} gave a score that is no number from 0 to 1", _CURE)
    return answer


def _probabilities(model: Model, raw: np.ndarray) -> np.ndarray:
    probability = np.asarray(model.calibrate(raw), np.float64)
    if probability.shape != raw.shape or not ((probability >= 0) & (probability <= 1)).all():
        raise ArtifactError("calibration gave no probability from 0 to 1 for each score", _CURE)
    return probability


def _to_explain(probability: np.ndarray, flagged: np.ndarray) -> np.ndarray:
    """Positions of the flagged payments, of the most probable ones if there are too many; ascending."""
    rows = np.flatnonzero(flagged)
    most_probable = np.argsort(-probability[rows], kind="stable")[:MOST_EXPLAINED]
    return np.sort(rows[most_probable])


def _reasons(
    model: Model, features: pd.DataFrame, matrix: np.ndarray, currencies: pd.Series, rows: np.ndarray
) -> pd.Series:
    reasons: list[list[dict[str, object]] | None] = [None] * len(features)
    found = model.reasons(features.iloc[rows], matrix[rows], currencies.iloc[rows].tolist()) if len(rows) else []
    for row, row_reasons in zip(rows.tolist(), found, strict=True):
        reasons[row] = row_reasons
    return pd.Series(reasons, dtype=object)


_CURE = "Run `fraud-scorer check`; if the model is at fault, restore its folder or train again"
