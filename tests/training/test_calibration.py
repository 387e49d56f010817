"""Calibration and the recommended threshold."""

from __future__ import annotations

import numpy as np
import pytest

from fraud_scorer.domain.model_folder import calibrated
from fraud_scorer.training.calibration import ThresholdRule, calibration_table, recommend_threshold


def test_eight_in_ten_means_eight_in_ten():
    """Scores that exaggerate become probabilities that hold."""
    random = np.random.default_rng(1)
    truth = random.uniform(0, 1, 40_000)
    label = (random.random(40_000) < truth).astype(int)
    table = calibration_table(label, truth**3)
    again = random.uniform(0, 1, 40_000)
    probability = calibrated(table, again**3)
    assert np.abs(probability - again).mean() < 0.02
    assert (np.diff(table["probability"]) > 0).all()


def test_the_threshold_of_least_cost_pays():
    """Alerts at 10 each: frauds of 100 are worth an alert down to one in ten."""
    probability = np.array([0.9, 0.5, 0.12, 0.05])
    label = np.array([1, 1, 0, 0])
    amount = np.array([100.0, 5.0, 50.0, 50.0])
    threshold = recommend_threshold(ThresholdRule(alert_cost=10), label, probability, amount, 1)
    assert 0.5 < threshold <= 0.9
    threshold = recommend_threshold(ThresholdRule(alert_cost=1), label, probability, amount, 1)
    assert 0.12 < threshold <= 0.5


def test_no_alert_is_cheaper_than_one_that_does_not_pay():
    """Frauds of 100 are not worth an alert at 101; no probability of a calibration table reaches the threshold."""
    probability, label, amount = np.array([0.9, 0.5]), np.array([1, 0]), np.array([100.0, 5.0])
    threshold = recommend_threshold(ThresholdRule(alert_cost=101), label, probability, amount, 1)
    assert threshold == 1.0
    table = calibration_table(np.r_[np.zeros(50_000, int), np.ones(50_000, int)], np.linspace(0, 1, 100_000))
    assert calibrated(table, np.array([1.0]))[0] < threshold


@pytest.mark.parametrize(("budget", "alerts"), [(0.0, 0), (1.0, 2), (2.0, 4), (9.0, 4)])
def test_a_budget_is_kept(budget, alerts):
    """Never more alerts a day than the budget; equal scores are alerted together or not at all."""
    probability = np.array([0.9, 0.8, 0.3, 0.3])
    threshold = recommend_threshold(
        ThresholdRule(alerts_a_day=budget), np.array([1, 0, 0, 1]), probability, np.ones(4), days=2
    )
    assert (probability >= threshold).sum() == alerts
