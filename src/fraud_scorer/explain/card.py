"""Sentences on the card's past: its payments, spending, travel, merchants and categories."""

from __future__ import annotations

import math

from fraud_scorer.explain import phrasing
from fraud_scorer.explain.baseline import Baseline, FeatureRow, ReasonText, money, unknown_value, with_other_signs
from fraud_scorer.explain.phrasing import count, duration, kilometres, ordinal, per_day, plural

_AIRLINER_KMH = 900.0
_QUICK_MINUTES = 15.0
_MINUTES_PER_DAY = 1_440.0
_NO_PAST = "This card has no payments in 30 days before"


def _pace(row: FeatureRow) -> str:
    """The card's payments a day or week, as far as its past is known."""
    return per_day(row["card_count_30d"], row["card_days_seen"])


def _daily(row: FeatureRow) -> float:
    """The card's payments a day, NaN without a past."""
    return float(row["card_count_30d"]) / max(row["card_days_seen"], 1.0) if row["card_days_seen"] > 0 else math.nan


def rapid_payments(row: FeatureRow, _: Baseline) -> ReasonText:
    """The payment's place among those of the last hour, or the time since the last payment."""
    recent, since, pace = row["card_count_1h"], row["minutes_since_last"], _pace(row)
    if recent >= 2:
        return _several_in_an_hour(row, recent, pace)
    if math.isnan(since):
        return "first payment", "", "The first payment of this card within 30 days"
    is_long = since * _daily(row) > 2 * _MINUTES_PER_DAY
    text = f"{duration(since)} after this card's last payment{', though' if is_long else ';'} it makes {pace}"
    return duration(since), pace, text


def _several_in_an_hour(row: FeatureRow, recent: float, pace: str) -> ReasonText:
    """The payment's place among those of an hour, and the time that the last three took."""
    span, place = row["minutes_since_second_last"], ordinal(recent + 1)
    if recent == 2:
        value = f"{place} payment in {duration(span)}"
    elif span <= _QUICK_MINUTES:
        value = f"{place} payment in an hour, the last 3 within {duration(span)}"
    else:
        value = f"{place} payment in an hour"
    return value, pace, f"{value}; this card makes {pace}"


def many_payments(row: FeatureRow, _: Baseline) -> ReasonText:
    """The number of payments in a day and a week."""
    place, pace = row["card_count_24h"] + 1, _pace(row)
    value = f"{ordinal(place)} payment in 24 hours"
    week = f"{count(row['card_count_7d'] + 1)} in 7 days"
    if place < _daily(row):
        return value, pace, f"Only the {value}, {week}, though this card makes {pace}"
    return value, pace, f"{value}, {week}; this card makes {pace}"


def card_activity(row: FeatureRow, baseline: Baseline) -> ReasonText:
    """The card's last 30 days against other cards'."""
    value = f"{plural(row['card_count_30d'], 'payment')}, {money(row, row['card_amount_30d'])} {row['currency']}"
    median = baseline.median_money("card_amount_30d", row["currency"])
    normal = plural(baseline.median("card_count_30d"), "payment") + (f", {median}" if median else "")
    return value, normal, f"This card's last 30 days: {value}; other cards: {normal}"


def spending_speed(row: FeatureRow, _: Baseline) -> ReasonText:
    """The amount spent in an hour or a day, this payment included, against the card's mean day."""
    hour, day = row["card_amount_1h"] + row["amount"], row["card_amount_24h"] + row["amount"]
    ratio, several = row["spending_over_usual"], row["card_amount_1h"] > 0
    value = f"{money(row, hour)} in an hour" if several and hour > day / 2 else f"{money(row, day)} in 24 hours"
    if math.isnan(ratio):
        return value, "nothing yet", f"{value}, this payment included; this card spent nothing in 30 days before"
    if ratio == 0:
        return value, "", with_other_signs(f"{value}, this payment included")
    normal = f"{money(row, day / ratio)} a day"
    if ratio >= 1:
        return value, normal, f"{value}, this payment included; this card spends {normal}"
    if value.endswith("hour"):
        return value, normal, with_other_signs(f"{value}, this payment included; this card spends {normal}")
    return value, normal, f"Only {value}, this payment included, though this card spends {normal}"


def large_payments(row: FeatureRow, baseline: Baseline) -> ReasonText:
    """The card's largest earlier payment, against other cards' largest of as long a time."""
    feature, span = ("card_max_24h", "24 hours") if row["card_max_24h"] > 0 else ("card_max_7d", "7 days")
    largest, middle = row[feature], baseline.median_amount(feature, row["currency"])
    normal = baseline.median_money(feature, row["currency"])
    if math.isnan(largest):
        return "none", normal, f"This card paid nothing in {row['currency']} in the 7 days before this payment"
    value = money(row, largest)
    others = f"; other cards' largest is usually {normal}" if normal else ""
    text = f"in the {span} before this payment, this card's largest was {value}{others}"
    return value, normal, with_other_signs(text) if largest <= middle else text[0].upper() + text[1:]


def travel(row: FeatureRow, baseline: Baseline) -> ReasonText:
    """The distance from the card's last payment; the speed, where nobody travels so fast."""
    km, speed = kilometres(row["km_from_last"]), row["speed_from_last_kmh"]
    if math.isnan(row["minutes_since_last"]):
        return "no past", "", _NO_PAST
    if not km:
        return unknown_value("the place of this payment, or of this card's last one, is unknown")
    since, middle = duration(row["minutes_since_last"]), baseline.median("km_from_last")
    if speed > _AIRLINER_KMH:
        value = f"{count(speed)} km/h"
        return value, "an airliner flies 900 km/h", f"{km} from the last payment {since} before: {value} of travel"
    normal = kilometres(middle)
    usually = f"; usually {normal}" if normal else ""
    text = f"{km} from the place of this card's last payment, {since} before{usually}"
    return km, normal, with_other_signs(text) if row["km_from_last"] <= middle else text


def new_merchant(row: FeatureRow, _: Baseline) -> ReasonText:
    """Whether the card has paid here lately."""
    if row["first_at_merchant"] == 1:
        return "first time", "", "This card's first payment at this merchant in 30 days"
    if row["first_at_merchant"] == 0:
        return "known merchant", "", with_other_signs("this card has paid at this merchant within 30 days")
    return "no past", "", _NO_PAST


def new_category(row: FeatureRow, _: Baseline) -> ReasonText:
    """Whether the card has paid in this category lately."""
    name = phrasing.category(row["category"])
    if row["first_in_category"] == 1:
        return "first time", "", f"This card's first payment in 30 days in category {name}"
    if row["first_in_category"] == 0:
        return name, "", with_other_signs(f"this card has paid within 30 days in category {name}")
    return unknown_value("the category is unknown") if name == phrasing.category(None) else (name, "", _NO_PAST)


def many_merchants(row: FeatureRow, baseline: Baseline) -> ReasonText:
    """At how many different merchants the card paid in a day."""
    number, middle = row["merchants_24h"], baseline.median("merchants_24h")
    value, normal = count(number), count(middle)
    text = f"{plural(number, 'different merchant')} in 24 hours before; usually {normal}"
    return value, normal, text if number > middle else with_other_signs(text)
