"""Small random payments with everything that makes time awkward: ties, late landings, refunds, missing fields."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from fraud_scorer.domain.frames import HISTORY_COLUMNS, PAYMENT_COLUMNS
from fraud_scorer.features import PROFILE_COLUMNS

Maker = Callable[..., pd.DataFrame]


def random_payments(
    seed: int, *, rows: int = 300, cards: int = 6, days: float = 40.0, late: float = 0.0, merchants: int = 8
) -> pd.DataFrame:
    """PAYMENT_COLUMNS in order of event time, landed minute by minute; ``late`` is the share that lands days later."""
    random = np.random.default_rng(seed)
    start = pd.Timestamp("2026-10-01T00:00", tz="UTC")
    seconds = np.sort(random.integers(0, int(days * 86_400), rows))
    seconds[1::7] = seconds[::7][: len(seconds[1::7])]  # ties
    seconds.sort()
    landed = seconds // 60 + np.where(random.random(rows) < late, random.integers(0, 4_000, rows), 0)
    nullable = lambda values: np.where(random.random(rows) < 0.1, np.nan, values)  # noqa: E731
    frame = pd.DataFrame(
        {
            "batch_id": [f"b{minute}" for minute in landed],
            "landing_seq": landed + 1_000,
            "currency": "USD",
            "trans_num": [f"{number:032x}" for number in random.permutation(rows)],
            "event_time": start + pd.to_timedelta(seconds, unit="s"),
            "amount_cents": np.where(random.random(rows) < 0.03, -500, random.integers(1, 200_000, rows)),
            "card_token": random.integers(0, cards, rows).astype(str),
            "merchant": [f"shop {number}" for number in random.integers(0, merchants, rows)],
            "category": random.choice(np.array(["grocery", "travel", "home", None], object), rows),
            "home_lat": nullable(50.0),
            "home_long": nullable(9.0),
            "merch_lat": nullable(50.0 + random.normal(0, 1, rows)),
            "merch_long": nullable(9.0 + random.normal(0, 1, rows)),
            "city_pop": pd.array(random.integers(100, 10_000, rows), "Int64"),
            "age_years": nullable(random.uniform(18, 90, rows)),
            "payload_is_fraud": pd.array(random.random(rows) < 0.1, "boolean"),
        }
    )
    frame["kind"] = np.where(frame["amount_cents"] < 0, "refund", "purchase")
    for name in PAYMENT_COLUMNS:
        if name not in frame:
            frame[name] = None
    frame["delivery"] = "new"
    return frame.astype({name: dtype for name, dtype in PAYMENT_COLUMNS.items() if name != "body_hash"})[
        list(PAYMENT_COLUMNS)
    ]


def as_history(payments: pd.DataFrame) -> pd.DataFrame:
    """What the store would give of these payments."""
    return payments.loc[payments["amount_cents"] >= 0, list(HISTORY_COLUMNS)].reset_index(drop=True)


@pytest.fixture(scope="session")
def make_payments() -> Maker:
    """Make random payments: ``random_payments``."""
    return random_payments


@pytest.fixture(scope="session")
def to_history() -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Turn payments into what the store would give."""
    return as_history


@pytest.fixture(scope="session")
def no_history() -> pd.DataFrame:
    """An empty history."""
    return as_history(random_payments(0, rows=3).iloc[:0])


@pytest.fixture(scope="session")
def no_profiles() -> pd.DataFrame:
    """No merchant profiles."""
    return pd.DataFrame({name: [] for name in PROFILE_COLUMNS})
