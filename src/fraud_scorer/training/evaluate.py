"""Measuring a model on a file, and the report of it: JSON for scripts, one HTML page for eyes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from fraud_scorer.errors import DataFileError
from fraud_scorer.ports import Model, Scorer
from fraud_scorer.training.dataset import Dataset
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
) -> dict[str, Any]:
    """The figures of ``model`` on the labelled payments of ``data`` that it was not trained on.

    On the very file it was trained on only the test period counts; of another file every labelled payment does.

    Raises:
        DataFileError: no payment is left, or only one class.
    """
    rows, note = _rows(data, source, model.manifest)
    held = data.take(rows)
    if len(np.unique(held.label)) < 2:
        only = "no labelled payment" if not len(held) else "frauds only" if held.label[0] else "genuine payments only"
        raise DataFileError(
            f"{', '.join(source['names'])} holds {only} to measure on", "Give data with both, and labels"
        )
    matrix = model.matrix(held.features)
    raw = scorer.score(matrix, reference="evaluate").raw
    probability = model.calibrate(raw)
    figures = evaluation(
        label=held.label.astype(np.int64),
        raw=raw,
        probability=probability,
        amount=held.amount,
        card=held.card,
        day=held.day(),
        days=held.days_spanned,
        threshold=threshold,
        cards_a_day=cards_a_day,
    )
    return {
        "model_hash": model.model_hash,
        "data": dict(source),
        "note": note,
        "trained_on": model.manifest["data"],
        "figures": figures,
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


def _rows(data: Dataset, source: Mapping[str, Any], manifest: Mapping[str, Any]) -> tuple[np.ndarray, str]:
    labelled = data.label >= 0
    if source["sha256"] != manifest["data"]["sha256"]:
        return labelled, "Measured on all labelled payments of data the model has not seen."
    begin = manifest["periods"]["test_from"]
    if begin is None:
        raise DataFileError(
            f"{', '.join(source['names'])} is what the model was trained on, and nothing of it was held out",
            "Train with --hold-out, or measure on other data",
        )
    micros = int(datetime.fromisoformat(begin).timestamp()) * 1_000_000
    return labelled & (data.micros >= micros), f"Measured on the test period alone: payments from {begin} on."


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
