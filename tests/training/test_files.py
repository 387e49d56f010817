"""Scoring and evaluating files, the model card, and explaining from what the scorer saw."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fraud_common.errors import ArtifactError, DataFileError, SettingsError
from fraud_scorer.ingest.field_map import FieldMap
from fraud_scorer.scoring.artifacts import load_artifacts
from fraud_scorer.scoring.local import LocalScorer
from fraud_scorer.training.backtest import backtest
from fraud_scorer.training.dataset import source_of_frame
from fraud_scorer.training.evaluate import evaluate_file, write_report
from fraud_scorer.training.model_card import model_card_text
from fraud_scorer.training.saving import replace_file
from fraud_scorer.training.score_file import score_payments, write_scores
from fraud_scorer.use_cases.explain_payment import TOO_MUCH, explain, features_of_matrix


def _score(data, history, model, **changes):
    options = {
        "model": model, "scorer": LocalScorer(model.booster_path, width=len(model.features)), "threshold": 0.5,
        "time_zone": "UTC", "currency": "USD", "label_delay_days": 1, "reasons_of": "flagged",
    }  # fmt: skip
    return score_payments(data, history, FieldMap(), **(options | changes))


@pytest.mark.integration  # takes seconds
def test_a_file_scores_as_training_saw_it(model, public_file, dataset):
    """Every payment once, with the probability that its training features have."""
    scores = _score([public_file], [], model)
    raw = (
        LocalScorer(model.booster_path, width=len(model.features))
        .score(model.matrix(dataset.features), reference="")
        .raw
    )
    assert scores["trans_num"].tolist() == dataset.trans_num.tolist()
    np.testing.assert_array_equal(scores["raw_score"].to_numpy(), raw)
    flagged = scores[scores["flagged"]]
    assert len(flagged)
    assert all(1 <= len(json.loads(text)) <= 3 for text in flagged["reasons"])
    assert (scores.loc[~scores["flagged"], "reasons"] == "").all()


def test_history_counts_and_is_not_scored(model, make_public, tmp_path):
    """A file scored with its history has the scores it has inside the whole."""
    whole = make_public(rows=1_000)
    whole.to_parquet(tmp_path / "whole.parquet")
    whole.iloc[:900].to_parquet(tmp_path / "history.parquet")
    whole.iloc[900:].drop(columns="is_fraud").to_csv(tmp_path / "data.csv", index=False)
    alone = _score([tmp_path / "data.csv"], [tmp_path / "history.parquet"], model).set_index("trans_num")["raw_score"]
    within = _score([tmp_path / "whole.parquet"], [], model).set_index("trans_num")["raw_score"]
    assert set(alone.index) == set(whole["trans_num"].iloc[900:])
    pd.testing.assert_series_equal(alone, within.loc[alone.index], check_exact=True)


def test_refunds_are_listed_and_not_scored(model, make_public, tmp_path):
    """A negative amount has no probability and no flag."""
    small = make_public(rows=100)
    small.loc[50, "amt"] = -12.5
    small.to_parquet(tmp_path / "a.parquet")
    scores = _score([tmp_path / "a.parquet"], [], model, reasons_of="all").set_index("trans_num")
    refund = scores.loc[small["trans_num"].iloc[50]]
    assert np.isnan(refund["fraud_probability"])
    assert not refund["flagged"]
    assert (scores.drop(index=refund.name)["reasons"] != "").any()


def test_scores_are_written_whole_or_not_at_all(model, make_public, tmp_path):
    """CSV and Parquet alike; a failing write leaves the old file and no draft."""
    make_public(rows=50).to_parquet(tmp_path / "a.parquet")
    scores = _score([tmp_path / "a.parquet"], [], model)
    write_scores(scores, tmp_path / "out.csv")
    write_scores(scores, tmp_path / "out.parquet")
    assert len(pd.read_csv(tmp_path / "out.csv")) == len(pd.read_parquet(tmp_path / "out.parquet")) == 50

    def fail(draft):
        draft.write_text("half")
        raise OSError(28, "No space left on device")

    before = (tmp_path / "out.csv").read_bytes()
    with pytest.raises(ArtifactError, match="No space left"):
        replace_file(tmp_path / "out.csv", fail)
    assert (tmp_path / "out.csv").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.parquet", "out.csv", "out.parquet"]


@pytest.mark.integration  # takes seconds
def test_evaluation_of_the_training_file_counts_its_test_period_only(model, dataset, source, tmp_path):
    """The figures are those the manifest holds; JSON and a self-contained page are written."""
    scorer = LocalScorer(model.booster_path, width=len(model.features))
    result = evaluate_file(dataset, source, model, scorer, threshold=model.recommended_threshold, cards_a_day=5)
    test = model.manifest["metrics"]["test"]
    assert result["figures"]["average_precision"] == test["average_precision"]
    assert result["figures"]["payments"] == test["payments"]
    written = write_report(result, tmp_path / "reports")
    figures = json.loads(written[0].read_text())["figures"]
    assert figures["at_threshold"] == test["at_threshold"]
    page = written[1].read_text()
    assert page.count("data:image/png;base64,") == 4
    assert "http" not in page.split("base64,")[0]


def _evaluate(model, data, **options):
    scorer = LocalScorer(model.booster_path, width=len(model.features))
    return evaluate_file(
        data, {"names": ["a.csv"], "sha256": "x"}, model, scorer, threshold=0.5, cards_a_day=5, **options
    )


def test_the_training_rows_in_another_file_are_no_unseen_data(model, dataset):
    """No hash of a file tells what a model has seen: of the same rows, however stored, only the test period counts."""
    whole = _evaluate(model, dataset)
    assert whole["figures"]["payments"] == model.manifest["metrics"]["test"]["payments"]
    assert whole["measured"]["left_out_as_may_be_seen"] == len(dataset) - whole["figures"]["payments"]
    half = np.arange(len(dataset)) < len(dataset) // 2
    with pytest.raises(DataFileError, match=r"a\.csv holds no payment.*may have seen.*Give later payments"):
        _evaluate(model, dataset.take(half))


def test_a_later_file_with_its_history_has_the_figures_it_has_inside_the_whole(model, dataset):
    """The test period alone, its past given as history, is measured as within one file."""
    is_test = dataset.micros >= dataset.micros[int(len(dataset) * 0.7)]
    apart = _evaluate(model, dataset, is_asked=is_test)
    assert apart["figures"] == _evaluate(model, dataset)["figures"]
    assert apart["measured"]["left_out_as_may_be_seen"] == 0


def test_evaluation_refuses_one_class_and_missing_labels(model, dataset):
    """Of what counts; history may lack labels."""
    is_test = dataset.micros >= dataset.micros[int(len(dataset) * 0.7)]
    with pytest.raises(DataFileError, match=r"a\.csv holds genuine payments only"):
        _evaluate(model, dataset.take(dataset.label == 0))
    unlabelled = replace(dataset, label=np.where(is_test, dataset.label, -1).astype(np.int8))
    assert _evaluate(model, unlabelled, is_asked=is_test)["figures"]["payments"] == is_test.sum()
    with pytest.raises(DataFileError, match=r"a\.csv: 4,200 payments have no label"):
        _evaluate(model, unlabelled)


@pytest.mark.integration  # takes seconds
def test_amounts_of_several_currencies_are_not_added(model, dataset, tmp_path):
    """Neither in the figures nor on the page, which shows frauds instead."""
    currency = dataset.currency.where(dataset.micros % 2_000_000 == 0, "JPY")
    result = _evaluate(model, replace(dataset, currency=currency))
    at = [result["figures"]["at_threshold"], *result["figures"]["by_threshold"]]
    assert {one["amount_caught"] for one in at} == {one["amount_lost"] for one in at} == {None}
    page = write_report(result, tmp_path)[1].read_text()
    assert "frauds missed" in page
    assert "amount caught" not in page
    test = model.manifest["metrics"]["test"] | {"at_threshold": at[0]}
    card = model_card_text({**model.manifest, "metrics": {"test": test}}, model.model_hash)
    assert "several currencies and have no sum" in card


def test_the_model_card_holds_the_manifests_figures(model):
    """Written from the manifest alone."""
    card = model_card_text(model.manifest, model.model_hash)
    metrics = model.manifest["metrics"]["test"]
    assert model.model_hash[:12] in card
    assert f"{metrics['average_precision']:.4f}" in card
    assert "| `amount_over_mean` | ratio |" in card
    assert "\n\n\n" not in card


def test_what_the_scorer_saw_gives_the_reasons_again(model, dataset):
    """From the stored matrix row alone: the same declared features, so the same words."""
    features = dataset.features.tail(200)
    matrix = model.matrix(features)
    again = features_of_matrix(matrix, model.features)
    np.testing.assert_array_equal(model.matrix(again), matrix)
    assert again["category"].tolist() == features["category"].tolist()
    payment = {"reasons": None, "features": matrix[0].tolist(), "is_refund": False, "currency": "USD"}
    payment |= {"model_hash": model.model_hash, "flagged": False}
    reasons, note = explain(payment, model)
    assert reasons == model.reasons(features.head(1), matrix[:1], ["USD"])[0]
    assert note.startswith("It was not flagged")
    assert explain(payment | {"flagged": True}, model) == (reasons, note.replace("It was not flagged", TOO_MUCH))


def test_what_cannot_be_explained_says_why(model):
    """A refund, another model's score; what was recorded stays as recorded."""
    base = {"reasons": None, "features": None, "is_refund": True, "model_hash": None}
    assert explain(base, model) == ([], "It was not scored: refunds are stored, not scored.")
    other = base | {"features": [1.0], "is_refund": False, "model_hash": "feed" * 16}
    assert "not the one in force" in explain(other, model)[1]
    recorded = [{"code": "x", "text": "y", "value": "", "usual": ""}]
    assert explain(base | {"reasons": recorded}, model) == (recorded, "")


