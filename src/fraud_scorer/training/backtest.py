"""Back-test: the effect that a threshold would have had on stored payments with labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from fraud_common.money import minor_units_per_major
from fraud_scorer.training.metrics import at_threshold, one_currency

_DAY_MICROS = 86_400_000_000


def backtest(payments: pd.DataFrame, thresholds: Sequence[float], alert_cost: float) -> dict[str, Any]:
    """Alerts, frauds caught and missed, and the cost, at each threshold.

    Args:
        payments: trans_num, event_time (UTC microseconds), amount_cents, currency, fraud_probability, label
            (fraud, not_fraud or null: not known).
        thresholds: to compare.
        alert_cost: the cost of an alert, in the payments' currency.

    Returns:
        ``currency`` (of every amount; null without payments),
        ``payments``, ``labelled``, ``frauds``, ``days`` and ``by_threshold``: alerts count every payment, what is
        caught, missed and ``precision`` the labelled ones only; ``cost`` is what was lost and what alerts cost.

    Raises:
        SettingsError: the payments have several currencies, whose amounts cannot be added.
    """
    currency = one_currency(payments["currency"], "Choose one: --currency")
    micros, probability = payments["event_time"].to_numpy(), payments["fraud_probability"].to_numpy(np.float64)
    days = float(micros.max() - micros.min()) / _DAY_MICROS if len(payments) else 0.0
    known = payments["label"].notna().to_numpy(bool)
    label = (payments["label"] == "fraud").fillna(False).to_numpy(bool)[known].astype(np.int64)
    amount = (payments["amount_cents"].to_numpy() / minor_units_per_major(payments["currency"]))[known]
    rows = []
    for threshold in thresholds:
        figures = at_threshold(label, probability[known], amount, days, threshold)
        alerts = int((probability >= threshold).sum())
        figures |= {"alerts": alerts, "alerts_a_day": alerts / max(days, 1.0)}
        rows.append(figures | {"cost": round(figures["amount_lost"] + alert_cost * alerts, 2)})
    return {
        "currency": currency,
        "payments": len(payments),
        "labelled": int(known.sum()),
        "frauds": int(label.sum()),
        "days": days,
        "alert_cost": alert_cost,
        "by_threshold": rows,
    }
