"""How good flags are, counted from buckets."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from fraud_dashboard.data import flag_quality


def scores(*rows: tuple[int, int, str | None, int]) -> pd.DataFrame:
    """Rows of (day of November, bucket, label, payments)."""
    frame = pd.DataFrame(rows, columns=["day", "bucket", "label", "payments"])
    probability = frame["payments"] * (frame["bucket"] - 0.5) / flag_quality.BUCKETS
    return frame.assign(day=[date(2026, 11, row) for row in frame["day"]], flagged=0, probability=probability)


def test_only_days_whose_labels_are_in_are_judged() -> None:
    """Seven days' delay: on the 20th the last judged day is the 12th."""
    kept = flag_quality.judged_days(
        scores((12, 1, "fraud", 1), (13, 1, "fraud", 1), (12, 1, None, 1)), date(2026, 11, 20), 7
    )
    assert kept["day"].tolist() == [date(2026, 11, 12)] * 2


def test_the_first_day_stored_is_no_whole_day() -> None:
    """An import that begins at 10:40 keeps a part of that day, by which a day's average would be too low."""
    kept = flag_quality.whole_days(scores((11, 1, "fraud", 1), (12, 1, "fraud", 1)), date(2026, 11, 11))
    assert kept["day"].tolist() == [date(2026, 11, 12)]


def test_a_threshold_splits_frauds_into_caught_and_missed() -> None:
    """Counted a day, and scaled up where only a part of each hour was read."""
    labelled = scores((1, 190, "fraud", 6), (1, 190, "not_fraud", 2), (2, 100, "fraud", 2), (2, 5, "not_fraud", 90))
    result = flag_quality.at_threshold(labelled, 0.9, scale=10)
    assert (result.alerts_a_day, result.caught_a_day, result.missed_a_day) == (40, 30, 10)
    assert (result.right, result.caught) == (0.75, 0.75)


def test_alerts_count_payments_that_nobody_judged() -> None:
    """Ten days of 12 judged flags and 300 payments at 0.3 without a label: 312 alerts a day at 0.2, 12 at 0.5."""
    days = range(1, 11)
    judged = scores(*[(day, 190, "fraud", 12) for day in days], *[(day, 61, None, 300) for day in days])
    low, high = flag_quality.at_threshold(judged, 0.2, scale=1), flag_quality.at_threshold(judged, 0.5, scale=1)
    assert (low.alerts_a_day, high.alerts_a_day) == (312, 12)
    assert (low.caught_a_day, low.right, low.caught) == (12, 1.0, 1.0)
    assert (low.alerts_known, low.others_known) == (pytest.approx(12 / 312), None)
    assert (high.alerts_known, high.others_known) == (1.0, 0.0)


def test_no_alert_has_no_precision() -> None:
    """A share of nothing is not zero."""
    result = flag_quality.at_threshold(scores((1, 5, "not_fraud", 9)), 0.9, scale=1)
    assert (result.right, result.caught) == (None, None)


def test_calibration_compares_what_was_said_with_what_came() -> None:
    """Ten payments said at about 92%, nine of them frauds."""
    groups = flag_quality.calibration(scores((1, 185, "fraud", 9), (1, 185, "not_fraud", 1)))
    assert groups["said"].tolist() == [pytest.approx(0.9225)]
    assert groups["seen"].tolist() == [0.9]