def test_a_backtest_counts_alerts_catches_and_cost():
    """Unlabelled payments count as alerts, never as caught or missed."""
    payments = pd.DataFrame(
        {
            "trans_num": ["a", "b", "c"],
            "event_time": [0, 86_400_000_000, 2 * 86_400_000_000],
            "amount_cents": [10_000, 5_000, 7_000],
            "currency": "USD",
            "fraud_probability": [0.9, 0.4, 0.8],
            "label": ["fraud", "fraud", None],
        }
    )
    result = backtest(payments, [0.5], alert_cost=3.0)
    (at,) = result["by_threshold"]
    assert (at["alerts"], at["alerts_a_day"], at["frauds_caught"], at["frauds_missed"]) == (2, 1.0, 1, 1)
    assert (at["amount_caught"], at["amount_lost"], at["cost"]) == (100.0, 50.0, 56.0)
    assert (result["labelled"], result["frauds"], result["currency"]) == (2, 2, "USD")


def test_a_backtest_adds_no_amounts_of_several_currencies():
    """It says which there are and how to choose; one currency's amounts count in its own unit."""
    payments = pd.DataFrame(
        {
            "trans_num": ["a", "b"],
            "event_time": 0,
            "amount_cents": [10_000, 50],
            "currency": ["USD", "JPY"],
            "fraud_probability": 0.4,
            "label": "fraud",
        }
    )
    with pytest.raises(SettingsError, match="JPY and USD") as refused:
        backtest(payments, [0.5], alert_cost=3.0)
    assert "--currency" in str(refused.value)
    (at,) = backtest(payments[payments["currency"] == "JPY"], [0.5], alert_cost=3.0)["by_threshold"]
    assert at["amount_lost"] == 50.0


def test_data_that_are_no_file_have_a_hash_too(make_public):
    """Other rows, another hash; the same rows, the same."""
    frame = make_public(rows=50)
    assert source_of_frame(frame, "stored") == source_of_frame(frame.copy(), "stored")
    assert source_of_frame(frame, "stored") != source_of_frame(frame.assign(amt=1.0), "stored")


def test_the_model_of_a_folder_is_loaded_once_for_reasons(model, dataset):
    """Reasons of many rows come in the rows' order, at most three, strongest first."""
    features = dataset.features[dataset.label == 1].head(5)
    reasons = load_artifacts(model.folder).reasons(features, model.matrix(features), ["USD"] * len(features))
    assert len(reasons) == 5
    assert all(1 <= len(one) <= 3 for one in reasons)
