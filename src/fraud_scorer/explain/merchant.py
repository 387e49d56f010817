"""Sentences on the merchant: how much it sells, and how much of that was fraud."""

from __future__ import annotations

import math

from fraud_scorer.explain.baseline import Baseline, FeatureRow, ReasonText, unknown_value, with_other_signs
from fraud_scorer.explain.phrasing import count, plural, share


def merchant_activity(row: FeatureRow, baseline: Baseline) -> ReasonText:
    """The merchant's number of payments in a week."""
    value, normal = plural(row["merchant_payments_7d"], "payment"), count(baseline.median("merchant_payments_7d"))
    return value, normal, with_other_signs(f"this merchant had {value} in 7 days; others have {normal}")


def merchant_frauds(row: FeatureRow, baseline: Baseline) -> ReasonText:
    """The larger of its week's and its month's share of frauds."""
    rates = (row["merchant_fraud_rate_7d"], row["merchant_fraud_rate_30d"])
    rate, span = (rates[0], "7") if rates[0] >= rates[1] or math.isnan(rates[1]) else (rates[1], "30")
    value, normal = share(rate), share(baseline.fraud_share)
    if not value:
        return unknown_value("no payment at this merchant has a label yet", normal)
    text = f"{value} of this merchant's payments in {span} days were frauds; {normal} everywhere"
    return value, normal, text if rate > baseline.fraud_share else with_other_signs(text)
