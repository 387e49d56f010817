"""Comparing two scorers on rows that show a difference."""

from pathlib import Path

import numpy as np
import pytest
import xgboost

from fraud_common.errors import EndpointUnavailable
from fraud_scorer.domain.ports import RawScores
from fraud_scorer.scoring.local import LocalScorer
from fraud_scorer.scoring.sagemaker.parity import compare, probe_rows


class Shifted:
    """Another scorer's scores, moved by ``by``."""

    def __init__(self, scorer: LocalScorer, by: float) -> None:
        self.scorer = scorer
        self.by = by

    def score(self, matrix: np.ndarray, *, reference: str) -> RawScores:
        return RawScores(self.scorer.score(matrix, reference=reference).raw + self.by, "sagemaker", calls=1)


@pytest.fixture
def booster(tmp_path: Path) -> Path:
    """A small booster's file; its second input is never used."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(300, 3)).astype("float32")
    inputs[:, 1] = 7
    params = {"objective": "binary:logistic", "base_score": 0.5, "max_depth": 3, "nthread": 1}
    trained = xgboost.train(params, xgboost.DMatrix(inputs, label=inputs[:, 0] > 0.5), num_boost_round=5)
    trained.save_model(tmp_path / "model.ubj")
    return tmp_path / "model.ubj"


@pytest.mark.integration  # takes seconds
def test_probe_rows_sit_on_the_thresholds(booster: Path) -> None:
    """Losing a cell's last digits on the way changes scores: that is what the rows are for."""
    rows = probe_rows(booster, 500)
    assert (rows.shape, rows.dtype) == ((500, 3), np.dtype("float32"))
    local = LocalScorer(booster, width=3)
    rounded = np.array([[float(f"{cell:.5g}") for cell in row] for row in rows], dtype="float32")
    assert (local.score(rows, reference="t").raw != local.score(rounded, reference="t").raw).any()
    assert np.isnan(rows).any()


def test_equal_scorers_agree(booster: Path) -> None:
    """No difference, and the number of calls."""
    local = LocalScorer(booster, width=3)
    found = compare(local, Shifted(local, 0), probe_rows(booster, 50))
    assert (found.agrees, found.largest_difference, found.rows, found.calls) == (True, 0.0, 50, 1)
    found.require()


@pytest.mark.parametrize(("by", "agrees"), [(9e-7, True), (-2e-6, False)])
def test_a_millionth_is_the_limit(booster: Path, by: float, agrees: bool) -> None:
    """Within 1e-6 is alike; more is another model."""
    local = LocalScorer(booster, width=3)
    found = compare(local, Shifted(local, by), probe_rows(booster, 50))
    assert found.agrees is agrees
    if not agrees:
        with pytest.raises(EndpointUnavailable, match="differ from the local model's by up to 2e-06"):
            found.require()
