"""Training sees what serving saw: a week of simulated minutes through the whole pipeline, compared bit for bit."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fraud_scorer.domain.batches import Batch
from fraud_scorer.ingest.field_map import FieldMap
from fraud_scorer.scoring.artifacts import load_artifacts
from fraud_scorer.steps.extract import extract
from fraud_scorer.store.analysis import long_engine, payments_to_train, stored_profiles
from fraud_scorer.training.datafile import read_payments
from fraud_scorer.training.dataset import Dataset, make_dataset
from fraud_scorer.use_cases.pipeline.history_import import import_history
from fraud_scorer.use_cases.pipeline.minute import Pipeline
from payments_simulator.stream import Stream, World

Town = Any  # conftest.Town
WHOLE = os.environ.get("WEEK") == "all"
RATE = 0.3 if WHOLE else 0.01  # payments a minute
WEEK_MINUTES = 7 * 1_440
PAST_DAYS = 33
LABEL_DELAY_DAYS = 7.0
QUIET = {
    "fraud_threshold": 0.9999,
    "fraud_label_delay_days": LABEL_DELAY_DAYS,
}


@pytest.fixture(scope="module")
def stream() -> Stream:
    """A hamlet: every card pays several times a week, few minutes have a payment."""
    return Stream(World(seed=11, rate=RATE, cards=20))


@pytest.fixture(scope="module")
def small_model() -> Path:
    """The shipped model: its matrix holds every declared feature."""
    return Path(__file__).parents[3] / "model" / "artifacts"


@pytest.fixture
def everything(town: Town, stream: Stream, tmp_path: Path) -> pd.DataFrame:
    """The payments of a month and of the week after them, in the public columns; the former imported."""
    start = int(town.batch(0).minute.timestamp())
    frame = stream.frame(start - PAST_DAYS * 86_400, start + WEEK_MINUTES * 60).drop(columns="fraud_kind")
    past = tmp_path / "past.parquet"
    frame[_seconds(frame) < start].to_parquet(past)
    import_history(town.pipeline(**QUIET).parts, past)
    return frame


@pytest.mark.timeout(3_600 if WHOLE else 900)
def test_a_week_served_minute_by_minute_is_what_training_computes(
    town: Town, stream: Stream, everything: pd.DataFrame, tmp_path: Path
) -> None:
    """Every stored feature of a month of imported days and a live week, though the card key is rotated in the middle.

    Training reads the store (``--from-store``), and a file of the same payments (``--data``): both give these bits.
    Minutes without a payment are skipped: they land an empty answer and compute nothing. What is stored is the model's
    input in float32 (``real[]``), so training's matrix is compared in float32. The suite takes a hundred minutes;
    ``WEEK=all pytest tests/use_cases/pipeline/test_week.py`` takes three thousand.
    """
    start = int(town.batch(0).minute.timestamp())
    live = _seconds(everything) - start
    minutes = sorted({int(second) // 60 for second in live if second >= 0})
    half = len(minutes) // 2
    rotated = f"k2:{secrets.token_hex(32)},{town.settings().fraud_card_keys.get_secret_value()}"
    before, after = town.pipeline(**QUIET), town.pipeline(**QUIET, fraud_card_keys=rotated)
    for pipeline, some in ((before, minutes[:half]), (after, minutes[half:])):
        for minute in some:
            _serve(pipeline, town.at(minute))
    stored = _stored(town)
    assert len(stored) == len(everything)
    assert len(minutes) > 70 * RATE / 0.01

    _same(stored, _from_store(town))
    _same(stored, _from_file(everything, tmp_path))


def _serve(pipeline: Pipeline, batch: Batch) -> None:
    """The minute's steps from API to database, without a look at the skipped minutes and without mail."""
    parts = pipeline.parts
    extract(batch, parts.source.api, parts.files.landing, parts.clock, parts.source.limits)
    for step in (pipeline.transform, pipeline.score, pipeline.load):
        step(batch.batch_id)


def _same(stored: dict[str, bytes], dataset: Dataset) -> None:
    model = load_artifacts(Path(__file__).parents[3] / "model" / "artifacts")
    matrix = model.matrix(dataset.features)
    trained = dict(zip(dataset.trans_num, matrix, strict=True))
    assert trained.keys() == stored.keys()
    differing = {
        model.features[place]
        for name, row in trained.items()
        for place in np.flatnonzero(row.view(np.int32) != np.frombuffer(stored[name], np.int32))
    }
    assert not differing


def _stored(town: Town) -> dict[str, bytes]:
    """The model's input of each payment, as it is stored."""
    rows = town.rows("select trans_num, features from payments_scored")
    assert all(np.isfinite(np.float32(features)).any() for _, features in rows)
    return {name: np.array(features, np.float32).tobytes() for name, features in rows}


def _from_store(town: Town) -> Dataset:
    """As ``train --from-store`` reads it."""
    engine = long_engine(town.url)
    payments = payments_to_train(engine, datetime(2000, 1, 1, tzinfo=UTC), town.clock.at + timedelta(days=1))
    profiles = stored_profiles(engine)
    return make_dataset(payments, time_zone="UTC", label_delay_days=LABEL_DELAY_DAYS, profiles=profiles)


def _from_file(everything: pd.DataFrame, folder: Path) -> Dataset:
    """As ``train --data`` reads it: profiles are computed, landing follows the event times."""
    everything.to_parquet(folder / "everything.parquet")
    read = read_payments(
        [folder / "everything.parquet"], FieldMap(), time_zone="UTC", currency="USD", label_required=True
    )
    return make_dataset(read.payments, time_zone="UTC", label_delay_days=LABEL_DELAY_DAYS)


def _seconds(frame: pd.DataFrame) -> np.ndarray:
    return pd.to_datetime(frame["trans_date_trans_time"], utc=True).dt.as_unit("s").astype("int64").to_numpy()
