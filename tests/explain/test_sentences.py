"""Sentences on a card's past and on the payment itself, story by story."""

from __future__ import annotations

import math

import pytest

from fraud_scorer.explain.baseline import Baseline
from fraud_scorer.explain.sentences import SENTENCES
from fraud_scorer.features.declared import FEATURES, NUMBER_FEATURES

TENS = Baseline(medians=dict.fromkeys(NUMBER_FEATURES, 10.0))
BY_DAY_AND_WEEK = Baseline(amount_medians={"USD": {"card_max_24h": 94.0, "card_max_7d": 220.0}})


def _said(code: str, *, baseline: Baseline = TENS, currency: str = "USD", **values: object) -> tuple[str, str, str]:
    """Value, what is usual, and the sentence on a payment of which only these features are known."""
    row = {feature.name: None if feature.dtype == "str" else math.nan for feature in FEATURES}
    return SENTENCES[code](row | values | {"currency": currency}, baseline)


@pytest.mark.parametrize(
    ("before", "span_minutes", "said"),
    [
        (2.0, 4.0, "3rd payment in 4 minutes"),
        (2.0, 40.0, "3rd payment in 40 minutes"),
        (2.0, 0.005, "3rd payment in less than a second"),
        (3.0, 0.15, "4th payment in an hour, the last 3 within 9 seconds"),
        (6.0, 0.15, "7th payment in an hour, the last 3 within 9 seconds"),
        (6.0, 20.0, "7th payment in an hour"),
    ],
)
def test_a_burst_is_told_by_its_true_place_and_its_pace(before: float, span_minutes: float, said: str) -> None:
    """However many came before within the hour: never "3rd" of the seventh."""
    past = {"card_count_30d": 60.0, "card_days_seen": 30.0, "minutes_since_last": 0.001}
    told = _said("rapid_payments", card_count_1h=before, minutes_since_second_last=span_minutes, **past)
    assert told == (said, "2 a day", f"{said}; this card makes 2 a day")


@pytest.mark.parametrize(
    ("day", "week", "largest", "compared"),
    [
        (900.0, 1_200.0, "In the 24 hours before this payment, this card's largest was 900.00", "24 hours"),
        (math.nan, 1_200.0, "In the 7 days before this payment, this card's largest was 1,200.00", "7 days"),
    ],
)
def test_largest_payments_of_as_long_a_time_are_compared(day: float, week: float, largest: str, compared: str) -> None:
    """A card's day with other cards' day, its week with their week; who paid what is said in full."""
    usual = {"24 hours": "94.00", "7 days": "220.00"}[compared]
    in_dollars = _said("large_payments", baseline=BY_DAY_AND_WEEK, card_max_24h=day, card_max_7d=week)
    assert in_dollars[1:] == (usual, f"{largest}; other cards' largest is usually {usual}")
    in_euros = _said("large_payments", baseline=BY_DAY_AND_WEEK, currency="EUR", card_max_24h=day, card_max_7d=week)
    assert in_euros[1:] == ("", largest)


def test_a_largest_payment_below_other_cards_is_no_sign_by_itself() -> None:
    """And of a card that paid nothing, nothing is compared."""
    assert _said("large_payments", baseline=BY_DAY_AND_WEEK, card_max_24h=40.0)[2] == (
        "Together with the other signs: in the 24 hours before this payment, this card's largest was 40.00; "
        "other cards' largest is usually 94.00"
    )
    nothing = "This card paid nothing in USD in the 7 days before this payment"
    assert _said("large_payments", baseline=BY_DAY_AND_WEEK) == ("none", "220.00", nothing)


def test_a_card_without_a_past_has_travelled_from_nowhere() -> None:
    """That a place is unknown is not said then: there was no payment."""
    assert _said("travel", card_count_30d=0.0)[2] == "This card has no payments in 30 days before"


def test_a_way_of_everyday_is_told_by_its_length() -> None:
    """No speed and no reproach."""
    said = "23 km from the place of this card's last payment, 10.0 hours before; usually 10 km"
    told = _said("travel", km_from_last=23.0, minutes_since_last=600.0, speed_from_last_kmh=2.3)
    assert told == ("23 km", "10 km", said)


def test_of_a_card_holder_only_what_is_known_is_said() -> None:
    """Age or city alone."""
    assert _said("card_holder", age_years=35.0)[2] == (
        "Together with the other signs: card holder: 35 years; in the middle: 10 years, city of 10 people"
    )
    assert _said("card_holder", city_pop=512.0, baseline=Baseline())[2] == (
        "Together with the other signs: card holder: city of 512 people"
    )
