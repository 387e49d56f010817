"""One sentence a reason code: the payment's value and what is usual.

A model may count a value against a payment that looks harmless by itself (a category with few frauds, a short way from
home), or one that is not known at all: what it means then, it means only beside the rest, and the sentence says so.
"""

from __future__ import annotations

from collections.abc import Callable

from fraud_scorer.explain import card, merchant, payment
from fraud_scorer.explain.baseline import Row, Usual, Words

SENTENCES: dict[str, Callable[[Row, Usual], Words]] = {
    "amount_unusual": payment.amount,
    "category_risk": payment.category,
    "odd_hour": payment.hour,
    "card_holder": payment.holder,
    "far_from_home": payment.home,
    "rapid_payments": card.rapid,
    "many_payments": card.many,
    "card_activity": card.activity,
    "spending_speed": card.spending,
    "large_payments": card.large,
    "travel": card.travel,
    "new_merchant": card.new_merchant,
    "new_category": card.new_category,
    "many_merchants": card.merchants,
    "merchant_activity": merchant.activity,
    "merchant_frauds": merchant.frauds,
}
