"""Amounts in several currencies: each is read in its own unit and compared within its own currency only."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_scorer.features import FEATURE_NAMES, compute_features

ZONE = "Europe/Berlin"
SUMS = ("card_amount_1h", "card_amount_24h", "card_amount_7d", "card_amount_30d")
RATIOS = ("spending_over_usual", "amount_over_mean", "amount_spreads", "amount_over_category")
OF_AMOUNTS = ("amount", *SUMS, "card_max_24h", "card_max_7d", *RATIOS)
# of random_payments(1, late=0.3) in dollars, as they were before currencies were told apart
DOLLARS_BEFORE = "59049c07d722565db6bd0bdfead114b720b012a9262c8d723f5cc9ce766c545e"


def _card(make_payments, amounts: list[tuple[int, str]]) -> pd.DataFrame:
    """One card's payments, an hour after another, in the same category."""
    payments = make_payments(1, rows=len(amounts), cards=1).sort_values("event_time", ignore_index=True)
    hours = pd.to_timedelta(np.arange(len(amounts)), unit="h")
    return payments.assign(
        amount_cents=[amount for amount, _ in amounts],
        currency=pd.array([currency for _, currency in amounts], dtype="str"),
        event_time=(pd.Timestamp("2026-10-05T08:00Z") + hours).as_unit("us"),
        landing_seq=np.arange(len(amounts)),
        category="grocery",
    )


def test_one_card_in_three_currencies(make_payments, no_history, no_profiles):
    """Yen have no decimals and dinars three; sums, means and maxima never mix them, counts count all."""
    payments = _card(make_payments, [(5_000, "USD"), (112_695, "JPY"), (1_500, "KWD"), (20_000, "JPY"), (2_500, "USD")])
    features = compute_features(payments, no_history, no_profiles, time_zone=ZONE)
    assert features["amount"].tolist() == [50.0, 112_695.0, 1.5, 20_000.0, 25.0]
    assert features["card_count_24h"].tolist() == [0, 1, 2, 3, 4]
    assert features["card_amount_24h"].tolist() == [0.0, 0.0, 0.0, 112_695.0, 50.0]
    assert features["card_max_24h"].iloc[3:].tolist() == [112_695.0, 50.0]
    assert features["amount_over_mean"].iloc[3:].tolist() == [20_000 / 112_695, 0.5]
    assert features["amount_over_category"].iloc[3:].tolist() == [20_000 / 112_695, 0.5]
    assert features["spending_over_usual"].iloc[3:].tolist() == [132_695 / 112_695, 1.5]
    firsts = features[["card_max_24h", *RATIOS]].iloc[:3]
    assert firsts.isna().all(axis=None), "a first payment in a currency is compared with nothing"


def test_dollars_alone_are_what_they_were(make_payments, no_history, no_profiles):
    """Not one bit of a single currency's features changed when currencies were told apart: old models stay right."""
    features = compute_features(make_payments(1, late=0.3), no_history, no_profiles, time_zone=ZONE)
    amounts = np.ascontiguousarray(features[list(OF_AMOUNTS)].fillna(-1).to_numpy(np.float64))
    assert hashlib.sha256(amounts.tobytes()).hexdigest() == DOLLARS_BEFORE


@pytest.mark.parametrize(("currency", "minor_units_per_major"), [("EUR", 100), ("JPY", 1), ("KWD", 1_000)])
def test_a_single_currency_is_read_in_its_own_unit(
    make_payments, no_history, no_profiles, currency, minor_units_per_major
):
    """Amounts are whole minor units divided once; ratios and all other features know no unit."""
    dollars = make_payments(2, late=0.2)
    features = compute_features(dollars, no_history, no_profiles, time_zone=ZONE)
    others = compute_features(dollars.assign(currency=currency), no_history, no_profiles, time_zone=ZONE)
    in_units = [name for name in OF_AMOUNTS if name not in RATIOS]
    rest = [name for name in FEATURE_NAMES if name not in in_units]
    pd.testing.assert_frame_equal(others[rest], features[rest], check_exact=True)
    minor = (features[in_units] * 100).round()
    pd.testing.assert_frame_equal(others[in_units], minor / minor_units_per_major, check_exact=True)


@pytest.mark.integration  # takes seconds
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), late=st.sampled_from([0.0, 0.5]), stored=st.floats(0, 0.9))
def test_a_cards_currencies_are_like_cards_of_their_own(
    make_payments, to_history, no_history, no_profiles, seed, late, stored
):
    """To the last bit, in the amounts; to the last bit as if there were one currency, in all the rest."""
    payments = make_payments(seed, late=late)
    chance = np.random.default_rng(seed)
    payments["currency"] = pd.array(chance.choice(["USD", "JPY", "KWD"], len(payments)), dtype="str")
    boundary = payments["landing_seq"].quantile(stored)
    run, past = payments[payments["landing_seq"] > boundary], payments[payments["landing_seq"] <= boundary]
    mixed = compute_features(run, to_history(past), no_profiles, time_zone=ZONE)
    apart = payments.assign(card_token=payments["card_token"] + payments["currency"])
    alone = compute_features(apart, no_history, no_profiles, time_zone=ZONE).loc[run.index]
    amounts = list(OF_AMOUNTS)
    pd.testing.assert_frame_equal(mixed[amounts], alone[amounts], check_exact=True)
    one = compute_features(payments.assign(currency="USD"), no_history, no_profiles, time_zone=ZONE).loc[run.index]
    rest = [name for name in FEATURE_NAMES if name not in amounts]
    pd.testing.assert_frame_equal(mixed[rest], one[rest], check_exact=True)
