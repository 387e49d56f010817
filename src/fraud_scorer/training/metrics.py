"""A model's quality, in the figures that people compare, and in money."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from fraud_common.errors import SettingsError
from fraud_scorer.training.dataset import Dataset

_RELIABILITY_EDGES = (0.0, 0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
THRESHOLDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def average_precision(label: np.ndarray, score: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Area under precision over recall, by steps."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(label, score, sample_weight=weight))


def auc_roc(label: np.ndarray, score: np.ndarray) -> float:
    """Chance that a fraud scores above a genuine payment."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(label, score))


def recall_at_false_positive_rate(label: np.ndarray, score: np.ndarray, rate: float) -> float:
    """Share of frauds above the threshold that at most ``rate`` of the genuine payments reach.

    >>> recall_at_false_positive_rate(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.3, 0.9]), 0.0)
    0.5
    """
    genuine = np.sort(score[label == 0])[::-1]
    allowed = int(np.floor(rate * len(genuine)))
    limit = genuine[allowed] if allowed < len(genuine) else -np.inf
    return float((score[label == 1] > limit).mean())


def card_precision_at_k(day: np.ndarray, card: np.ndarray, label: np.ndarray, score: np.ndarray, k: int) -> float:
    """Mean over days: of the ``k`` cards with the highest score of the day, the share with a fraud that day.

    As the Fraud Detection Handbook counts: a card found fraudulent among the day's ``k`` is blocked, and its later
    payments are left out. Days with fewer than ``k`` cards count all of them.
    """
    blocked = np.zeros(int(card.max(initial=0)) + 1, bool)
    order = np.argsort(day, kind="stable")
    precisions = []
    for rows in np.split(order, np.flatnonzero(np.diff(day[order])) + 1):
        rows = rows[~blocked[card[rows]]]
        if not len(rows):
            continue
        cards, place = np.unique(card[rows], return_inverse=True)
        highest, any_fraud = np.zeros(len(cards)), np.zeros(len(cards), bool)
        np.maximum.at(highest, place, score[rows])
        np.logical_or.at(any_fraud, place, label[rows] == 1)
        top = np.argsort(-highest, kind="stable")[:k]
        precisions.append(any_fraud[top].mean())
        blocked[cards[top][any_fraud[top]]] = True
    return float(np.mean(precisions)) if precisions else 0.0


def reliability(label: np.ndarray, probability: np.ndarray) -> list[dict[str, float]]:
    """Per band of probability: payments, mean probability and the share that were frauds."""
    bands = np.clip(np.digitize(probability, _RELIABILITY_EDGES) - 1, 0, len(_RELIABILITY_EDGES) - 2)
    rows = []
    for band in np.unique(bands):
        inside = bands == band
        rows.append(
            {
                "from": _RELIABILITY_EDGES[band],
                "to": _RELIABILITY_EDGES[band + 1],
                "payments": int(inside.sum()),
                "mean_probability": float(probability[inside].mean()),
                "fraud_share": float(label[inside].mean()),
            }
        )
    return rows


def one_currency(currencies: pd.Series, cure: str) -> str | None:
    """The currency of these payments (null without payments): only then are their amounts added.

    Raises:
        SettingsError: there are several; ``cure`` is the error's cure.
    """
    found = sorted(str(one) for one in currencies.unique())
    if len(found) > 1:
        named = f"{', '.join(found[:-1])} and {found[-1]}"
        raise SettingsError(f"these payments are in {named}: their amounts cannot be added", cure)
    return found[0] if found else None


def at_threshold(
    label: np.ndarray, probability: np.ndarray, amount: np.ndarray | None, days: float, threshold: float
) -> dict[str, Any]:
    """The effect of flagging from ``threshold`` on: alerts, frauds and amounts caught and lost.

    Amounts are null where ``amount`` is: of several currencies there is no sum.
    """
    flagged, fraud = probability >= threshold, label == 1
    caught = flagged & fraud
    return {
        "threshold": float(threshold),
        "alerts": int(flagged.sum()),
        "alerts_a_day": float(flagged.sum() / max(days, 1.0)),
        "frauds_caught": int(caught.sum()),
        "frauds_missed": int((fraud & ~flagged).sum()),
        "precision": float(caught.sum() / flagged.sum()) if flagged.any() else 0.0,
        "recall": float(caught.sum() / fraud.sum()) if fraud.any() else 0.0,
        "amount_caught": None if amount is None else round(float(amount[caught].sum()), 2),
        "amount_lost": None if amount is None else round(float(amount[fraud & ~flagged].sum()), 2),
    }


def evaluation(
    data: Dataset, raw: np.ndarray, probability: np.ndarray, *, threshold: float, cards_a_day: int
) -> dict[str, Any]:
    """Every figure of the report, of labelled payments. ``raw`` ranks, ``probability`` (calibrated) decides.

    Amounts are null where the payments are in several currencies.
    """
    label, days = data.label.astype(np.int64), data.days_spanned
    amount = data.amount if data.currency.nunique() == 1 else None
    return {
        "payments": len(label),
        "frauds": int(label.sum()),
        "fraud_share": float(label.mean()),
        "days": days,
        "auc_roc": auc_roc(label, raw),
        "average_precision": average_precision(label, raw),
        "recall_at_1pct_fpr": recall_at_false_positive_rate(label, raw, 0.01),
        "card_precision_at_k": card_precision_at_k(data.day(), data.card, label, raw, cards_a_day),
        "k": cards_a_day,
        "brier": float(np.mean((probability - label) ** 2)),
        "reliability": reliability(label, probability),
        "at_threshold": at_threshold(label, probability, amount, days, threshold),
        "by_threshold": [at_threshold(label, probability, amount, days, one) for one in THRESHOLDS],
    }
