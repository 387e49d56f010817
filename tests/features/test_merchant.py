"""The merchants' daily profiles against a slow reading of the rule."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fraud_scorer.features import compute_features, merchant_profile_rows
from fraud_scorer.features.merchant import PROFILE_COUNTS, merchant_features

ZONE = "Europe/Berlin"
DELAY_DAYS = 2


def _labels(payments: pd.DataFrame) -> pd.DataFrame:
    """A label for nine payments in ten, known at odd times."""
    random = np.random.default_rng(4)
    known = payments["event_time"] + pd.to_timedelta(random.integers(0, 8 * 86_400, len(payments)), unit="s")
    labels = pd.DataFrame(
        {"trans_num": payments["trans_num"], "is_fraud": random.random(len(payments)) < 0.3, "known_at": known}
    )
    return labels[random.random(len(labels)) < 0.9]


def slow_profile(payments: pd.DataFrame, labels: pd.DataFrame, day: pd.Timestamp, merchant: str) -> dict[str, int]:
    """The rule read aloud, for one local day (naive midnight) and merchant."""
    local_day = payments["event_time"].dt.tz_convert(ZONE).dt.tz_localize(None).dt.normalize()
    first_batch = payments.loc[local_day >= day, "landing_seq"].min()
    visible = (payments["merchant"] == merchant) & ~(payments["landing_seq"] >= first_batch)
    age = (day - local_day).dt.days
    known = labels[labels["known_at"] < day.tz_localize(ZONE)].set_index("trans_num")["is_fraud"]
    label = payments["trans_num"].map(known)
    result = {}
    for width in (7, 30):
        result[f"payments_{width}d"] = int((visible & age.between(1, width)).sum())
        old_enough = visible & age.between(DELAY_DAYS + 1, DELAY_DAYS + width)
        result[f"labelled_{width}d"] = int((old_enough & label.notna()).sum())
        result[f"frauds_{width}d"] = int((old_enough & (label == True)).sum())  # noqa: E712
    return result


@pytest.mark.integration  # takes seconds
@pytest.mark.parametrize("late", [0.0, 0.2])
@pytest.mark.parametrize("seen_only", [False, True])
def test_profiles_equal_a_slow_reading_of_the_rule(make_payments, late, seen_only):
    """Counts, labels and frauds of each day and merchant, over late landings and the end of summer time."""
    payments = make_payments(2, rows=500, days=45, merchants=4, late=late)
    labels = _labels(payments)
    rows = merchant_profile_rows(
        payments, labels, time_zone=ZONE, label_delay_days=DELAY_DAYS - 0.5, seen_only=seen_only
    ).set_index(["profile_day", "merchant"])
    local_days = payments["event_time"].dt.tz_convert(ZONE).dt.tz_localize(None).dt.normalize()
    for day in local_days.unique():
        for merchant in payments["merchant"].unique():
            expected = slow_profile(payments, labels, day, merchant)
            if (day.date(), merchant) in rows.index:
                assert rows.loc[(day.date(), merchant)].to_dict() == expected
            elif seen_only:
                assert not ((local_days == day) & (payments["merchant"] == merchant)).any()
            else:
                assert set(expected.values()) == {0}


def test_profiles_of_asked_days_equal_those_computed_all_at_once(make_payments):
    """A day asked for alone, with only what had landed before it, has the profile training computes for it."""
    payments = make_payments(8, rows=600, days=45, late=0.1)
    labels = _labels(payments)
    rules = {"time_zone": ZONE, "label_delay_days": DELAY_DAYS}
    whole = merchant_profile_rows(payments, labels, **rules)
    day = whole["profile_day"].iloc[len(whole) * 3 // 4]
    number = np.array([np.datetime64(day, "D").astype(int)])
    local = payments["event_time"].dt.tz_convert(ZONE).dt.date
    before = payments[payments["landing_seq"] < payments.loc[local >= day, "landing_seq"].min()]
    known = labels[labels["known_at"] < pd.Timestamp(day, tz=ZONE)]
    alone = merchant_profile_rows(before, known, days=number, **rules)
    assert len(alone)
    pd.testing.assert_frame_equal(alone, whole[whole["profile_day"] == day].reset_index(drop=True))


def test_a_payment_reads_the_profile_of_its_local_day(make_payments, to_history):
    """23:30 UTC is tomorrow in Berlin: that day's profile counts, and its fraud rate is frauds by labelled."""
    payments = make_payments(1, rows=4).iloc[:2].assign(merchant="shop", amount_cents=100)
    payments["event_time"] = pd.to_datetime(["2026-10-05T12:00Z", "2026-10-05T23:30Z"]).as_unit("us")
    profiles = pd.DataFrame({"profile_day": [pd.Timestamp("2026-10-06").date()], "merchant": ["shop"]})
    profiles = profiles.assign(**dict.fromkeys(PROFILE_COUNTS, 4)).assign(frauds_7d=1, labelled_30d=0)
    features = compute_features(payments, to_history(payments.iloc[:0]), profiles, time_zone=ZONE)
    assert features["merchant_payments_7d"].tolist() == [0.0, 4.0]
    assert features["merchant_fraud_rate_7d"].iloc[1] == 0.25
    assert features[["merchant_fraud_rate_7d"]].iloc[0].isna().all()
    assert np.isnan(features["merchant_fraud_rate_30d"].iloc[1])


def test_no_profiles_means_no_payments_known():
    """Without any profile the counts are zero and the rates missing."""
    empty = pd.DataFrame({name: [] for name in ("profile_day", "merchant", *PROFILE_COUNTS)})
    found = merchant_features(np.array([0]), pd.Series(["shop"]), empty, ZONE)
    assert found["merchant_payments_30d"].tolist() == [0.0]
    assert np.isnan(found["merchant_fraud_rate_30d"]).all()
