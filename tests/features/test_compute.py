"""The feature function: by hand, against a slow reading of the rule, and under every way a payment can land."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_scorer.features import FEATURE_NAMES, compute, compute_features, merchant_profile_rows
from fraud_scorer.features.declared import LOOK_BACK_SECONDS, NIGHT_HOURS, NUMBER_FEATURES, WINDOWS_SECONDS

ZONE = "Europe/Berlin"


def slow_card_features(payments: pd.DataFrame, position: int) -> dict[str, float]:
    """The rule read aloud: look at every other payment and keep those that this one may see."""
    me = payments.iloc[position]
    second = me.event_time.timestamp() // 1
    seen = [
        row
        for row in payments.itertuples()
        if row.card_token == me.card_token
        and row.amount_cents >= 0
        and (row.event_time, row.trans_num) < (me.event_time, me.trans_num)
        and row.landing_seq <= me.landing_seq
        and second - row.event_time.timestamp() // 1 < LOOK_BACK_SECONDS
    ]
    seen.sort(key=lambda row: (row.event_time, row.trans_num))
    result: dict[str, float] = {}
    for name, width in WINDOWS_SECONDS.items():
        inside = [row for row in seen if second - row.event_time.timestamp() // 1 < width]
        result[f"card_count_{name}"] = len(inside)
        result[f"card_amount_{name}"] = sum(row.amount_cents for row in inside) / 100.0
        if name in ("24h", "7d"):
            result[f"card_max_{name}"] = max((row.amount_cents / 100 for row in inside), default=np.nan)
        if name == "24h":
            result["merchants_24h"] = len({row.merchant for row in inside})
    result["minutes_since_last"] = (me.event_time - seen[-1].event_time).total_seconds() / 60 if seen else np.nan
    result["first_at_merchant"] = float(all(row.merchant != me.merchant for row in seen)) if seen else np.nan
    same = np.array([row.amount_cents for row in seen if row.category == me.category], float)
    result["amount_over_category"] = me.amount_cents / same.mean() if same.sum() > 0 else np.nan
    night = [row.event_time.tz_convert(ZONE).hour in NIGHT_HOURS for row in seen]
    result["card_night_share_30d"] = float(np.mean(night)) if seen else np.nan
    cents = np.array([row.amount_cents for row in seen], float)
    result["amount_over_mean"] = me.amount_cents / cents.mean() if cents.sum() > 0 else np.nan
    result["amount_spreads"] = (me.amount_cents - cents.mean()) / cents.std(ddof=1) if len(cents) > 2 else np.nan
    return result


@pytest.mark.integration  # takes seconds
@pytest.mark.parametrize("late", [0.0, 0.3])
def test_card_features_equal_a_slow_reading_of_the_rule(make_payments, no_history, no_profiles, late):
    """Windows, first times and spreads are what one finds by looking at every payment, late landings included."""
    payments = make_payments(1, late=late).sample(frac=1, random_state=1)
    features = compute_features(payments, no_history, no_profiles, time_zone=ZONE)
    for position in range(len(payments)):
        if payments["amount_cents"].iloc[position] < 0:
            assert features.iloc[position].isna().all()
            continue
        for name, expected in slow_card_features(payments, position).items():
            assert features[name].iloc[position] == pytest.approx(expected, nan_ok=True, rel=1e-9), name


@pytest.mark.integration  # takes seconds
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), late=st.sampled_from([0.0, 0.05, 0.5]), cut=st.floats(0.1, 0.9))
def test_payments_that_land_later_change_nothing(make_payments, no_history, no_profiles, seed, late, cut):
    """To the last bit: what lands after a batch never changes that batch's features."""
    payments = make_payments(seed, late=late)
    boundary = payments["landing_seq"].quantile(cut)
    early = payments[payments["landing_seq"] <= boundary]
    whole = compute_features(payments, no_history, no_profiles, time_zone=ZONE).loc[early.index]
    alone = compute_features(early, no_history, no_profiles, time_zone=ZONE)
    pd.testing.assert_frame_equal(whole, alone, check_exact=True)


