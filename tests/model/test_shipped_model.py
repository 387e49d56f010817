"""The model in the repository: whole, small, described by its card, and able to say why, for each kind of fraud."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from fraud_scorer.ingest.field_map import FieldMap
from fraud_scorer.scoring.artifacts import Artifacts, load_artifacts
from fraud_scorer.scoring.local import LocalScorer
from fraud_scorer.training.datafile import read_payments
from fraud_scorer.training.dataset import Dataset, make_dataset
from fraud_scorer.training.model_card import model_card_text
from payments_simulator.stream import Stream, World

MODEL = Path(__file__).parents[2] / "model"
END = 1_796_083_200  # 2026-12-01T00:00Z
DAY_SECONDS = 86_400
TELLING = {
    "card_testing": {"rapid_payments", "travel"},
    "stolen_card": {"amount_unusual", "spending_speed", "large_payments"},
    "account_takeover": {"amount_unusual", "spending_speed", "large_payments"},
    "compromised_merchant": {"amount_unusual", "odd_hour", "spending_speed", "merchant_frauds"},
    "impossible_travel": {"far_from_home", "travel"},
}


@pytest.fixture(scope="session")
def shipped() -> Artifacts:
    """The committed artefacts."""
    return load_artifacts(MODEL / "artifacts")


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, np.ndarray]:
    """Twelve days of another population than the model was trained on, and each payment's kind of fraud."""
    frame = Stream(World(seed=5, rate=5.0)).frame(END - 12 * DAY_SECONDS, END)
    path = tmp_path_factory.mktemp("simulated") / "payments.parquet"
    frame.drop(columns="fraud_kind").to_parquet(path)
    read = read_payments([path], FieldMap(), time_zone="UTC", currency="USD", label_required=True)
    data = make_dataset(read.payments, time_zone="UTC", label_delay_days=7)
    kinds = frame.set_index("trans_num")["fraud_kind"].loc[data.trans_num].to_numpy()
    return data, kinds


def test_the_card_is_the_manifests(shipped):
    """Written anew it is the same: the card cannot go stale."""
    assert (MODEL / "MODEL_CARD.md").read_text() == model_card_text(shipped.manifest, shipped.model_hash)


def test_it_is_small():
    """Three files, below 5 MB together."""
    files = sorted(path.name for path in (MODEL / "artifacts").iterdir())
    assert files == ["manifest.json", "model.ubj", "preprocess.joblib"]
    assert sum(path.stat().st_size for path in (MODEL / "artifacts").iterdir()) < 5_000_000


@pytest.mark.integration  # takes seconds
def test_it_finds_frauds_of_people_it_has_never_seen(shipped, simulated):
    """Most frauds of another population are flagged, few others, with a week of history only."""
    data, _ = simulated
    late = data.micros >= (END - 4 * DAY_SECONDS) * 1_000_000
    raw = (
        LocalScorer(shipped.booster_path, width=len(shipped.features))
        .score(shipped.matrix(data.features), reference="")
        .raw
    )
    flagged = shipped.calibrate(raw) >= shipped.recommended_threshold
    assert flagged[late & (data.label == 1)].mean() > 0.75
    assert flagged[late & (data.label == 0)].mean() < 0.01


def test_its_probabilities_held_on_the_test_period(shipped):
    """By its own figures: between 0.01 and 0.7 a seventh more or less at most, beyond what chance explains."""
    bands = [one for one in shipped.manifest["metrics"]["test"]["reliability"] if 0.01 <= one["from"] < 0.7]
    said = sum(one["payments"] * one["mean_probability"] for one in bands)
    seen = sum(one["payments"] * one["fraud_share"] for one in bands)
    chance = sum(one["payments"] * one["mean_probability"] * (1 - one["mean_probability"]) for one in bands) ** 0.5
    assert abs(said - seen) < 0.14 * seen + 2 * chance
    for one in bands:
        spread = (one["mean_probability"] * (1 - one["mean_probability"]) / one["payments"]) ** 0.5
        assert abs(one["mean_probability"] - one["fraud_share"]) < 0.25 * one["mean_probability"] + 3 * spread, one


@pytest.mark.integration  # takes seconds
@pytest.mark.parametrize("kind", sorted(TELLING))
def test_each_kind_of_fraud_is_told_by_what_makes_it_one(shipped, simulated, kind):
    """Of the flagged ones at least two in three have a telling reason among their three strongest."""
    data, kinds = simulated
    rows = np.flatnonzero(kinds == kind)
    features = data.features.iloc[rows]
    matrix = shipped.matrix(features)
    raw = LocalScorer(shipped.booster_path, width=len(shipped.features)).score(matrix, reference="").raw
    flagged = np.flatnonzero(shipped.calibrate(raw) >= shipped.recommended_threshold)[:40]
    assert len(flagged) >= 3
    reasons = shipped.reasons(features.iloc[flagged], matrix[flagged], ["USD"] * len(flagged))
    found = [bool({reason["code"] for reason in one} & TELLING[kind]) for one in reasons]
    assert np.mean(found) >= 2 / 3, Counter(reason["code"] for one in reasons for reason in one)
    assert all("nan" not in str(reason["text"]).split() for one in reasons for reason in one)
