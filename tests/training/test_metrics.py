"""The figures, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fraud_scorer.training.metrics import (
    at_threshold,
    card_precision_at_k,
    recall_at_false_positive_rate,
    reliability,
)


def test_money_and_alerts_at_a_threshold():
    """Caught and lost amounts count frauds only; alerts count all that is flagged."""
    at = at_threshold(np.array([1, 0, 1]), np.array([0.9, 0.8, 0.1]), np.array([100.0, 50.0, 7.0]), 2.0, 0.5)
    assert (at["alerts"], at["alerts_a_day"], at["precision"], at["recall"]) == (2, 1.0, 0.5, 0.5)
    assert (at["amount_caught"], at["amount_lost"]) == (100.0, 7.0)


def test_card_precision_blocks_a_card_once_it_is_found():
    """Day one: cards 0 and 1, one of two a fraud. Day two: card 0 is blocked, card 2 is none."""
    day, card = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 2])
    label, score = np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.9, 0.1])
    assert card_precision_at_k(day, card, label, score, 2) == pytest.approx((0.5 + 0.0) / 2)


def test_recall_at_a_false_positive_rate_allows_that_many():
    """One in a hundred genuine payments may be flagged, not two."""
    score = np.r_[np.linspace(0, 0.99, 100), [0.985, 0.5]]
    label = np.r_[np.zeros(100), [1, 1]].astype(int)
    assert recall_at_false_positive_rate(label, score, 0.01) == 0.5


def test_reliability_counts_each_payment_once():
    """Bands of probability with what came true."""
    bands = reliability(np.array([0, 1, 1]), np.array([0.0, 0.85, 1.0]))
    assert [band["payments"] for band in bands] == [1, 1, 1]
    assert bands[1]["fraud_share"] == 1.0
