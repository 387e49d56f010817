"""Reasons: which features become one, in what order, and the words for each kind of fraud."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fraud_scorer.explain.baseline import Baseline
from fraud_scorer.explain.reason_codes import REASON_CODES, strongest_reasons, with_current_codes
from fraud_scorer.features.declared import FEATURES, NUMBER_FEATURES

USUAL = Baseline(
    medians=dict.fromkeys(NUMBER_FEATURES, 10.0),
    fraud_share=0.005,
    night_share=0.2,
    category_fraud_shares={"shopping_net": 0.015},
)
COLUMNS = tuple(feature.name for feature in FEATURES)


def _row(**values: object) -> pd.DataFrame:
    """One payment of which only these features are known."""
    row = dict.fromkeys(COLUMNS, np.nan) | {"category": None} | values
    return pd.DataFrame([row])


def _reasons(
    contributions: dict[str, float], *, currency: str = "USD", baseline: Baseline = USUAL, **values: object
) -> list[dict[str, object]]:
    raised = np.array([[contributions.get(name, 0.0) for name in COLUMNS]])
    return strongest_reasons(_row(**values), raised, COLUMNS, baseline, [currency])[0]


def _text(feature: str, **values: object) -> str:
    (reason,) = _reasons({feature: 1.0}, **values)
    return str(reason["text"])


def test_every_declared_feature_has_words_for_its_reason():
    """No feature can become a cause without a sentence."""
    assert {feature.reason for feature in FEATURES} == set(REASON_CODES)


@pytest.mark.parametrize("name", COLUMNS)
def test_every_reason_can_be_said_of_a_payment_of_which_nothing_is_known(name):
    """Missing values read as words, never as nan, and nothing fails."""
    (reason,) = _reasons({name: 1.0})
    assert set(reason) == {"code", "text", "value", "usual"}
    assert all(isinstance(part, str) for part in reason.values())
    assert "nan" not in str(reason["text"]).split()
    assert str(reason["text"])


def test_the_three_strongest_come_first_and_only_what_raises_counts():
    """Features of one code count together; what lowers the probability is no reason."""
    reasons = _reasons(
        {"amount": 0.5, "amount_over_mean": 0.7, "is_night": 1.0, "home_distance_km": 0.3, "merchants_24h": 0.2,
         "card_count_24h": -2.0},
        amount=500.0, amount_over_mean=10.0, is_night=1.0, hour_local=2.0, home_distance_km=80.0, merchants_24h=3.0,
    )  # fmt: skip
    assert [reason["code"] for reason in reasons] == ["amount_unusual", "odd_hour", "far_from_home"]
    assert _reasons({"amount": -1.0}) == []


def test_what_is_unknown_takes_no_known_reasons_place():
    """A file without places: its three known reasons are told, however strong the unknown ones are."""
    missing = {"home_distance_km": 3.0, "km_from_last": 2.0, "age_years": 1.5}
    known = {"amount": 0.9, "is_night": 0.8, "merchants_24h": 0.7}
    values = {"amount": 500.0, "amount_over_mean": 10.0, "is_night": 1.0, "hour_local": 2.0, "merchants_24h": 30.0,
              "minutes_since_last": 60.0}  # fmt: skip
    reasons = _reasons(missing | known, **values)
    assert [reason["code"] for reason in reasons] == ["amount_unusual", "odd_hour", "many_merchants"]
    reasons = _reasons(missing | {"amount": 0.9}, **values)
    assert [reason["code"] for reason in reasons] == ["amount_unusual", "far_from_home", "travel"]


def test_a_stolen_card_spree_is_told_by_its_spending():
    """What was spent with it, and what the card spends a day."""
    (reason,) = _reasons(
        {"card_amount_24h": 1.0},
        card_amount_24h=1_940.0,
        card_amount_1h=200.0,
        amount=385.0,
        spending_over_usual=25.0,
    )
    assert reason["text"] == "2,325.00 in 24 hours, this payment included; this card spends 93.00 a day"


def test_account_takeover_is_told_by_amount_and_place():
    """The amount against this card's mean, and the way from home."""
    reasons = _reasons(
        {"amount_over_mean": 2.0, "home_distance_km": 1.0},
        amount=950.0,
        amount_over_mean=20.0,
        home_distance_km=1_200.0,
    )
    assert reasons[0]["text"] == "Amount 950.00, far above this card's usual 47.50"
    assert reasons[1]["text"] == "1,200 km from the card holder's home; usually 10 km"