@pytest.mark.integration  # takes seconds
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), late=st.sampled_from([0.0, 0.05, 0.5]))
def test_order_of_rows_means_nothing(make_payments, no_history, no_profiles, seed, late):
    """To the last bit: shuffled rows give the same features."""
    payments = make_payments(seed, late=late)
    shuffled = payments.sample(frac=1, random_state=seed)
    once = compute_features(payments, no_history, no_profiles, time_zone=ZONE)
    again = compute_features(shuffled, no_history, no_profiles, time_zone=ZONE)
    pd.testing.assert_frame_equal(once, again.loc[once.index], check_exact=True)


@pytest.mark.integration  # takes seconds
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), late=st.sampled_from([0.0, 0.05, 0.5]), cuts=st.lists(st.floats(0, 1), max_size=4))
def test_batches_may_be_worked_on_together_or_apart(
    make_payments, to_history, no_history, no_profiles, seed, late, cuts
):
    """To the last bit: one run over many waiting batches equals several runs over some of them each."""
    payments = make_payments(seed, late=late)
    together = compute_features(payments, no_history, no_profiles, time_zone=ZONE)
    bounds = sorted({-1.0, *payments["landing_seq"].quantile(cuts), np.inf})
    for low, high in itertools.pairwise(bounds):
        run = payments[payments["landing_seq"].between(low, high, inclusive="right")]
        stored = to_history(payments[payments["landing_seq"] <= low])
        apart = compute_features(run, stored, no_profiles, time_zone=ZONE)
        pd.testing.assert_frame_equal(together.loc[run.index], apart, check_exact=True)


def test_history_may_begin_anywhere_before_the_look_back(make_payments, to_history, no_profiles):
    """To the last bit: more history than the look-back changes nothing."""
    payments = make_payments(5, rows=2_000, days=120, cards=3)
    run = payments[payments["event_time"] >= payments["event_time"].max() - pd.Timedelta(days=1)]
    before = payments[payments["landing_seq"] < run["landing_seq"].min()]
    near = before[before["event_time"] > run["event_time"].min() - pd.Timedelta(days=30, seconds=1)]
    long = compute_features(run, to_history(before), no_profiles, time_zone=ZONE)
    short = compute_features(run, to_history(near), no_profiles, time_zone=ZONE)
    assert len(near) < len(before)
    pd.testing.assert_frame_equal(long, short, check_exact=True)


@pytest.mark.integration  # takes seconds
def test_serving_a_week_minute_by_minute_equals_training(make_payments, to_history):
    """To the last bit: the features of a week served minute by minute are those that training computes at once."""
    payments = make_payments(7, rows=1_500, days=45, cards=15, late=0.02)
    profiles = merchant_profile_rows(payments, _labels(payments), time_zone=ZONE, label_delay_days=2.5)
    empty = to_history(payments.iloc[:0])
    training = compute_features(payments, empty, profiles, time_zone=ZONE)
    week = payments[payments["event_time"] >= payments["event_time"].max() - pd.Timedelta(days=7)]
    for seq, batch in week.groupby("landing_seq"):
        whole_batch = payments[payments["landing_seq"] == seq]
        stored = to_history(payments[payments["landing_seq"] < seq])
        served = compute_features(whole_batch, stored, profiles, time_zone=ZONE).loc[batch.index]
        pd.testing.assert_frame_equal(training.loc[batch.index], served, check_exact=True)


