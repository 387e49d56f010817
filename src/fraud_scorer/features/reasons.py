"""Why a payment is suspicious, in plain words: contributions of features become reason codes with what is usual.

A contribution is what a feature added to the model's log-odds for this payment (XGBoost's ``pred_contribs``).
Features that tell one story share a reason code; only what raises the probability counts as a reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from fraud_scorer.features.declared import BY_NAME
from fraud_scorer.features.wording import (
    clock_hour,
    count,
    duration,
    kilometres,
    money,
    ordinal,
    per_day,
    share,
)

STRONGEST = 3
_LEAST_CONTRIBUTION = 0.01  # log-odds; less is no reason anybody would name
_AIRLINER_KMH = 900.0
_HOUR_MINUTES = 60.0

Row = Mapping[str, float]


@dataclass(frozen=True)
class Usual:
    """What is usual in the training data (from the manifest)."""

    medians: Mapping[str, float] = field(default_factory=dict)
    fraud_share: float = math.nan
    night_share: float = math.nan
    category_fraud_shares: Mapping[str, float] = field(default_factory=dict)

    def median(self, feature: str) -> float:
        """Median of the feature over genuine payments; NaN if unknown."""
        return self.medians.get(feature, math.nan)


def strongest_reasons(
    features: pd.DataFrame, contributions: np.ndarray, columns: Sequence[str], usual: Usual
) -> list[list[dict[str, object]]]:
    """The reasons of each row, strongest first, at most three.

    Args:
        features: declared features, one row a payment.
        contributions: log-odds, shape (rows, len(columns)); no bias column.
        columns: the declared feature behind each column of the matrix.
        usual: what to compare with where the card's own past says nothing.

    Returns:
        For each row a list of ``{"code", "text", "value", "usual"}``, all text; empty if nothing raises the score.
    """
    codes = list(dict.fromkeys(BY_NAME[name].reason for name in columns))
    member = np.array([[BY_NAME[name].reason == code for code in codes] for name in columns], dtype=np.float64)
    by_code = contributions.astype(np.float64) @ member.reshape(len(columns), len(codes))
    rows: list[dict[Any, Any]] = features.to_dict("records")
    order = np.argsort(-by_code, axis=1, kind="stable")[:, :STRONGEST]
    return [
        [_reason(codes[place], row, usual) for place in order[number] if by_code[number, place] >= _LEAST_CONTRIBUTION]
        for number, row in enumerate(rows)
    ]


def _reason(code: str, row: Row, usual: Usual) -> dict[str, object]:
    value, normal, text = _WORDING[code](row, usual)
    return {"code": code, "text": text, "value": value, "usual": normal}


Words = tuple[str, str, str]  # value, what is usual, the sentence


def _amount(row: Row, usual: Usual) -> Words:
    value, ratio = money(row["amount"]), row["amount_over_mean"]
    mean = row["amount"] / ratio if ratio > 0 else math.nan
    if math.isnan(mean):
        normal = money(usual.median("amount"))
        return value, normal, f"Amount {value}; this card has no earlier payments, others pay {normal}"
    far = "far below" if ratio < 0.2 else "far above" if ratio > 3 else "against"
    return value, money(mean), f"Amount {value}, {far} this card's usual {money(mean)}"


def _category(row: Row, usual: Usual) -> Words:
    name = row["category"] if isinstance(row["category"], str) else "unknown"
    value, normal = share(usual.category_fraud_shares.get(name, math.nan)), share(usual.fraud_share)
    if not value:
        return name, normal, f"Category {name}, of which little is known"
    return name, f"{normal} of all payments are frauds", f"Category {name}: {value} frauds, {normal} in all categories"


def _hour(row: Row, usual: Usual) -> Words:
    value, normal = clock_hour(row["hour_local"]), share(usual.night_share)
    when = "at night" if row["is_night"] == 1 else "by day"
    return value, f"{normal} are made at night", f"Made {when}, after {value}; {normal} of payments are made at night"


def _holder(row: Row, usual: Usual) -> Words:
    value = f"{count(row['age_years'])} years, city of {count(row['city_pop'])}"
    normal = f"{count(usual.median('age_years'))} years, city of {count(usual.median('city_pop'))}"
    return value, normal, f"Card holder: {value} people; in the middle {normal}"


def _home(row: Row, usual: Usual) -> Words:
    value, normal = kilometres(row["home_distance_km"]), kilometres(usual.median("home_distance_km"))
    if not value:
        return "unknown", normal, "The distance from the card holder's home is unknown"
    return value, normal, f"{value} from the card holder's home; usually {normal}"


def _pace(row: Row) -> str:
    """How often this card pays, as far as its past is known."""
    return per_day(row["card_count_30d"], row["card_days_seen"])


def _rapid(row: Row, _: Usual) -> Words:
    recent, pace = row["card_count_1h"], _pace(row)
    if recent >= 2:
        return _rapid_several(row, recent, pace)
    if math.isnan(row["minutes_since_last"]):
        return "first payment", "", "The first payment of this card within 30 days"
    since = duration(row["minutes_since_last"])
    return since, pace, f"{since} after this card's last payment; it makes {pace}"


def _rapid_several(row: Row, recent: float, pace: str) -> Words:
    quick = row["minutes_since_second_last"] <= _HOUR_MINUTES / 4 or recent == 2
    value = (
        f"3rd payment in {duration(row['minutes_since_second_last'])}"
        if quick
        else f"{ordinal(recent + 1)} payment in an hour"
    )
    return value, pace, f"{value}; this card makes {pace}"


def _many(row: Row, _: Usual) -> Words:
    value, pace = f"{ordinal(row['card_count_24h'] + 1)} payment in 24 hours", _pace(row)
    return value, pace, f"{value}, {count(row['card_count_7d'] + 1)} in 7 days; this card makes {pace}"


def _activity(row: Row, usual: Usual) -> Words:
    value = f"{count(row['card_count_30d'])} payments, {money(row['card_amount_30d'])} in all"
    normal = f"{count(usual.median('card_count_30d'))} payments, {money(usual.median('card_amount_30d'))}"
    return value, normal, f"This card's last 30 days: {value}; others: {normal}"


def _spending(row: Row, _: Usual) -> Words:
    hour, day = row["card_amount_1h"], row["card_amount_24h"]
    value = f"{money(hour)} in an hour" if hour > day / 2 and hour > 0 else f"{money(day)} in 24 hours"
    days = max(row["card_days_seen"], 1.0) if row["card_days_seen"] > 0 else math.nan
    normal = f"{money(row['card_amount_30d'] / days)} a day" if days > 0 else "nothing yet"
    return value, normal, f"{value} before this payment; this card spends {normal}"


def _large(row: Row, usual: Usual) -> Words:
    recent = row["card_max_24h"] > 0
    largest, span = (row["card_max_24h"], "24 hours") if recent else (row["card_max_7d"], "7 days")
    value, normal = money(largest), money(usual.median("card_max_7d"))
    return value, normal, f"This card's largest payment in {span} before was {value}; others' in 7 days {normal}"


def _travel(row: Row, usual: Usual) -> Words:
    km, speed = kilometres(row["km_from_last"]), row["speed_from_last_kmh"]
    if not km:
        return "unknown", "", "The place of this payment or of the card's last one is unknown"
    since = duration(row["minutes_since_last"])
    if speed > _AIRLINER_KMH:
        value = f"{count(speed)} km/h"
        return value, "an airliner flies 900 km/h", f"{km} from the last payment {since} before: {value} of travel"
    normal = kilometres(usual.median("km_from_last"))
    return km, normal, f"{km} from the place of this card's last payment, {since} before; usually {normal}"


def _merchant_is_new(row: Row, _: Usual) -> Words:
    if row["first_at_merchant"] == 1:
        return "first time", "", "This card's first payment at this merchant in 30 days"
    return "known merchant" if row["first_at_merchant"] == 0 else "no past", "", "This card's past at this merchant"


def _category_is_new(row: Row, _: Usual) -> Words:
    name = row["category"] if isinstance(row["category"], str) else "unknown"
    if row["first_in_category"] == 1:
        return "first time", "", f"This card's first payment in category {name} in 30 days"
    return name, "", f"This card's past in category {name}"


def _merchants(row: Row, usual: Usual) -> Words:
    value, normal = count(row["merchants_24h"]), count(usual.median("merchants_24h"))
    return value, normal, f"{value} different merchants in 24 hours before; usually {normal}"


def _merchant_activity(row: Row, usual: Usual) -> Words:
    value, normal = count(row["merchant_payments_7d"]), count(usual.median("merchant_payments_7d"))
    return value, normal, f"This merchant had {value} payments in 7 days; others have {normal}"


def _merchant_frauds(row: Row, usual: Usual) -> Words:
    rates = (row["merchant_fraud_rate_7d"], row["merchant_fraud_rate_30d"])
    rate, span = (rates[0], "7") if rates[0] >= rates[1] else (rates[1], "30")
    value, normal = share(rate), share(usual.fraud_share)
    if not value:
        return "unknown", normal, "No payment at this merchant has a label yet"
    return value, normal, f"{value} of this merchant's payments in {span} days were frauds; {normal} everywhere"


_WORDING: dict[str, Callable[[Row, Usual], Words]] = {
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
REASON_CODES: tuple[str, ...] = tuple(_WORDING)