def test_a_compromised_merchant_is_told_by_its_fraud_rate():
    """Frauds among the merchant's labelled payments, against all merchants."""
    (reason,) = _reasons({"merchant_fraud_rate_7d": 1.0}, merchant_fraud_rate_7d=0.12, merchant_fraud_rate_30d=0.04)
    assert reason["text"] == "12% of this merchant's payments in 7 days were frauds; 0.5% everywhere"


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        (
            "km_from_last",
            {"minutes_since_last": 30.0},
            "the place of this payment, or of this card's last one, is unknown",
        ),
        ("home_distance_km", {}, "the distance from the card holder's home is unknown"),
        ("category", {}, "the category is unknown"),
        ("first_in_category", {}, "the category is unknown"),
        ("age_years", {}, "the card holder's age and city are unknown"),
        ("merchant_fraud_rate_7d", {}, "no payment at this merchant has a label yet"),
    ],
)
def test_what_is_unknown_accuses_nobody_and_comes_last(name, values, said):
    """Also where the model counts it most: a value that is known says more."""
    reasons = _reasons({name: 2.0, "is_night": 1.0}, is_night=1.0, hour_local=2.0, **values)
    assert [reason["value"] for reason in reasons] == ["2:00", "unknown"]
    assert reasons[1]["text"] == f"Together with the other signs: {said}"


def test_stored_reasons_are_read_under_present_codes():
    """The code of before has another name now; words and values stay, and so does a code that nobody knows."""
    stored = [{"code": "impossible_travel", "text": "23 km from", "value": "23 km", "usual": "10 km"}, {"code": "x"}]
    assert with_current_codes(stored) == [{**stored[0], "code": "travel"}, {"code": "x"}]


def test_impossible_travel_is_told_by_its_speed():
    """Distance, time and the speed that would be needed."""
    (reason,) = _reasons(
        {"speed_from_last_kmh": 1.0}, km_from_last=1_010.0, speed_from_last_kmh=2_020.0, minutes_since_last=30.0
    )
    assert reason["text"] == "1,010 km from the last payment 30 minutes before: 2,020 km/h of travel"
    assert reason["usual"] == "an airliner flies 900 km/h"


def test_amounts_read_in_their_own_currency():
    """Yen without decimals, dinars with three; medians of another currency are compared with nothing."""
    baseline = Baseline(amount_medians={"USD": {"amount": 47.5}})
    paid = {"amount": 112_695.0, "amount_over_mean": 10.0, "card_count_30d": 3.0}
    assert (
        _text("amount", currency="JPY", baseline=baseline, **paid)
        == "Amount 112,695, far above this card's usual 11,270"
    )
    first = {"amount": 1.5, "card_count_30d": 3.0, "baseline": baseline}
    assert _text("amount", currency="KWD", **first) == "Amount 1.500; this card spent nothing in KWD in 30 days before"
    assert _text("amount", amount=500.0, card_count_30d=0.0, baseline=baseline) == (
        "Amount 500.00; this card has no payments in 30 days before; with other cards usually 47.50"
    )


