"""A model's figures as a table: a row a figure, a column a period."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.table import Table

from fraud_scorer.cli.output import console


def print_figures(metrics: dict[str, Any]) -> None:
    """``metrics``: a period's name to what ``training.metrics.evaluation`` gave for it."""
    table = Table("figure", *(name.replace("_", " ") for name in metrics), box=None)
    for label, value in _FIGURES.items():
        table.add_row(label, *(value(figures) for figures in metrics.values()))
    console.print(table)


def _sum(amount: float | None) -> str:
    return "no sum: several currencies" if amount is None else f"{amount:,.2f}"


_FIGURES: dict[str, Callable[[Any], str]] = {
    "payments": lambda one: f"{one['payments']:,}",
    "frauds": lambda one: f"{one['frauds']:,}",
    "AUC-ROC": lambda one: f"{one['auc_roc']:.4f}",
    "average precision": lambda one: f"{one['average_precision']:.4f}",
    "recall at 1 % false positives": lambda one: f"{one['recall_at_1pct_fpr']:.4f}",
    "card precision at k a day": lambda one: f"{one['card_precision_at_k']:.3f} (k = {one['k']})",
    "Brier score": lambda one: f"{one['brier']:.6f}",
    "threshold": lambda one: f"{one['at_threshold']['threshold']:.3g}",
    "alerts a day": lambda one: f"{one['at_threshold']['alerts_a_day']:.1f}",
    "precision, recall": lambda one: f"{one['at_threshold']['precision']:.3f}, {one['at_threshold']['recall']:.3f}",
    "amount caught": lambda one: _sum(one["at_threshold"]["amount_caught"]),
    "amount lost": lambda one: _sum(one["at_threshold"]["amount_lost"]),
}
