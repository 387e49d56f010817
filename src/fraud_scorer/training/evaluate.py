"""Measuring a model on a file, and the report of it: JSON for scripts, one HTML page for eyes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from fraud_common.errors import DataFileError
from fraud_scorer.domain.ports import Model, Scorer
from fraud_scorer.training.dataset import Dataset
from fraud_scorer.training.held_out import choose_rows
from fraud_scorer.training.metrics import evaluation
from fraud_scorer.training.plots import figures_as_png
from fraud_scorer.training.saving import write_whole


class DescribedModel(Model, Protocol):
    """A model with its manifest."""

    manifest: Mapping[str, Any]


def evaluate_file(
    data: Dataset,
    source: Mapping[str, Any],
    model: DescribedModel,
    scorer: Scorer,
    *,
    threshold: float,
    cards_a_day: int,
    is_asked: np.ndarray | None = None,
    also_seen: bool = False,
) -> dict[str, Any]:
    """The figures of ``model`` on the payments of ``data`` that it cannot have seen: judged by their time alone.

    Args:
        data: all payments that feed features, in order of time.
        source: the report's entry on them (names, sha256).
        model: with its manifest.
        scorer: of the model's booster.
        threshold: to flag from.
        cards_a_day: k of the card precision.
        is_asked: which rows count (bool), the others being history; all by default.
        also_seen: count payments of the time that the model was trained on, too.

    Raises:
        DataFileError: a payment that counts has no label; none is left, or only one class.
    """
    asked = np.ones(len(data), bool) if is_asked is None else is_asked
    names = ", ".join(source["names"])
    if not asked.any():
        raise DataFileError(f"{names} holds no payment to measure on", "Refunds are not scored; give payments")
    if unlabelled := int((data.label[asked] < 0).sum()):
        raise DataFileError(f"{names}: {unlabelled:,} payments have no label", "Label them, or give them as --history")
    measured = choose_rows(data.micros, asked, model.manifest, also_seen=also_seen)
    held = data.take(measured.rows)
    if len(np.unique(held.label)) < 2:
        only = "no payment" if not len(held) else "frauds only" if held.label[0] else "genuine payments only"
        raise DataFileError(f"{names} holds {only} to measure on. {measured.note}", measured.cure)
    raw = scorer.score(model.matrix(held.features), reference="evaluate").raw
    return {
        "model_hash": model.model_hash,
        "data": dict(source),
        "note": measured.note,
        "measured": measured.counts,
        "trained_on": model.manifest["data"],
        "figures": evaluation(held, raw, model.calibrate(raw), threshold=threshold, cards_a_day=cards_a_day),
        "curves": _curves(held.label, raw),
    }


def write_report(result: Mapping[str, Any], out: Path) -> list[Path]:
    """``evaluation.json`` and ``report.html`` (self-contained) in the folder ``out``."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=jinja2.StrictUndefined
    )
    pictures = figures_as_png(result["figures"], result["curves"])
    page = environment.get_template("report.html.j2").render(result=result, pictures=pictures)
    figures = {name: value for name, value in result.items() if name != "curves"}
    write_whole(out / "evaluation.json", json.dumps(figures, indent=1, default=str) + "\n")
    write_whole(out / "report.html", page)
    return [out / "evaluation.json", out / "report.html"]


def _curves(label: np.ndarray, raw: np.ndarray) -> dict[str, list[float]]:
    """Precision over recall and the ROC's low end, thinned for drawing."""
    from sklearn.metrics import precision_recall_curve, roc_curve

    precision, recall, _ = precision_recall_curve(label, raw)
    false_positives, true_positives, _ = roc_curve(label, raw)
    return {
        "precision": _thin(precision),
        "recall": _thin(recall),
        "false_positive_rate": _thin(false_positives),
        "true_positive_rate": _thin(true_positives),
    }


def _thin(values: np.ndarray, most: int = 2_000) -> list[float]:
    places = np.unique(np.linspace(0, len(values) - 1, min(most, len(values))).astype(int))
    thinned: list[float] = values[places].tolist()
    return thinned
