"""The score step with a fake model and scorer: checks, calibration, flags, reasons."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest

from fraud_common.errors import ArtifactError
from fraud_scorer.domain.frames import DECISION_COLUMNS
from fraud_scorer.domain.ports import RawScores
from fraud_scorer.steps.score import MOST_EXPLAINED, SHADOW_COLUMNS, score, shadow_scores


@dataclass
class FakeModel:
    """Two columns; calibration halves; a reason names the row's first value."""

    model_hash: str = "cafe"
    features: tuple[str, ...] = ("a", "b")
    recommended_threshold: float = 0.5
    asked: list[int] = field(default_factory=list)
    currencies: list[str] = field(default_factory=list)

    def matrix(self, features: pd.DataFrame) -> np.ndarray:
        return features[["a", "b"]].to_numpy(np.float32)

    def calibrate(self, raw: np.ndarray) -> np.ndarray:
        return raw / 2

    def reasons(
        self, features: pd.DataFrame, matrix: np.ndarray, currencies: list[str]
    ) -> list[list[dict[str, object]]]:
        self.asked.append(len(features))
        self.currencies += currencies
        return [[{"code": "x", "text": f"a is {value:.0f}", "value": "", "usual": ""}] for value in features["a"]]


@dataclass
class FakeScorer:
    raw: list[float]

    def score(self, matrix: np.ndarray, *, reference: str) -> RawScores:
        return RawScores(np.array(self.raw), "sagemaker", variant="v1", calls=2)


def _inputs(rows: int = 3) -> tuple[pd.Series, pd.DataFrame, np.ndarray, pd.Series]:
    index = range(10, 10 + rows)
    features = pd.DataFrame({"a": np.arange(rows, dtype=float), "b": np.nan}, index=index)
    trans_nums = pd.Series([f"p{number}" for number in range(rows)], index=index, dtype="str")
    currencies = pd.Series(["USD", "JPY", "KWD"][:rows], index=index, dtype="str")
    return trans_nums, features, features.to_numpy(np.float32), currencies


def _decide(raw: list[float], *, threshold: float = 0.4, rows: int = 3, model: FakeModel | None = None):
    return score(
        *_inputs(rows), model=model or FakeModel(), scorer=FakeScorer(raw), threshold=threshold, reference="run"
    )


def test_calibrated_scores_are_flagged_from_the_threshold_on():
    """Raw and calibrated are both kept; equal to the threshold is flagged."""
    decisions = _decide([0.1, 0.8, 0.7]).decisions
    assert decisions["raw_score"].tolist() == [0.1, 0.8, 0.7]
    assert decisions["fraud_probability"].tolist() == [0.05, 0.4, 0.35]
    assert decisions["flagged"].tolist() == [False, True, False]
    assert decisions["threshold"].tolist() == [0.4] * 3
    assert {name: str(dtype) for name, dtype in decisions.dtypes.items()} == DECISION_COLUMNS


def test_only_flagged_payments_get_reasons():
    """Contributions are dear: the model is asked about flagged rows only, and each gets its own reasons."""
    model = FakeModel()
    decisions = _decide([0.9, 0.1, 0.9], model=model).decisions
    assert model.asked == [2]
    assert model.currencies == ["USD", "KWD"]
    assert [None if reasons is None else reasons[0]["text"] for reasons in decisions["reasons"]] == [
        "a is 0", None, "a is 2"
    ]  # fmt: skip


def test_who_scored_is_told():
    """The scorer's own words reach the ledger."""
    scores = _decide([0.1, 0.1, 0.1])
    assert (scores.scored_by, scores.variant, scores.calls) == ("sagemaker", "v1", 2)
    assert scores.decisions["scored_by"].tolist() == ["sagemaker"] * 3


def test_nothing_to_score_asks_nobody():
    """An empty run gives an empty frame of the declared columns, and no scorer."""
    scores = _decide([9.0], rows=0)
    assert scores.scored_by is None
    assert {name: str(dtype) for name, dtype in scores.decisions.dtypes.items()} == DECISION_COLUMNS


@pytest.mark.parametrize("raw", [[0.1, 0.2], [0.1, 0.2, 0.3, 0.4], [0.1, np.nan, 0.2], [0.1, 1.2, 0.2], [0.1, -0.1, 0]])
def test_scores_that_do_not_fit_are_refused(raw):
    """Too few, too many, NaN or out of range: an error, never an invented score."""
    with pytest.raises(ArtifactError, match="score"):
        _decide(raw)


def test_a_matrix_of_another_width_is_refused():
    """Rows and columns are the model's before anything is sent."""
    trans_nums, features, matrix, currencies = _inputs()
    parts = {"model": FakeModel(), "scorer": FakeScorer([0.1] * 3), "threshold": 0.5, "reference": "run"}
    with pytest.raises(ArtifactError, match="expected 2 columns"):
        score(trans_nums, features, matrix[:, :1], currencies, **parts)
    with pytest.raises(ValueError, match="feature b is infinite"):
        score(trans_nums, features, np.nan_to_num(matrix, nan=np.inf), currencies, **parts)


def test_reasons_are_bounded_and_go_to_the_most_probable():
    """A broken model flags all: the run ends in time, every payment is flagged, those beyond the bound have none."""
    model, rows = FakeModel(), MOST_EXPLAINED + 50
    raw = np.random.default_rng(3).permutation(np.linspace(0.2, 1, rows))
    index = range(rows)
    features = pd.DataFrame({"a": raw * 1000, "b": np.nan}, index=index)
    names = pd.Series([f"p{number}" for number in index], dtype="str")
    currencies = pd.Series(["USD"] * rows, dtype="str")
    decisions = score(
        names, features, features.to_numpy(np.float32), currencies, model=model, scorer=FakeScorer(raw.tolist()),
        threshold=0.0, reference="run",
    ).decisions  # fmt: skip
    assert decisions["flagged"].all()
    assert model.asked == [MOST_EXPLAINED]
    explained = decisions["reasons"].notna()
    assert decisions["raw_score"][explained].min() > decisions["raw_score"][~explained].max()
    assert [why[0]["text"] for why in decisions["reasons"][explained]] == [
        f"a is {value:.0f}" for value in features["a"][explained]
    ]


def test_a_shadow_model_decides_without_reasons():
    """The shadow's decisions are kept beside the live ones, under its own hash."""
    trans_nums, features, _, _ = _inputs()
    model = FakeModel(model_hash="beef")
    shadow = shadow_scores(trans_nums, features, model=model, scorer=FakeScorer([0.9, 0.1, 0.9]), threshold=0.4)
    assert list(shadow.columns) == list(SHADOW_COLUMNS)
    assert shadow["flagged"].tolist() == [True, False, True]
    assert set(shadow["model_hash"]) == {"beef"}
    assert model.asked == []
