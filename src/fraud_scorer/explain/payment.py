"""Sentences on the payment itself: amount, category, hour, card holder, and distance from home."""

from __future__ import annotations

import math

from fraud_scorer.explain import phrasing
from fraud_scorer.explain.baseline import Baseline, FeatureRow, ReasonText, money, unknown_value, with_other_signs
from fraud_scorer.explain.phrasing import clock_hour, count, kilometres, plural, share

_CLOSE = 1.25  # up to this ratio, either way, an amount is the usual one


def amount_unusual(row: FeatureRow, baseline: Baseline) -> ReasonText:
    """The amount against this card's mean; without a mean, against other cards' median."""
    value, ratio, normal = (
        money(row, row["amount"]),
        row["amount_over_mean"],
        baseline.median_money("amount", row["currency"]),
    )
    if ratio == 0:
        return value, normal, f"Amount {value}: nothing is charged, as when a card is tried out"
    if ratio > 0:
        return _amount_of_card(value, money(row, row["amount"] / ratio), ratio)
    others = f"; with other cards usually {normal}" if normal else ""
    if row["card_count_30d"] > 0:
        return value, normal, f"Amount {value}; this card spent nothing in {row['currency']} in 30 days before{others}"
    return value, normal, f"Amount {value}; this card has no payments in 30 days before{others}"


def _amount_of_card(value: str, mean: str, ratio: float) -> ReasonText:
    if 1 / _CLOSE < ratio < _CLOSE:
        return value, mean, with_other_signs(f"amount {value}, about this card's usual {mean}")
    far = "far below" if ratio < 0.2 else "below" if ratio < 1 else "far above" if ratio > 3 else "above"
    return value, mean, f"Amount {value}, {far} this card's usual {mean}"


def category_risk(row: FeatureRow, baseline: Baseline) -> ReasonText:
    """The share of frauds among payments of the category."""
    name, normal = phrasing.category(row["category"]), share(baseline.fraud_share)
    if name == phrasing.category(None):
        return unknown_value("the category is unknown", normal)
    known = baseline.category_fraud_shares.get(row["category"], math.nan)
    all_frauds = f"{normal} of all payments are frauds"
    if math.isnan(known):
        return name, normal, f"Category {name}: little is known of it"
    if known > baseline.fraud_share:
        return name, all_frauds, f"Category {name}: {share(known)} frauds, {normal} in all categories"
    return name, all_frauds, with_other_signs(f"category {name}, by itself with {share(known)} frauds, {normal} in all")


def odd_hour(row: FeatureRow, baseline: Baseline) -> ReasonText:
    """The hour, by night or by day."""
    value, normal = clock_hour(row["hour_local"]), share(baseline.night_share)
    habit = f"{normal} of payments are made at night" if normal else ""
    if row["is_night"] == 1:
        return value, habit, "; ".join(filter(None, (f"Made at night, after {value}", habit)))
    return value, habit, with_other_signs(f"made by day, after {value}")


def card_holder(row: FeatureRow, baseline: Baseline) -> ReasonText:
    """The card holder's age and city, as far as they are known."""
    value = _holder_text(row["age_years"], row["city_pop"])
    normal = _holder_text(baseline.median("age_years"), baseline.median("city_pop"))
    if not value:
        return unknown_value("the card holder's age and city are unknown", normal)
    middle = f"; in the middle: {normal}" if normal else ""
    return value, normal, with_other_signs(f"card holder: {value}{middle}")


def _holder_text(years: float, people: float) -> str:
    age = "" if math.isnan(years) else plural(years, "year")
    city = "" if math.isnan(people) else f"city of {count(people)} people"
    return ", ".join(filter(None, (age, city)))


def far_from_home(row: FeatureRow, baseline: Baseline) -> ReasonText:
    """The distance from the card holder's home to the merchant."""
    km, middle = row["home_distance_km"], baseline.median("home_distance_km")
    value, normal = kilometres(km), kilometres(middle)
    if not value:
        return unknown_value("the distance from the card holder's home is unknown", normal)
    text = f"{value} from the card holder's home" + (f"; usually {normal}" if normal else "")
    return value, normal, with_other_signs(text) if km <= middle else text
