"""Which payments a model is measured on: decided by their time, never by the file they stand in."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from fraud_scorer.training.held_out import choose_rows

DAY = 86_400_000_000
JUNE = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) * 1_000_000


def manifest(test_from: str | None = "2026-07-20T00:00:00Z") -> dict[str, object]:
    """Of a model whose data began in June, fitted until the thirteenth of July."""
    return {
        "data": {"from": "2026-06-01T00:00:00Z"},
        "periods": {"trained_until": "2026-07-13T00:00:00Z", "test_from": test_from},
    }


def days(first: int, last: int) -> np.ndarray:
    """A payment a day at noon, counted in days from the first of June."""
    return JUNE + np.arange(first, last) * DAY + DAY // 2


def measure(micros, *, test_from="2026-07-20T00:00:00Z", history=0, also_seen=False):
    """All payments but the first ``history`` ones are data."""
    return choose_rows(micros, np.arange(len(micros)) >= history, manifest(test_from), also_seen=also_seen)


def test_of_the_training_file_the_test_period_counts():
    """What lies before may have been seen; the past is long enough for what counts."""
    measured = measure(days(0, 61))
    assert np.flatnonzero(measured.rows).tolist() == list(range(49, 61))
    assert measured.counts["left_out_as_may_be_seen"] == 49
    assert measured.counts["with_part_of_their_past"] == 0
    assert "from 2026-07-20T00:00:00Z on, its test period" in measured.note


def test_without_a_test_period_what_comes_after_the_fit_counts():
    """The last second of the fit, which the manifest writes without its fraction, is not after it."""
    micros = np.r_[days(0, 42), JUNE + 42 * DAY + 500_000, days(42, 50)]
    measured = measure(micros, test_from=None)
    assert np.flatnonzero(measured.rows).tolist() == list(range(43, 51))


@pytest.mark.parametrize("part", [slice(10, 49), slice(0, 49), slice(5, 45)])
def test_a_part_of_what_the_model_was_fitted_on_never_counts_as_unseen(part):
    """In whatever file it stands: nothing is left to measure on, and the cure is later data."""
    measured = measure(days(0, 49)[part])
    assert not measured.rows.any()
    assert "may have seen" in measured.note
    assert "later" in measured.cure


def test_a_later_file_counts_but_for_its_beginning():
    """Without its past the first quarter only feeds features, and the report says what is still missing."""
    measured = measure(days(60, 100))
    assert np.flatnonzero(measured.rows).tolist() == list(range(10, 40))
    assert measured.counts["left_out_to_feed_features"] == 10
    assert measured.counts["with_part_of_their_past"] == 20
    assert "it has not seen them" in measured.note
    assert "--history" in measured.note


def test_of_a_long_later_file_a_look_back_is_left_out():
    """Thirty days, and then nothing is missing."""
    measured = measure(days(60, 260))
    assert np.flatnonzero(measured.rows).tolist() == list(range(30, 200))
    assert "--history" not in measured.note


def test_with_its_history_all_of_a_later_file_counts():
    """A past as long as the look-back: nothing is left out and nothing is missing."""
    measured = measure(days(30, 70), history=30)
    assert np.flatnonzero(measured.rows).tolist() == list(range(30, 40))
    assert measured.counts["left_out_to_feed_features"] == measured.counts["with_part_of_their_past"] == 0
    assert measured.counts["from"] == "2026-07-31T12:00:00Z"


def test_data_before_the_models_own_are_unseen_and_said_to_be_earlier():
    """A model may be tried on the past, but it proves little."""
    measured = measure(days(-200, -20))
    assert measured.rows.sum() == 150
    assert "before the model's own data" in measured.note


def test_other_payments_of_that_time_count_on_demand_and_it_is_said():
    """Nothing tells another team's payments from the model's own: the person does."""
    measured = measure(days(0, 49), also_seen=True)
    assert measured.counts["may_be_seen"] == measured.rows.sum() == 37
    assert "may have seen 37" in measured.note