def test_a_correction_is_seen_by_its_own_batch_and_later_ones_only(make_payments, to_history, no_profiles):
    """A corrected amount counts from the batch that brought it; batches before it in the same run see the old one."""
    payments = make_payments(3, rows=6, cards=1, days=0.5)
    payments["amount_cents"] = 1_000
    payments["landing_seq"] = [10, 11, 12, 12, 14, 14]
    first, run = payments.iloc[[0]], payments.iloc[1:]
    correction = first.assign(landing_seq=13, amount_cents=9_000, delivery="correction")
    both = pd.concat([run, correction], ignore_index=True)
    features = compute_features(both, to_history(first), no_profiles, time_zone=ZONE)
    assert features["card_amount_24h"].tolist() == [10.0, 20.0, 30.0, 120.0, 130.0, 0.0]
    assert features["card_count_24h"].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 0.0]


def test_a_payment_without_a_past_has_counts_of_zero_and_no_comparisons(make_payments, no_history, no_profiles):
    """Counts and sums are true zeros; what cannot be compared stays NaN."""
    features = compute_features(make_payments(1, rows=4).iloc[[0]], no_history, no_profiles, time_zone=ZONE).iloc[0]
    assert features["card_count_30d"] == 0
    assert features["card_amount_30d"] == 0
    unknown = ["minutes_since_last", "amount_over_mean", "first_at_merchant", "km_from_last", "merchant_fraud_rate_7d"]
    assert features[unknown].isna().all()


def test_an_empty_batch_gives_all_columns(make_payments, no_history, no_profiles):
    """No rows in, no rows out, the declared columns in their order and dtype."""
    features = compute_features(make_payments(1, rows=4).iloc[:0], no_history, no_profiles, time_zone=ZONE)
    assert tuple(features.columns) == FEATURE_NAMES
    assert (features[list(NUMBER_FEATURES)].dtypes == np.float64).all()
    assert not len(features)


def test_local_calendar_follows_the_clocks(make_payments, no_history, no_profiles):
    """Hour and weekday are those of the wall clock, over the end of summer time."""
    payments = make_payments(1, rows=4).iloc[:3].copy()
    payments["amount_cents"] = 100
    payments["event_time"] = pd.to_datetime(["2026-10-25T00:30Z", "2026-10-25T01:30Z", "2026-10-25T22:30Z"]).as_unit(
        "us"
    )
    features = compute_features(payments, no_history, no_profiles, time_zone=ZONE)
    assert features["hour_local"].tolist() == [2.0, 2.0, 23.0]
    assert features["weekday_local"].tolist() == [6.0, 6.0, 6.0]
    assert features["is_night"].tolist() == [1.0, 1.0, 1.0]


def test_travel_is_measured_from_the_last_payment(make_payments, no_history, no_profiles):
    """Berlin to Munich in half an hour is over a thousand km/h."""
    payments = make_payments(1, rows=4, cards=1).iloc[:2].copy()
    payments["amount_cents"] = 100
    payments["event_time"] = pd.to_datetime(["2026-10-25T10:00Z", "2026-10-25T10:30Z"]).as_unit("us")
    payments["merch_lat"], payments["merch_long"] = [52.52, 48.137], [13.405, 11.575]
    features = compute_features(payments, no_history, no_profiles, time_zone=ZONE)
    assert features["km_from_last"].iloc[1] == 504.34
    assert features["speed_from_last_kmh"].iloc[1] == pytest.approx(1_008.68)
    assert np.isnan(features["speed_from_last_kmh"].iloc[0])


def _labels(payments: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "trans_num": payments["trans_num"],
            "is_fraud": payments["payload_is_fraud"].astype(bool),
            "known_at": payments["event_time"] + pd.Timedelta(days=2.5),
        }
    )


def test_a_feature_that_is_declared_and_not_computed_is_an_error(
    make_payments, no_history, no_profiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its column would be missing throughout, and nobody would be told."""
    monkeypatch.setattr(compute, "NUMBER_FEATURES", (*compute.NUMBER_FEATURES, "is_round"))
    with pytest.raises(LookupError, match="declared and computed features differ: is_round"):
        compute_features(make_payments(1), no_history, no_profiles, time_zone=ZONE)
