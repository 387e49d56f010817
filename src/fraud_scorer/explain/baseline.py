"""The baseline that reasons compare a payment with, and the words that all sentences share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fraud_scorer.explain import phrasing

UNKNOWN = "unknown"  # the value of a reason whose value is unknown

FeatureRow = Mapping[str, Any]  # declared features, and the payment's currency
ReasonText = tuple[str, str, str]  # the payment's value, the usual value, the sentence


@dataclass(frozen=True)
class Baseline:
    """Usual values in the training data (from the manifest)."""

    medians: Mapping[str, float] = field(default_factory=dict)
    fraud_share: float = math.nan
    night_share: float = math.nan
    category_fraud_shares: Mapping[str, float] = field(default_factory=dict)
    amount_medians: Mapping[str, Mapping[str, float]] | None = None  # by currency; None: ``medians`` hold them

    def median(self, feature: str) -> float:
        """Median of the feature over genuine payments; NaN if unknown."""
        return self.medians.get(feature, math.nan)

    def median_money(self, feature: str, currency: str) -> str:
        """Median of a feature that is an amount, in words; empty if unknown in this currency."""
        known = self._amounts(currency)
        return phrasing.money(known[feature], currency) if feature in known else ""

    def median_amount(self, feature: str, currency: str) -> float:
        """The median as a number; NaN if unknown in this currency."""
        return self._amounts(currency).get(feature, math.nan)

    def _amounts(self, currency: str) -> Mapping[str, float]:
        return self.medians if self.amount_medians is None else self.amount_medians.get(currency, {})


def money(row: FeatureRow, amount: float) -> str:
    """An amount of the payment's card, in words."""
    return phrasing.money(amount, row["currency"])


def with_other_signs(text: str) -> str:
    """A sentence on a value that is suspicious only together with others."""
    return f"Together with the other signs: {text}"


def unknown_value(text: str, normal: str = "") -> ReasonText:
    """A reason whose value is unknown: it ranks behind all known ones."""
    return UNKNOWN, normal, with_other_signs(text)
