"""A shadow model scores along: its decisions are kept, and its faults harm nobody."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from structlog.testing import capture_logs

from fraud_scorer.features.declared import FEATURE_NAMES
from fraud_scorer.store.analysis import long_engine
from fraud_scorer.store.engine import transaction
from fraud_scorer.use_cases.pipeline.shadow import score_with_shadow_model

ARTIFACTS = Path(__file__).parents[2] / "model" / "artifacts"


@pytest.fixture
def prepared() -> tuple[pd.Series, pd.DataFrame]:
    """Two payments of which only the amount is known."""
    features = pd.DataFrame({name: [np.nan, np.nan] for name in FEATURE_NAMES}).astype({"category": "str"})
    return pd.Series(["a", "b"], dtype="str"), features.assign(amount=[10.0, 900.0])


def test_shadow_decisions_are_kept_once(postgres_url, prepared):
    """Under the shadow's own hash; a replay adds nothing."""
    engine = long_engine(postgres_url)
    assert score_with_shadow_model(ARTIFACTS, engine, *prepared) == 2
    assert score_with_shadow_model(ARTIFACTS, engine, *prepared) == 0
    with transaction(engine) as cursor:
        cursor.execute("select trans_num, fraud_probability between 0 and 1 from shadow_scores order by trans_num")
        assert cursor.fetchall() == [("a", True), ("b", True)]


def test_a_shadow_that_cannot_score_harms_nobody(postgres_url, prepared, tmp_path):
    """No such folder, no such database: nothing is raised, nothing is written."""
    assert score_with_shadow_model(tmp_path / "none", long_engine(postgres_url), *prepared) == 0
    gone = long_engine("postgresql+psycopg2://nobody:nothing@127.0.0.1:9/none")
    assert score_with_shadow_model(ARTIFACTS, gone, *prepared) == 0


def test_a_shadow_whose_files_fail_inside_harms_nobody(postgres_url, prepared):
    """Whatever its transformers raise, the load that is done stays done; the log says what it was."""
    trans_nums, features = prepared
    with capture_logs() as events:
        assert (
            score_with_shadow_model(ARTIFACTS, long_engine(postgres_url), trans_nums, features.assign(amount="many"))
            == 0
        )
    assert events[-1]["event"] == "The shadow model failed: ValueError"
