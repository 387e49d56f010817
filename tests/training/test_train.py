"""Training: what is written, that it is the same twice, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from fraud_common.errors import ArtifactError, DataFileError, SettingsError
from fraud_scorer.features.declared import FEATURE_NAMES, TEXT_FEATURES
from fraud_scorer.features.drift import number_shares, psi
from fraud_scorer.scoring.artifacts import load_artifacts
from fraud_scorer.training.calibration import ThresholdRule
from fraud_scorer.training.periods import split
from fraud_scorer.training.train import TrainingPlan, train

PLAN = TrainingPlan(label_delay_days=1, hold_out=0.3, cards_a_day=5)


@pytest.mark.integration  # takes seconds
def test_training_twice_gives_the_same_files(dataset, source, model_folder, tmp_path):
    """Same data, same bytes: of the booster, the transformers and the manifest."""
    train(dataset, source, tmp_path / "again", PLAN)
    for name in ("model.ubj", "preprocess.joblib", "manifest.json"):
        assert (tmp_path / "again" / name).read_bytes() == (model_folder / name).read_bytes(), name


def test_the_model_finds_the_sprees(model):
    """On the test period, which no choice has seen."""
    metrics = model.manifest["metrics"]["test"]
    assert metrics["average_precision"] > 0.6
    assert metrics["auc_roc"] > 0.95
    assert 0 < model.recommended_threshold < 1


def test_what_each_period_knows_ends_before_the_next_begins(dataset):
    """Labels of the fit period are known when validation begins, and so on: a label delay lies between."""
    periods = split(dataset, hold_out=0.3, label_delay_days=2, name="x")
    day = 86_400_000_000
    fit, check = (
        dataset.micros[periods.fit_rows(dataset.micros)],
        dataset.micros[periods.validation_rows(dataset.micros)],
    )
    test = dataset.micros[periods.test_rows(dataset.micros)]
    assert fit.max() + 2 * day <= check.min()
    assert check.max() + 2 * day <= test.min()
    assert fit.min() >= dataset.micros[0] + (periods.known_until - dataset.micros[0]) // 4
    assert len(test) == pytest.approx(0.3 * len(dataset), abs=2)


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_is_refused(dataset, source, tmp_path, label):
    """The error names the label column, and nothing is written."""
    one = replace(dataset, label=np.full(len(dataset), label, np.int8))
    with pytest.raises(DataFileError, match=r"is_fraud: it holds .* only"):
        train(one, source, tmp_path / "model", PLAN)
    assert not (tmp_path / "model").exists()


def test_too_few_frauds_are_refused(dataset, source, tmp_path):
    """A period without frauds chooses nothing."""
    label = dataset.label.copy()
    label[np.flatnonzero(label)[8:]] = 0
    with pytest.raises(DataFileError, match=r"frauds in the .* period"):
        train(replace(dataset, label=label), source, tmp_path / "model", PLAN)


def test_a_test_period_without_a_fraud_is_refused_before_anything_is_fitted(dataset, source, tmp_path):
    """Its figures would be none; the error names the period and --hold-out, and no folder is made."""
    label = np.where(dataset.micros >= dataset.micros[int(len(dataset) * 0.7)], 0, dataset.label).astype(np.int8)
    told = []
    with pytest.raises(DataFileError, match=r"no frauds in the test period, from 2020-.*--hold-out"):
        train(replace(dataset, label=label), source, tmp_path / "model", PLAN, told.append)
    assert told == []
    assert list(tmp_path.iterdir()) == []


def test_a_period_without_a_genuine_payment_is_refused(dataset, source, tmp_path):
    """Nothing can be ranked below the frauds."""
    label = np.where(dataset.micros >= dataset.micros[int(len(dataset) * 0.7)], 1, dataset.label).astype(np.int8)
    with pytest.raises(DataFileError, match="no genuine payments in the test period"):
        train(replace(dataset, label=label), source, tmp_path / "model", PLAN)


@pytest.mark.parametrize("cards", [1, 6])
def test_frauds_of_one_card_cannot_be_calibrated(dataset, source, tmp_path, cards):
    """The trees that have not seen that card would have seen no fraud: refused before anything is fitted."""
    card = np.where(dataset.label == 1, 0, dataset.card % cards)
    told = []
    with pytest.raises(DataFileError, match=r"frauds to fit on are of 1 card only.*cc_num"):
        train(replace(dataset, card=card), source, tmp_path / "model", PLAN, told.append)
    assert told == []
    assert not (tmp_path / "model").exists()


@pytest.mark.integration  # takes seconds
def test_several_currencies_need_a_budget_of_alerts(dataset, source, tmp_path):
    """Least cost would add yen to dollars; with a budget the model has a threshold, and no sum of amounts."""
    mixed = replace(dataset, currency=dataset.currency.where(dataset.micros % 2_000_000 == 0, "JPY"))
    with pytest.raises(SettingsError, match=r"JPY and USD.*--alerts-a-day"):
        train(mixed, source, tmp_path / "model", PLAN)
    assert not (tmp_path / "model").exists()
    trained = train(mixed, source, tmp_path / "model", replace(PLAN, rule=ThresholdRule(alerts_a_day=3.0)))
    assert trained.manifest["metrics"]["test"]["at_threshold"]["amount_caught"] is None
    assert load_artifacts(tmp_path / "model").recommended_threshold == trained.manifest["recommended_threshold"]


@pytest.mark.integration  # takes seconds
def test_alerts_dearer_than_all_frauds_are_not_raised(dataset, source, tmp_path):
    """The threshold of least cost is then 1, which no payment reaches."""
    trained = train(dataset, source, tmp_path, replace(PLAN, rule=ThresholdRule(alert_cost=1_000_000)))
    assert trained.manifest["recommended_threshold"] == 1.0
    assert {figures["at_threshold"]["alerts"] for figures in trained.manifest["metrics"].values()} == {0}
    assert load_artifacts(tmp_path).calibrate(np.array([1.0])) < 1.0


def test_a_folder_that_cannot_be_written_is_named(dataset, source, tmp_path):
    """A file stands where the folder should be."""
    (tmp_path / "model").write_text("")
    with pytest.raises(ArtifactError, match="cannot be written"):
        train(dataset, source, tmp_path / "model", PLAN)


@pytest.mark.integration  # takes seconds
def test_a_budget_of_alerts_sets_the_threshold(dataset, source, tmp_path):
    """With two alerts a day the threshold is so high that no more come, and the manifest says the rule."""
    trained = train(dataset, source, tmp_path, replace(PLAN, rule=ThresholdRule(alerts_a_day=2.0), hold_out=0.3))
    at = trained.manifest["metrics"]["unseen_cards"]["at_threshold"]
    assert at["alerts_a_day"] <= 2.0
    assert trained.manifest["threshold_rule"] == "at most 2 alerts a day"


@pytest.mark.integration  # takes seconds
def test_history_is_worth_something(dataset, source, tmp_path):
    """Without card history the sprees are harder to tell: both figures stand in the manifest."""
    trained = train(dataset, source, tmp_path, replace(PLAN, compare_without_history=True))
    metrics = trained.manifest["metrics"]
    assert metrics["without_card_history"]["payments"] == metrics["test"]["payments"]
    assert metrics["without_card_history"]["average_precision"] < metrics["test"]["average_precision"]


def test_the_manifest_tells_no_time_and_no_path(model_folder):
    """What differs from run to run would change the hash."""
    text = (model_folder / "manifest.json").read_text()
    assert str(model_folder.parent) not in text
    assert set(json.loads(text)) >= {"files", "features", "matrix_columns", "library_versions", "data", "metrics"}


def test_base_score_is_one_half(model_folder):
    """Any other is lost by the older libraries that endpoints run."""
    import xgboost

    booster = xgboost.Booster(model_file=model_folder / "model.ubj")
    base_score = json.loads(booster.save_config())["learner"]["learner_model_param"]["base_score"]
    assert np.ravel(json.loads(base_score)).tolist() == [0.5]


def test_a_loaded_model_calibrates_upwards(model_folder):
    """A higher raw score is never a lower probability, and never the same one inside the table."""
    model = load_artifacts(model_folder)
    probability = model.calibrate(np.linspace(0, 1, 1001))
    assert (np.diff(probability) > 0).all()
    assert 0 < probability[0] < probability[-1] < 1


def test_the_manifest_holds_what_live_days_are_compared_with(model, dataset):
    """Every declared feature and the score, of the test period; shares of all payments."""
    reference = model.manifest["reference"]
    assert reference["rows"] == "test period"
    assert reference["payments"] == model.manifest["metrics"]["test"]["payments"]
    assert [*reference["numbers"], *reference["texts"]] == sorted(FEATURE_NAMES, key=TEXT_FEATURES.count)
    for entry in (*reference["numbers"].values(), *reference["texts"].values(), reference["probability"]):
        assert sum(entry["shares"]) + entry["missing"] == pytest.approx(1, abs=1e-4)
    amounts = dataset.features["amount"].to_numpy(np.float32)[-reference["payments"] :]
    entry = reference["numbers"]["amount"]
    assert psi([*entry["shares"], entry["missing"]], number_shares(amounts, entry["edges"])) < 1e-4


def test_the_manifest_stays_readable(model_folder):
    """A list of numbers stands on one line."""
    lines = (model_folder / "manifest.json").read_text().splitlines()
    assert len(lines) < 1_000
    assert any(line.strip().startswith('"edges": [') and line.endswith("],") for line in lines)


@pytest.mark.integration  # takes seconds
def test_without_a_test_period_the_fitted_one_is_the_reference(dataset, source, tmp_path):
    """Scored by trees that have not seen the cards, and the manifest says so."""
    reference = train(dataset, source, tmp_path, replace(PLAN, hold_out=0.0)).manifest["reference"]
    assert reference["rows"] == "fitted period, scored out of fold"
    assert reference["payments"] > 1_000