@pytest.mark.parametrize(
    ("feature", "values", "text"),
    [
        (
            "card_amount_24h",
            {"card_amount_24h": 109.38, "card_amount_1h": 0.0, "amount": 84.47, "spending_over_usual": 0.25},
            "Only 193.85 in 24 hours, this payment included, though this card spends 775.40 a day",
        ),
        (
            "card_amount_24h",
            {"card_amount_24h": 0.0, "card_amount_1h": 0.0, "amount": 544.49, "spending_over_usual": 1.0},
            "544.49 in 24 hours, this payment included; this card spends 544.49 a day",
        ),
        (
            "card_amount_24h",
            {"card_amount_24h": 0.0, "card_amount_1h": 0.0, "amount": 0.0, "spending_over_usual": 0.0},
            "Together with the other signs: 0.00 in 24 hours, this payment included",
        ),
        (
            "amount",
            {"amount": 0.0, "amount_over_mean": 0.0, "card_count_30d": 40.0},
            "Amount 0.00: nothing is charged, as when a card is tried out",
        ),
        (
            "card_amount_1h",
            {"card_amount_24h": 60.0, "card_amount_1h": 50.0, "amount": 40.0, "spending_over_usual": 0.5},
            "Together with the other signs: 90.00 in an hour, this payment included; this card spends 200.00 a day",
        ),
        (
            "card_count_24h",
            {"card_count_24h": 0.0, "card_count_7d": 1.0, "card_count_30d": 150.0, "card_days_seen": 30.0},
            "Only the 1st payment in 24 hours, 2 in 7 days, though this card makes 5 a day",
        ),
        (
            "minutes_since_last",
            {"card_count_1h": 0.0, "minutes_since_last": 7_200.0, "card_count_30d": 60.0, "card_days_seen": 30.0},
            "5.0 days after this card's last payment, though it makes 2 a day",
        ),
        ("amount", {"amount": 3.0, "amount_over_mean": 0.1}, "Amount 3.00, far below this card's usual 30.00"),
        (
            "amount",
            {"amount": 33.0, "amount_over_mean": 1.1},
            "Together with the other signs: amount 33.00, about this card's usual 30.00",
        ),
        (
            "home_distance_km",
            {"home_distance_km": 2.0},
            "Together with the other signs: 2.0 km from the card holder's home; usually 10 km",
        ),
        (
            "hour_local",
            {"hour_local": 14.0, "is_night": 0.0},
            "Together with the other signs: made by day, after 14:00",
        ),
        (
            "merchants_24h",
            {"merchants_24h": 1.0},
            "Together with the other signs: 1 different merchant in 24 hours before; usually 10",
        ),
        (
            "merchant_fraud_rate_7d",
            {"merchant_fraud_rate_7d": 0.002},
            "Together with the other signs: 0.2% of this merchant's payments in 7 days were frauds; 0.5% everywhere",
        ),
        (
            "first_at_merchant",
            {"first_at_merchant": 0.0},
            "Together with the other signs: this card has paid at this merchant within 30 days",
        ),
    ],
)
def test_a_value_that_is_no_sign_by_itself_says_so(feature, values, text):
    """What lies on the harmless side of usual reads as a break of habit, or as a sign beside the others."""
    assert _text(feature, **values) == text


def test_a_category_reads_as_a_reason_only_where_it_has_more_frauds():
    """Both shares stand in the sentence either way."""
    baseline = Baseline(fraud_share=0.005, category_fraud_shares={"shopping_net": 0.015, "home": 0.001})
    assert _text("category", category="shopping_net", baseline=baseline) == (
        "Category shopping, online: 1.5% frauds, 0.5% in all categories"
    )
    assert _text("category", category="home", baseline=baseline) == (
        "Together with the other signs: category home, by itself with 0.1% frauds, 0.5% in all"
    )


def test_categories_read_as_in_the_mails():
    """In every sentence that names one, value included."""
    first = {"first_in_category": 1.0, "category": "misc_net"}
    assert _text("first_in_category", **first) == "This card's first payment in 30 days in category misc, online"
    assert _text("category", category="misc_pos") == "Category misc, in person: little is known of it"
    (reason,) = _reasons({"category": 1.0}, category="misc_net")
    assert reason["value"] == "misc, online"


def test_one_of_a_thing_is_said_so():
    """A payment, a year."""
    baseline = Baseline(medians=dict.fromkeys(NUMBER_FEATURES, 1.0))
    card = {"card_count_30d": 1.0, "card_amount_30d": 5.0}
    assert _text("card_count_30d", baseline=baseline, **card) == (
        "This card's last 30 days: 1 payment, 5.00 USD; other cards: 1 payment, 1.00"
    )
    busy = _text("merchant_payments_7d", merchant_payments_7d=1.0, baseline=baseline)
    assert busy == "Together with the other signs: this merchant had 1 payment in 7 days; others have 1"
    assert "holder: 1 year, city of 9 people; in the middle: 1 year" in _text(
        "age_years", age_years=1.0, city_pop=9.0, baseline=baseline
    )
