"""One sentence a reason code: the payment's value and the usual one.

A model may count against a payment a value that looks harmless alone (a category with few frauds, a short way from
home), or an unknown value. Such a value is a sign only together with others, and its sentence says so.
"""

from __future__ import annotations

from collections.abc import Callable

from fraud_scorer.explain import card, merchant, payment
from fraud_scorer.explain.baseline import Baseline, FeatureRow, ReasonText

SENTENCES: dict[str, Callable[[FeatureRow, Baseline], ReasonText]] = {
    "amount_unusual": payment.amount_unusual,
    "category_risk": payment.category_risk,
    "odd_hour": payment.odd_hour,
    "card_holder": payment.card_holder,
    "far_from_home": payment.far_from_home,
    "rapid_payments": card.rapid_payments,
    "many_payments": card.many_payments,
    "card_activity": card.card_activity,
    "spending_speed": card.spending_speed,
    "large_payments": card.large_payments,
    "travel": card.travel,
    "new_merchant": card.new_merchant,
    "new_category": card.new_category,
    "many_merchants": card.many_merchants,
    "merchant_activity": merchant.merchant_activity,
    "merchant_frauds": merchant.merchant_frauds,
}
