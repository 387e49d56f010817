"""Sentences on the merchant: how much it sells, and how much of that was fraud."""

from __future__ import annotations

import math

from fraud_scorer.explain.baseline import Row, Usual, Words, beside, unknown
from fraud_scorer.explain.phrasing import count, plural, share


def activity(row: Row, usual: Usual) -> Words:
    """How many payments it had in a week."""
    value, normal = plural(row["merchant_payments_7d"], "payment"), count(usual.median("merchant_payments_7d"))
    return value, normal, beside(f"this merchant had {value} in 7 days; others have {normal}")


def frauds(row: Row, usual: Usual) -> Words:
    """The larger of its week's and its month's share of frauds."""
    rates = (row["merchant_fraud_rate_7d"], row["merchant_fraud_rate_30d"])
    rate, span = (rates[0], "7") if rates[0] >= rates[1] or math.isnan(rates[1]) else (rates[1], "30")
    value, normal = share(rate), share(usual.fraud_share)
    if not value:
        return unknown("no payment at this merchant has a label yet", normal)
    text = f"{value} of this merchant's payments in {span} days were frauds; {normal} everywhere"
    return value, normal, text if rate > usual.fraud_share else beside(text)
