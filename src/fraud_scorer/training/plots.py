"""The report's pictures, as PNG in base64."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from typing import Any

_ROOM_FOR_TEXT = 0.05  # bands nearer to 0 would write over each other; the table below the plot has them
_INK, _FRAUD, _PALE = "#1f2937", "#b91c1c", "#9ca3af"


def figures_as_png(figures: Mapping[str, Any], curves: Mapping[str, list[float]]) -> dict[str, str]:
    """Name to base64 text: precision over recall, ROC, reliability, alerts and money by threshold.

    Raises:
        ImportError: matplotlib (the ``training`` dependency group) is not installed.
    """
    from matplotlib.figure import Figure

    painters: dict[str, Callable[[Any], None]] = {
        "precision_recall": lambda axes: _precision_recall(axes, figures, curves),
        "roc": lambda axes: _roc(axes, figures, curves),
        "reliability": lambda axes: draw_reliability(axes, figures),
        "money": lambda axes: draw_money(axes, figures),
    }
    pictures = {}
    for name, paint in painters.items():
        figure = Figure(figsize=(5.6, 4.0), dpi=110, layout="constrained")
        axes = figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        paint(axes)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        pictures[name] = base64.b64encode(buffer.getvalue()).decode()
    return pictures


def _precision_recall(axes: Any, figures: Mapping[str, Any], curves: Mapping[str, list[float]]) -> None:
    axes.plot(curves["recall"], curves["precision"], color=_INK)
    at = figures["at_threshold"]
    axes.plot(at["recall"], at["precision"], "o", color=_FRAUD)
    axes.annotate(f"threshold {at['threshold']:.3g}", (at["recall"], at["precision"]), (-10, -16),
                  textcoords="offset points", ha="right", color=_FRAUD)  # fmt: skip
    axes.set(xlabel="recall: share of frauds flagged", ylabel="precision: share of alerts that are frauds",
             title=f"Average precision {figures['average_precision']:.3f}", xlim=(0, 1.02), ylim=(0, 1.02))  # fmt: skip


def _roc(axes: Any, figures: Mapping[str, Any], curves: Mapping[str, list[float]]) -> None:
    axes.plot(curves["false_positive_rate"], curves["true_positive_rate"], color=_INK)
    axes.axvline(0.01, color=_PALE, linestyle="--")
    axes.set_xscale("symlog", linthresh=1e-4)
    recall = figures["recall_at_1pct_fpr"]
    axes.plot(0.01, recall, "o", color=_FRAUD)
    axes.annotate(
        f"{recall:.1%} at 1 %", (0.01, recall), (-8, -18), textcoords="offset points", ha="right", color=_FRAUD
    )
    axes.set(xlabel="share of genuine payments flagged (log scale)", ylabel="share of frauds flagged",
             title=f"AUC-ROC {figures['auc_roc']:.4f}", xlim=(0, 1), ylim=(0, 1.02))  # fmt: skip


def draw_reliability(axes: Any, figures: Mapping[str, Any]) -> None:
    """The share of frauds over the probability that was said, by band; numbers are payments."""
    bands = figures["reliability"]
    axes.plot([0, 1], [0, 1], color=_PALE, linestyle="--")
    axes.plot([one["mean_probability"] for one in bands], [one["fraud_share"] for one in bands], "o-", color=_INK)
    for one in (band for band in bands if band["mean_probability"] >= _ROOM_FOR_TEXT):
        axes.annotate(f"{one['payments']:,}", (one["mean_probability"], one["fraud_share"]), (6, -9),
                      textcoords="offset points", fontsize=7, color=_PALE)  # fmt: skip
    axes.set(xlabel="fraud probability we gave", ylabel="share that were frauds",
             title=f"Reliability (Brier {figures['brier']:.5f})")  # fmt: skip


def draw_money(axes: Any, figures: Mapping[str, Any]) -> None:
    """Amounts lost (of several currencies, which have no sum: frauds missed) and alerts a day by threshold."""
    rows = figures["by_threshold"]
    thresholds = [one["threshold"] for one in rows]
    key, label = ("amount_lost", "amount of missed frauds")
    if figures["at_threshold"][key] is None:
        key, label = ("frauds_missed", "missed frauds")
    axes.plot(thresholds, [one[key] for one in rows], "o-", color=_FRAUD, label=key.replace("_", " "))
    axes.set(xlabel="threshold", ylabel=label, title="What a threshold costs")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    right = axes.twinx()
    right.spines["top"].set_visible(False)
    right.plot(thresholds, [one["alerts_a_day"] for one in rows], "s-", color=_INK, label="alerts a day")
    right.set_ylabel("alerts a day")
    right.set_ylim(bottom=0)
    lines = axes.get_lines() + right.get_lines()
    axes.legend(lines, [line.get_label() for line in lines], loc="upper center", frameon=False)
