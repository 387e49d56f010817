"""One sentence a reason code: the payment's value and what is usual.

A model may count a value against a payment that looks harmless by itself (a category with few frauds, a short way from
home): what it means then, it means only beside the rest, and the sentence says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fraud_scorer.features import wording
from fraud_scorer.features.wording import clock_hour, count, duration, kilometres, ordinal, per_day, plural, share

_AIRLINER_KMH = 900.0
_QUICK_MINUTES = 15.0
_MINUTES_PER_DAY = 1_440.0
_CLOSE = 1.25  # up to this ratio, either way, an amount is the usual one

Row = Mapping[str, Any]  # declared features, and the payment's currency
Words = tuple[str, str, str]  # value, what is usual, the sentence


@dataclass(frozen=True)
class Usual:
    """What is usual in the training data (from the manifest)."""

    medians: Mapping[str, float] = field(default_factory=dict)
    fraud_share: float = math.nan
    night_share: float = math.nan
    category_fraud_shares: Mapping[str, float] = field(default_factory=dict)
    amount_medians: Mapping[str, Mapping[str, float]] | None = None  # by currency; None: ``medians`` hold them

    def median(self, feature: str) -> float:
        """Median of the feature over genuine payments; NaN if unknown."""
        return self.medians.get(feature, math.nan)

    def money(self, feature: str, currency: str) -> str:
        """Median of a feature that is an amount, in words; empty if unknown in this currency."""
        known = self.medians if self.amount_medians is None else self.amount_medians.get(currency, {})
        return wording.money(known[feature], currency) if feature in known else ""


def _money(row: Row, amount: float) -> str:
    return wording.money(amount, row["currency"])


def _beside(text: str) -> str:
    """What is no sign by itself."""
    return f"Together with the other signs: {text}"


def _amount(row: Row, usual: Usual) -> Words:
    value, ratio, normal = _money(row, row["amount"]), row["amount_over_mean"], usual.money("amount", row["currency"])
    if ratio > 0:
        return _amount_of_card(value, _money(row, row["amount"] / ratio), ratio)
    others = f"; others pay {normal}" if normal else ""
    if row["card_count_30d"] > 0:
        return value, normal, f"Amount {value}; this card spent nothing in {row['currency']} in 30 days before{others}"
    return value, normal, f"Amount {value}; this card has no payments in 30 days before{others}"


def _amount_of_card(value: str, mean: str, ratio: float) -> Words:
    if 1 / _CLOSE < ratio < _CLOSE:
        return value, mean, _beside(f"amount {value}, about this card's usual {mean}")
    far = "far below" if ratio < 0.2 else "below" if ratio < 1 else "far above" if ratio > 3 else "above"
    return value, mean, f"Amount {value}, {far} this card's usual {mean}"


def _category(row: Row, usual: Usual) -> Words:
    name, normal = wording.category(row["category"]), share(usual.fraud_share)
    known = usual.category_fraud_shares.get(row["category"], math.nan)
    all_frauds = f"{normal} of all payments are frauds"
    if math.isnan(known):
        return name, normal, f"Category {name}: little is known of it"
    if known > usual.fraud_share:
        return name, all_frauds, f"Category {name}: {share(known)} frauds, {normal} in all categories"
    return name, all_frauds, _beside(f"category {name}, by itself with {share(known)} frauds, {normal} in all")


def _hour(row: Row, usual: Usual) -> Words:
    value, normal = clock_hour(row["hour_local"]), share(usual.night_share)
    habit = f"{normal} of payments are made at night" if normal else ""
    if row["is_night"] == 1:
        return value, habit, "; ".join(filter(None, (f"Made at night, after {value}", habit)))
    return value, habit, _beside(f"made by day, after {value}")


def _holder(row: Row, usual: Usual) -> Words:
    value = f"{plural(row['age_years'], 'year')}, city of {count(row['city_pop'])}"
    normal = f"{plural(usual.median('age_years'), 'year')}, city of {count(usual.median('city_pop'))}"
    return value, normal, _beside(f"card holder of {value} people; in the middle {normal}")


def _home(row: Row, usual: Usual) -> Words:
    km, middle = row["home_distance_km"], usual.median("home_distance_km")
    value, normal = kilometres(km), kilometres(middle)
    if not value:
        return "unknown", normal, "The distance from the card holder's home is unknown"
    text = f"{value} from the card holder's home" + (f"; usually {normal}" if normal else "")
    return value, normal, _beside(text) if km <= middle else text


def _pace(row: Row) -> str:
    """How often this card pays, as far as its past is known."""
    return per_day(row["card_count_30d"], row["card_days_seen"])


def _daily(row: Row) -> float:
    """Its payments a day, NaN without a past."""
    return float(row["card_count_30d"]) / max(row["card_days_seen"], 1.0) if row["card_days_seen"] > 0 else math.nan


def _rapid(row: Row, _: Usual) -> Words:
    recent, since, pace = row["card_count_1h"], row["minutes_since_last"], _pace(row)
    if recent >= 2:
        return _rapid_several(row, recent, pace)
    if math.isnan(since):
        return "first payment", "", "The first payment of this card within 30 days"
    is_long = since * _daily(row) > 2 * _MINUTES_PER_DAY
    text = f"{duration(since)} after this card's last payment{', though' if is_long else ';'} it makes {pace}"
    return duration(since), pace, text


def _rapid_several(row: Row, recent: float, pace: str) -> Words:
    span = row["minutes_since_second_last"]
    quick = recent == 2 or span <= _QUICK_MINUTES
    value = f"3rd payment in {duration(span)}" if quick else f"{ordinal(recent + 1)} payment in an hour"
    return value, pace, f"{value}; this card makes {pace}"


def _many(row: Row, _: Usual) -> Words:
    place, pace = row["card_count_24h"] + 1, _pace(row)
    value = f"{ordinal(place)} payment in 24 hours"
    week = f"{count(row['card_count_7d'] + 1)} in 7 days"
    if place < _daily(row):
        return value, pace, f"Only the {value}, {week}, though this card makes {pace}"
    return value, pace, f"{value}, {week}; this card makes {pace}"


def _activity(row: Row, usual: Usual) -> Words:
    amount = f"{_money(row, row['card_amount_30d'])} {row['currency']}"
    value = f"{plural(row['card_count_30d'], 'payment')}, {amount}"
    median = usual.money("card_amount_30d", row["currency"])
    normal = plural(usual.median("card_count_30d"), "payment") + (f", {median}" if median else "")
    return value, normal, f"This card's last 30 days: {value}; others: {normal}"


def _spending(row: Row, _: Usual) -> Words:
    hour, day, ratio = row["card_amount_1h"], row["card_amount_24h"], row["spending_over_usual"]
    usual_day = (day + row["amount"]) / ratio if ratio > 0 else math.nan
    value = f"{_money(row, hour)} in an hour" if hour > day / 2 and hour > 0 else f"{_money(row, day)} in 24 hours"
    if math.isnan(usual_day):
        return value, "nothing yet", f"{value} before this payment; this card spent nothing in 30 days before that"
    normal = f"{_money(row, usual_day)} a day"
    if day >= usual_day:
        return value, normal, f"{value} before this payment; this card spends {normal}"
    if value.endswith("hour"):
        return value, normal, _beside(f"{value} before this payment; this card spends {normal}")
    return value, normal, f"Only {value} before this payment, though this card spends {normal}"


def _large(row: Row, usual: Usual) -> Words:
    recent = row["card_max_24h"] > 0
    largest, span = (row["card_max_24h"], "24 hours") if recent else (row["card_max_7d"], "7 days")
    value, normal = _money(row, largest), usual.money("card_max_7d", row["currency"])
    if math.isnan(largest):
        return value, normal, "This card has no payments in 7 days before to compare with"
    others = f"; others' in 7 days {normal}" if normal else ""
    return value, normal, f"This card's largest payment in {span} before was {value}{others}"


def _travel(row: Row, usual: Usual) -> Words:
    km, speed = kilometres(row["km_from_last"]), row["speed_from_last_kmh"]
    if not km:
        return "unknown", "", "The place of this payment or of the card's last one is unknown"
    since, middle = duration(row["minutes_since_last"]), usual.median("km_from_last")
    if speed > _AIRLINER_KMH:
        value = f"{count(speed)} km/h"
        return value, "an airliner flies 900 km/h", f"{km} from the last payment {since} before: {value} of travel"
    normal = kilometres(middle)
    usually = f"; usually {normal}" if normal else ""
    text = f"{km} from the place of this card's last payment, {since} before{usually}"
    return km, normal, _beside(text) if row["km_from_last"] <= middle else text


_NO_PAST = "This card has no payments in 30 days before"


def _merchant_is_new(row: Row, _: Usual) -> Words:
    if row["first_at_merchant"] == 1:
        return "first time", "", "This card's first payment at this merchant in 30 days"
    if row["first_at_merchant"] == 0:
        return "known merchant", "", _beside("this card has paid at this merchant within 30 days")
    return "no past", "", _NO_PAST


def _category_is_new(row: Row, _: Usual) -> Words:
    name = wording.category(row["category"])
    if row["first_in_category"] == 1:
        return "first time", "", f"This card's first payment in 30 days in category {name}"
    if row["first_in_category"] == 0:
        return name, "", _beside(f"this card has paid within 30 days in category {name}")
    return name, "", "The category is unknown" if name == "unknown" else _NO_PAST


def _merchants(row: Row, usual: Usual) -> Words:
    number, middle = row["merchants_24h"], usual.median("merchants_24h")
    value, normal = count(number), count(middle)
    text = f"{plural(number, 'different merchant')} in 24 hours before; usually {normal}"
    return value, normal, text if number > middle else _beside(text)


def _merchant_activity(row: Row, usual: Usual) -> Words:
    value, normal = plural(row["merchant_payments_7d"], "payment"), count(usual.median("merchant_payments_7d"))
    return value, normal, _beside(f"this merchant had {value} in 7 days; others have {normal}")


def _merchant_frauds(row: Row, usual: Usual) -> Words:
    rates = (row["merchant_fraud_rate_7d"], row["merchant_fraud_rate_30d"])
    rate, span = (rates[0], "7") if rates[0] >= rates[1] or math.isnan(rates[1]) else (rates[1], "30")
    value, normal = share(rate), share(usual.fraud_share)
    if not value:
        return "unknown", normal, "No payment at this merchant has a label yet"
    text = f"{value} of this merchant's payments in {span} days were frauds; {normal} everywhere"
    return value, normal, text if rate > usual.fraud_share else _beside(text)


SENTENCES: dict[str, Callable[[Row, Usual], Words]] = {
    "amount_unusual": _amount,
    "category_risk": _category,
    "odd_hour": _hour,
    "card_holder": _holder,
    "far_from_home": _home,
    "rapid_payments": _rapid,
    "many_payments": _many,
    "card_activity": _activity,
    "spending_speed": _spending,
    "large_payments": _large,
    "impossible_travel": _travel,
    "new_merchant": _merchant_is_new,
    "new_category": _category_is_new,
    "many_merchants": _merchants,
    "merchant_activity": _merchant_activity,
    "merchant_frauds": _merchant_frauds,
}
