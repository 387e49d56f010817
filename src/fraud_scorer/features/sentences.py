"""One sentence a reason code: the payment's value and what is usual.

A model may count a value against a payment that looks harmless by itself (a category with few frauds, a short way from
home), or one that is not known at all: what it means then, it means only beside the rest, and the sentence says so.
"""

from __future__ import annotations

from collections.abc import Callable

from fraud_scorer.features import said_of_card, said_of_merchant, said_of_payment
from fraud_scorer.features.usual import Row, Usual, Words

SENTENCES: dict[str, Callable[[Row, Usual], Words]] = {
    "amount_unusual": said_of_payment.amount,
    "category_risk": said_of_payment.category,
    "odd_hour": said_of_payment.hour,
    "card_holder": said_of_payment.holder,
    "far_from_home": said_of_payment.home,
    "rapid_payments": said_of_card.rapid,
    "many_payments": said_of_card.many,
    "card_activity": said_of_card.activity,
    "spending_speed": said_of_card.spending,
    "large_payments": said_of_card.large,
    "travel": said_of_card.travel,
    "new_merchant": said_of_card.new_merchant,
    "new_category": said_of_card.new_category,
    "many_merchants": said_of_card.merchants,
    "merchant_activity": said_of_merchant.activity,
    "merchant_frauds": said_of_merchant.frauds,
}
