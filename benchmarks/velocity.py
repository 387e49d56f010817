"""Velocity features: cumulative sums and searchsorted against pandas' rolling windows and a loop over the payments."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd

from benchmarks.comparison import Comparison
from benchmarks.dataset import Dataset
from fraud_scorer.domain.frames import HISTORY_COLUMNS
from fraud_scorer.features import compute_features
from fraud_scorer.features.declared import WINDOWS_SECONDS
from fraud_scorer.features.merchant import PROFILE_COLUMNS


@contextmanager
def comparisons(dataset: Dataset) -> Iterator[list[Comparison]]:
    """Count and sum of each card's earlier payments in four windows; ours computes all its other features too."""
    payments = dataset.payments
    yield [
        Comparison(
            "velocity features",
            f"{len(payments):,} payments of {payments['card_token'].nunique():,} cards, counts in four windows "
            "(ours computes all declared features, the others four counts and four sums)",
            "cumulative sums, searchsorted (all features)",
            {
                "cumulative sums, searchsorted (all features)": lambda: _ours(payments),
                "pandas rolling windows": lambda: _rolling(payments),
                "loop over the payments": lambda: _loop(payments),
            },
            {},
        )
    ]


def _ours(payments: pd.DataFrame) -> list[int]:
    history = pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in HISTORY_COLUMNS.items()})
    features = compute_features(payments, history, pd.DataFrame(columns=list(PROFILE_COLUMNS)), time_zone="UTC")
    return [int(features[f"card_count_{name}"].sum()) for name in WINDOWS_SECONDS]


def _rolling(payments: pd.DataFrame) -> list[int]:
    line = payments.assign(event_time=payments["event_time"].dt.floor("s"))
    line = line.sort_values(["card_token", "event_time"]).set_index("event_time")
    by_card = line.groupby("card_token", sort=False)["amount_cents"]
    totals = []
    for width in WINDOWS_SECONDS.values():
        window = by_card.rolling(f"{width}s", closed="neither")
        counts, sums = window.count(), window.sum()
        totals.append(int(np.nansum(counts)))
        if not np.isfinite(np.nansum(sums)):
            raise ArithmeticError("a sum of amounts is no number")
    return totals


def _loop(payments: pd.DataFrame) -> list[int]:
    seen: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], [0]))
    totals = dict.fromkeys(WINDOWS_SECONDS, 0)
    seconds = payments["event_time"].dt.floor("s").astype("int64") // 1_000_000
    for card, now, cents in zip(payments["card_token"], seconds, payments["amount_cents"], strict=True):
        times, sums = seen[card]
        for name, width in WINDOWS_SECONDS.items():
            start = bisect.bisect_right(times, now - width)
            totals[name] += len(times) - start
            _ = sums[-1] - sums[start]
        times.append(now)
        sums.append(sums[-1] + cents)
    return list(totals.values())
