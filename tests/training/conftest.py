"""A small file of labelled payments in the public schema, with frauds one can learn, and a model trained on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fraud_scorer.ingest.field_map import FieldMap
from fraud_scorer.scoring.artifacts import Artifacts, load_artifacts
from fraud_scorer.training.datafile import read_payments
from fraud_scorer.training.dataset import Dataset, make_dataset
from fraud_scorer.training.train import TrainingPlan, train


def public_payments(seed: int = 1, *, rows: int = 6_000, cards: int = 80, days: int = 40) -> pd.DataFrame:
    """The public columns; sprees of a few large payments within minutes are fraud."""
    random = np.random.default_rng(seed)
    start = np.datetime64("2020-06-21T00:00:00")
    seconds = np.sort(random.integers(0, days * 86_400, rows))
    card = random.integers(0, cards, rows)
    amount = np.round(random.lognormal(3.5, 0.8, rows), 2)
    fraud = np.zeros(rows, int)
    for first in range(50, rows - 10, max(rows // 60, 1)):
        spree = slice(first, first + 4)
        card[spree], amount[spree], fraud[spree] = card[first], random.uniform(300, 900, 4).round(2), 1
        seconds[spree] = seconds[first] + np.arange(4) * 60
    moment = start + seconds.astype("timedelta64[s]")
    frame = pd.DataFrame(
        {
            "trans_date_trans_time": pd.Series(moment).dt.strftime("%Y-%m-%d %H:%M:%S"),
            "cc_num": 4_000_000_000_000_000 + card,
            "merchant": [f"fraud_Shop {number}" for number in random.integers(0, 20, rows)],
            "category": random.choice(np.array(["grocery_pos", "travel", "misc_net"]), rows),
            "amt": amount,
            "lat": 40.0 + card / 100,
            "long": -75.0,
            "dob": "1980-01-01",
            "city_pop": 1_000 + card,
            "trans_num": [f"{number:032x}" for number in random.permutation(rows)],
            "unix_time": (moment - np.datetime64("1977-06-21T00:00:00")).astype("int64"),
            "merch_lat": 40.0 + card / 100 + random.normal(0, 0.3, rows),
            "merch_long": -75.0 + random.normal(0, 0.3, rows),
            "is_fraud": fraud,
        }
    )
    return frame.sort_values("trans_date_trans_time", ignore_index=True)


@pytest.fixture(scope="session")
def make_public() -> Callable[..., pd.DataFrame]:
    """Make such payments: ``public_payments``."""
    return public_payments


@pytest.fixture(scope="session")
def public_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The payments as a Parquet file."""
    path = tmp_path_factory.mktemp("data") / "payments.parquet"
    public_payments().to_parquet(path)
    return path


@pytest.fixture(scope="session")
def dataset(public_file: Path) -> Dataset:
    """The payments with their features."""
    read = read_payments([public_file], FieldMap(), time_zone="UTC", currency="USD", label_required=True)
    return make_dataset(read.payments, time_zone="UTC", label_delay_days=1)


@pytest.fixture(scope="session")
def source(public_file: Path) -> dict[str, object]:
    """What the manifest says of the file."""
    read = read_payments([public_file], FieldMap(), time_zone="UTC", currency="USD", label_required=True)
    return {"names": list(read.names), "sha256": read.sha256}


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory, dataset: Dataset, source: dict[str, object]) -> Path:
    """A model trained on the first seven tenths."""
    out = tmp_path_factory.mktemp("model")
    train(dataset, source, out, TrainingPlan(label_delay_days=1, hold_out=0.3, cards_a_day=5))
    return out


@pytest.fixture(scope="session")
def model(model_folder: Path) -> Artifacts:
    """The model, loaded."""
    return load_artifacts(model_folder)
