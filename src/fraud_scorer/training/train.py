"""From labelled payments to a model folder: split, choose, fit, calibrate, set the threshold, test, write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fraud_scorer.domain.model_folder import calibrated
from fraud_scorer.features.declared import BY_NAME, split_column
from fraud_scorer.features.drift import drift_reference
from fraud_scorer.training.baseline_values import baseline_values
from fraud_scorer.training.calibration import ThresholdRule, calibration_table, recommend_threshold
from fraud_scorer.training.dataset import Dataset
from fraud_scorer.training.fitting import (
    SEED,
    ChosenSettings,
    Progress,
    fit,
    out_of_fold,
    predict,
    refit,
    refuse_thin_folds,
)
from fraud_scorer.training.metrics import evaluation, one_currency
from fraud_scorer.training.periods import Periods, iso, split
from fraud_scorer.training.saving import refuse_unwritable, save


@dataclass(frozen=True)
class TrainingPlan:
    """The settings of a training. The defaults are those of ``fraud-scorer train``."""

    time_zone: str = "UTC"
    label_delay_days: float = 7.0
    hold_out: float = 0.2
    rule: ThresholdRule = field(default_factory=ThresholdRule)
    cards_a_day: int = 100
    compare_without_history: bool = False


@dataclass(frozen=True)
class TrainingResult:
    """The model that a training wrote."""

    model_hash: str
    manifest: dict[str, Any]


def train(
    data: Dataset, source: Mapping[str, Any], out: Path, plan: TrainingPlan, progress: Progress = lambda _: None
) -> TrainingResult:
    """Train on ``data`` and write the model folder ``out``.

    Args:
        data: labelled payments with features (rows without a label are left out).
        source: the manifest's entry on the data (names, sha256).
        out: the folder; written as a whole at the end.
        plan: periods, threshold rule, comparison.
        progress: gets a sentence on each stage.

    Raises:
        SettingsError: the threshold of least cost is asked for, of payments in several currencies.
        DataFileError: one class only, too few of one class in a period, or all frauds on too few cards.
        ArtifactError: ``out`` cannot be written.
    """
    from fraud_scorer.features.encoding import make_preprocess

    refuse_unwritable(out)
    name = ", ".join(source["names"])
    known = data.take(data.label >= 0)
    if plan.rule.alerts_a_day is None:
        one_currency(known.currency, "The threshold of least cost adds them: give a budget instead, --alerts-a-day")
    periods = split(known, hold_out=plan.hold_out, label_delay_days=plan.label_delay_days, name=name)
    final = periods.final_rows(known.micros)
    refuse_thin_folds(known.label, final, known.card, name)
    preprocess = make_preprocess().fit(known.features[final])
    matrix = preprocess.transform(known.features)
    made = _fit_model(known, matrix, periods, plan, progress)
    metrics = {"unseen_cards": made.unseen_cards}
    if plan.hold_out > 0:
        metrics["test"] = _test(made, known, matrix, periods, plan)
    if plan.compare_without_history and plan.hold_out > 0:
        progress("training once more without card history, to show what it is worth")
        columns = [str(column) for column in preprocess.get_feature_names_out()]
        metrics["without_card_history"] = _without_history(columns, known, matrix, periods, plan)
    about = {
        "calibration": made.table,
        "recommended_threshold": made.threshold,
        "threshold_rule": plan.rule.as_text(),
        "usual": baseline_values(known, final),
        "label_delay_days": plan.label_delay_days,
        "time_zone": plan.time_zone,
        "data": dict(source) | _extent(known),
        "periods": periods.as_text(),
        "fitted": _fit_entry(made.fitted),
        "metrics": metrics,
        "reference": _reference(made, known, matrix, periods),
    }
    progress(f"writing {out}")
    about = _plain(about)
    model_hash = save(out, preprocess=preprocess, booster=made.booster, about=about)
    return TrainingResult(model_hash, about)


@dataclass(frozen=True)
class _FittedModel:
    booster: Any
    fitted: ChosenSettings
    table: dict[str, list[float]]
    threshold: float
    unseen_cards: dict[str, Any]
    held_out_raw: np.ndarray  # of each row of the final period, by trees that have not seen its card


def _fit_model(
    data: Dataset, matrix: np.ndarray, periods: Periods, plan: TrainingPlan, progress: Progress
) -> _FittedModel:
    """Choose settings on the validation period; calibrate on cards the trees have not seen; fit on everything."""
    label, final = data.label, periods.final_rows(data.micros)
    fitted = fit(matrix, label, periods.fit_rows(data.micros), periods.validation_rows(data.micros), progress)
    raw, held = out_of_fold(matrix, label, final, data.card, fitted, progress), data.take(final)
    table = calibration_table(held.label, raw)
    probability = calibrated(table, raw)
    threshold = recommend_threshold(plan.rule, held.label, probability, held.amount, held.days_spanned)
    progress("fitting the model to ship")
    booster = refit(matrix, label, final, fitted)
    unseen_cards = evaluation(held, raw, probability, threshold=threshold, cards_a_day=plan.cards_a_day)
    return _FittedModel(booster, fitted, table, threshold, unseen_cards, raw)


def _test(
    made: _FittedModel, data: Dataset, matrix: np.ndarray, periods: Periods, plan: TrainingPlan
) -> dict[str, Any]:
    rows = periods.test_rows(data.micros)
    raw = predict(made.booster, matrix[rows])
    probability = calibrated(made.table, raw)
    return evaluation(data.take(rows), raw, probability, threshold=made.threshold, cards_a_day=plan.cards_a_day)


def _without_history(
    columns: list[str], data: Dataset, matrix: np.ndarray, periods: Periods, plan: TrainingPlan
) -> dict[str, Any]:
    kept = [place for place, column in enumerate(columns) if BY_NAME[split_column(column)[0]].group != "card"]
    narrow = np.ascontiguousarray(matrix[:, kept])
    return _test(_fit_model(data, narrow, periods, plan, lambda _: None), data, narrow, periods, plan)


def _reference(made: _FittedModel, data: Dataset, matrix: np.ndarray, periods: Periods) -> dict[str, Any]:
    """The reference for live days: the test period, which shows the shipped model's scores on unseen payments.

    Where nothing is held out, the payments it was fitted on, scored by trees that have not seen their cards.
    """
    rows, name = periods.test_rows(data.micros), "test period"
    if rows.any():
        raw = predict(made.booster, matrix[rows])
    else:
        rows, name, raw = periods.final_rows(data.micros), "fitted period, scored out of fold", made.held_out_raw
    held = data.take(rows)
    extent = {"payments": len(held), "from": iso(int(held.micros[0])), "until": iso(int(held.micros[-1]))}
    return {"rows": name, **extent, **drift_reference(held.features, calibrated(made.table, raw))}


def _fit_entry(fitted: ChosenSettings) -> dict[str, Any]:
    return {"parameters": fitted.parameters, "rounds": fitted.rounds, "seed": SEED, "tried": fitted.tried}


def _extent(data: Dataset) -> dict[str, Any]:
    return {
        "payments": len(data),
        "frauds": int(data.label.sum()),
        "cards": int(data.card.max()) + 1,
        "from": iso(int(data.micros[0])),
        "until": iso(int(data.micros[-1])),
    }


def _plain(value: Any) -> Any:
    """Numbers of numpy as Python's own, floats of figures to 12 digits: JSON writes them the same everywhere."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, np.floating):
        return float(value)
    return value
