"""The features, declared: one list that training, serving, reasons and the model card all read.

Card features describe the card's *earlier* payments that the payment may see (see ``point_in_time``), at most
``LOOK_BACK_DAYS`` back. A window of an hour holds payments that are less than 3,600 whole seconds older. Amounts are
in units of the payment's currency, and features made of amounts use the card's payments in that currency alone.
"""

from __future__ import annotations

from dataclasses import dataclass

LOOK_BACK_DAYS = 30
HOUR_SECONDS = 3_600
DAY_SECONDS = 86_400
LOOK_BACK_SECONDS = LOOK_BACK_DAYS * DAY_SECONDS
WINDOWS_SECONDS = {"1h": HOUR_SECONDS, "24h": DAY_SECONDS, "7d": 7 * DAY_SECONDS, "30d": LOOK_BACK_SECONDS}
NIGHT_HOURS = (22, 23, 0, 1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Feature:
    """One declared feature.

    ``dtype`` is float64 (null: NaN) or str (nullable). ``reason`` is the reason code under which it is a cause;
    features that tell the same story share one.
    """

    name: str
    dtype: str
    unit: str
    sentence: str
    reason: str
    group: str  # payment, card or merchant: the past that it needs


def _number(name: str, unit: str, sentence: str, reason: str, group: str = "card") -> Feature:
    return Feature(name, "float64", unit, sentence, reason, group)


FEATURES: tuple[Feature, ...] = (
    _number("amount", "currency units", "The payment's amount.", "amount_unusual", "payment"),
    Feature("category", "str", "", "The merchant's category; empty where unknown.", "category_risk", "payment"),
    _number("hour_local", "hours", "Hour of the day, 0 to 23, in the team's time zone.", "odd_hour", "payment"),
    _number("weekday_local", "days", "Day of the week, Monday is 0.", "odd_hour", "payment"),
    _number("is_night", "0 or 1", "Between 22:00 and 06:00 local time.", "odd_hour", "payment"),
    _number("age_years", "years", "Age of the card holder at the time of the payment.", "card_holder", "payment"),
    _number("city_pop", "people", "Inhabitants of the card holder's city.", "card_holder", "payment"),
    _number("home_distance_km", "km", "From the card holder's home to the merchant.", "far_from_home", "payment"),
    _number("card_count_1h", "payments", "Earlier payments with this card within an hour.", "rapid_payments"),
    _number("card_count_24h", "payments", "Earlier payments with this card within 24 hours.", "many_payments"),
    _number("card_count_7d", "payments", "Earlier payments with this card within 7 days.", "many_payments"),
    _number("card_count_30d", "payments", "Earlier payments with this card within 30 days.", "card_activity"),
    _number("card_amount_1h", "currency units", "Spent with this card within an hour before.", "spending_speed"),
    _number("card_amount_24h", "currency units", "Spent with this card within 24 hours before.", "spending_speed"),
    _number("card_amount_7d", "currency units", "Spent with this card within 7 days before.", "spending_speed"),
    _number("card_amount_30d", "currency units", "Spent with this card within 30 days before.", "card_activity"),
    _number("card_max_24h", "currency units", "This card's largest payment within 24 hours before.", "large_payments"),
    _number("card_max_7d", "currency units", "This card's largest payment within 7 days before.", "large_payments"),
    _number("spending_over_usual", "ratio", "24 hours with this payment, by the card's mean day.", "spending_speed"),
    _number("card_night_share_30d", "share", "Of this card's payments in 30 days, made at night.", "odd_hour"),
    _number("minutes_since_last", "minutes", "Since this card's last payment.", "rapid_payments"),
    _number("minutes_since_second_last", "minutes", "Since this card's last payment but one.", "rapid_payments"),
    _number("card_days_seen", "days", "Since this card's first payment within 30 days.", "card_activity"),
    _number("km_from_last", "km", "From the merchant of this card's last payment to this one.", "travel"),
    _number("speed_from_last_kmh", "km/h", "Speed that distance and time would need.", "travel"),
    _number("amount_over_mean", "ratio", "Amount divided by this card's mean over 30 days.", "amount_unusual"),
    _number("amount_spreads", "spreads", "Amount's distance from that mean in spreads.", "amount_unusual"),
    _number("amount_over_category", "ratio", "Amount by this card's mean in the category.", "amount_unusual"),
    _number("first_at_merchant", "0 or 1", "This card has not paid here within 30 days.", "new_merchant"),
    _number("first_in_category", "0 or 1", "This card has not paid in this category within 30 days.", "new_category"),
    _number("merchants_24h", "merchants", "Different merchants this card paid within 24 hours.", "many_merchants"),
    _number("merchant_payments_7d", "payments", "At this merchant, 7 days before.", "merchant_activity", "merchant"),
    _number("merchant_payments_30d", "payments", "At this merchant, 30 days before.", "merchant_activity", "merchant"),
    _number(
        "merchant_fraud_rate_7d", "share", "Frauds among its labelled payments, 7 days.", "merchant_frauds", "merchant"
    ),
    _number(
        "merchant_fraud_rate_30d",
        "share",
        "Frauds among its labelled payments, 30 days.",
        "merchant_frauds",
        "merchant",
    ),
)

FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
TEXT_FEATURES: tuple[str, ...] = tuple(feature.name for feature in FEATURES if feature.dtype == "str")
NUMBER_FEATURES: tuple[str, ...] = tuple(feature.name for feature in FEATURES if feature.dtype != "str")
MONEY_FEATURES: tuple[str, ...] = tuple(feature.name for feature in FEATURES if feature.unit == "currency units")
BY_NAME: dict[str, Feature] = {feature.name: feature for feature in FEATURES}


def split_column(column: str) -> tuple[str, str]:
    """The declared feature behind a column of the matrix, and the value it stands for (empty: the number itself).

    >>> split_column("category=travel"), split_column("amount")
    (('category', 'travel'), ('amount', ''))
    """
    name, _, value = column.partition("=")
    return name, value
