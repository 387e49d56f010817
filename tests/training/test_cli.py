"""The data scientist's commands, as typed."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pandas as pd
import psycopg2
import pytest
from typer.testing import CliRunner

from fraud_common.errors import ArtifactError, DataFileError, SettingsError
from fraud_scorer.cli import app
from fraud_scorer.settings import load_settings


def _run(*arguments: object, fails: type[Exception] | None = None):
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    if fails:
        assert isinstance(result.exception, fails), result.output
        return str(result.exception)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


@pytest.mark.integration  # takes seconds
def test_a_file_becomes_a_model_a_report_scores_and_a_card(public_file, tmp_path):
    """train, evaluate, score-file, model-card, one after the other; the model is signed where a key is given."""
    out, key = tmp_path / "model", tmp_path / "key.pem"
    public = _run("model", "keygen", "--out", key).split("FRAUD_MODEL_PUBLIC_KEY=")[1].strip()
    options = ("--label-delay", "1d", "--hold-out", "0.3", "--signing-key", key)
    trained = json.loads(_run("train", "--data", public_file, *options, "--out", out, "--json"))
    assert "signed by" in _run("model", "verify", "--artifacts", out, "--public-key", public)
    assert trained["metrics"]["test"]["average_precision"] > 0.6
    figures = _run("evaluate", "--data", public_file, "--artifacts", out, "--out", tmp_path / "reports")
    assert "average precision" in figures
    assert (tmp_path / "reports" / "report.html").exists()
    scored = json.loads(
        _run("score-file", "--data", public_file, "--artifacts", out, "--out", tmp_path / "scores.csv", "--json")
    )
    assert scored["scored"] == len(pd.read_csv(tmp_path / "scores.csv")) == 6_000
    _run("model-card", "--artifacts", out, "--out", tmp_path / "CARD.md")
    assert trained["model_hash"][:12] in (tmp_path / "CARD.md").read_text()


@pytest.mark.integration  # takes seconds
def test_a_later_file_is_measured_with_its_past(model_folder, make_public, tmp_path):
    """Alone it lacks one, and the report says so; with it, labelled or not, all of it counts, as within one file."""
    whole = make_public()
    begin = json.loads((model_folder / "manifest.json").read_text())["periods"]["test_from"]
    later = (whole["trans_date_trans_time"] >= begin.replace("T", " ").removesuffix("Z")).to_numpy()
    whole[later].to_csv(tmp_path / "later.csv", index=False)
    whole[~later].to_csv(tmp_path / "earlier.csv", index=False)
    whole[~later].drop(columns="is_fraud").to_parquet(tmp_path / "unlabelled.parquet")
    whole.to_parquet(tmp_path / "whole.parquet")

    def evaluated(data: str, *options: object):
        out = tmp_path / "reports"
        _run("evaluate", "--data", tmp_path / data, "--artifacts", model_folder, "--out", out, *options)
        page = (out / "report.html").read_text()
        return json.loads((out / "evaluation.json").read_text()), page

    inside, _ = evaluated("whole.parquet")
    known, page = evaluated("later.csv", "--history", tmp_path / "earlier.csv")
    assert known["figures"] == inside["figures"]
    assert known["data"]["history"] == ["earlier.csv"]
    assert "with the past in earlier.csv" in page
    assert "only feed the features" not in page
    unlabelled, _ = evaluated("later.csv", "--history", tmp_path / "unlabelled.parquet")
    assert unlabelled["figures"]["payments"] == known["figures"]["payments"] == later.sum()
    alone, page = evaluated("later.csv")
    assert alone["measured"]["with_part_of_their_past"] == alone["figures"]["payments"] < later.sum()
    assert "--history" in page
    assert "only feed the features" in page


@pytest.mark.integration  # takes seconds
def test_what_the_model_was_fitted_on_is_never_called_unseen(model_folder, make_public, tmp_path):
    """As CSV, in two files or a part of it: refused; counted on demand, and said to be seen."""
    whole = make_public().iloc[:4_000]
    whole.iloc[:2_500].to_csv(tmp_path / "a.csv", index=False)
    whole.iloc[2_500:].to_csv(tmp_path / "b.csv", index=False)
    common = ("--artifacts", model_folder, "--out", tmp_path / "reports")
    for files in (["a.csv"], ["b.csv"], ["a.csv", "b.csv"]):
        named = [part for name in files for part in ("--data", tmp_path / name)]
        assert "it may have seen" in _run("evaluate", *named, *common, fails=DataFileError)
        assert not (tmp_path / "reports").exists()
    told = json.loads(_run("evaluate", *named, *common, "--also-seen", "--json"))
    assert told["measured"]["may_be_seen"] == told["figures"]["payments"]
    assert "may have seen" in told["note"]


@pytest.mark.integration  # takes seconds
def test_a_model_that_flags_nothing_says_so(public_file, tmp_path):
    """An alert dearer than every fraud is never raised."""
    out = tmp_path / "model"
    told = _run("train", "--data", public_file, "--label-delay", "1d", "--alert-cost", "1000000", "--out", out)
    assert "flags nothing (least cost" in told


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (["train"], SettingsError, "--data"),
        (["train", "--data", "x.csv", "--label-delay", "soon"], SettingsError, "7d, 12h"),
        (["train", "--data", "x.csv", "--signing-key", "no.pem"], SettingsError, "no.pem cannot be read"),
        (["train", "--data", "no.csv"], DataFileError, "no.csv does not exist"),
        (["train", "--data", "x.csv", "--from-store"], SettingsError, "--data and --from-store exclude"),
        (["train", "--from-store", "--time-zone", "UTC", "--label-delay", "7d"], SettingsError,
         "--time-zone, --label-delay and --from-store exclude"),
        (["train", "--from-store", "--fields", "f.yaml", "--currency", "USD"], SettingsError,
         "--fields, --currency and --from-store exclude"),
        (["train", "--data", "x.csv", "--time-zone", "Mars/Base"], SettingsError, "'Mars/Base' is no time zone"),
        (["train", "--data", "x.csv", "--out", __file__], ArtifactError, "is a file"),
        (["evaluate", "--data", "no.csv", "--artifacts", "nowhere"], ArtifactError, "nowhere"),
        (["model-card", "--artifacts", "nowhere"], ArtifactError, "manifest.json does not exist"),
        (["backtest", "--from", "2026-11-01", "--to", "2026-11-02T00:00Z"], SettingsError, "no zone"),
        (["backtest", "--from", "then", "--to", "now"], SettingsError, "not a time"),
        (["backtest", "--from", "2026-11-01T00:00Z", "--to", "2026-11-02T00:00Z", "--threshold", "7"], SettingsError,
         "outside 0 to 1"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_one_clear_error(arguments, error, words):
    """What is wrong, and what would be right."""
    assert words in _run(*arguments, fails=error)


@pytest.fixture
def store(postgres_url: str, make_public, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database with labelled payments of 40 days, each scored 0.9 or 0.1, none with features."""
    frame = make_public()
    rows = pd.DataFrame(
        {
            "trans_num": frame["trans_num"], "event_time": frame["trans_date_trans_time"] + "Z",
            "first_batch_id": "b", "first_landing_seq": range(len(frame)), "batch_id": "b",
            "landing_seq": range(len(frame)), "body_hash": "\\x00", "threshold": 0.5,
            "amount_cents": (frame["amt"] * 100).round().astype(int),
            "currency": "USD", "card_token": frame["cc_num"].astype(str), "card_key_id": "k", "card_last4": "1234",
            "merchant": frame["merchant"], "category": frame["category"], "home_lat": frame["lat"],
            "home_long": frame["long"], "merch_lat": frame["merch_lat"], "merch_long": frame["merch_long"],
            "city_pop": frame["city_pop"], "age_years": 40.5, "payload_is_fraud": frame["is_fraud"].astype(bool),
            "fraud_probability": frame["is_fraud"] * 0.8 + 0.1, "model_hash": "m1", "scored_by": "local",
        }
    )  # fmt: skip
    connection = psycopg2.connect(postgres_url.replace("+psycopg2", ""))
    with connection, connection.cursor() as cursor:
        text = io.StringIO(rows.to_csv(index=False, header=False))
        cursor.copy_expert(f"copy payments_scored ({', '.join(rows.columns)}) from stdin with (format csv)", text)
    connection.close()
    monkeypatch.setenv("FRAUD_DB_URL", postgres_url)
    monkeypatch.setenv("FRAUD_LABEL_DELAY_DAYS", "2")
    load_settings.cache_clear()
    yield postgres_url
    load_settings.cache_clear()


def test_the_store_trains_backtests_and_explains(store, tmp_path, make_public):
    """The same commands over fraud_db's payments, under the settings' calendar and label delay."""
    trained = json.loads(_run("train", "--from-store", "--hold-out", "0.3", "--out", tmp_path / "model", "--json"))
    assert trained["data"]["names"] == ["stored payments"]
    assert trained["label_delay_days"] == 2
    assert trained["metrics"]["test"]["average_precision"] > 0.5
    period = ["--from", "2020-06-01T00:00Z", "--to", "2020-09-01T00:00Z"]
    result = json.loads(_run("backtest", *period, "--threshold", "0.5", "--json"))
    assert result["payments"] == result["labelled"] == 6_000
    assert result["by_threshold"][0]["frauds_missed"] == 0
    assert "threshold" in _run("backtest", *period)
    assert "an alert costs 20 USD" in " ".join(_run("backtest", *period, "--currency", "usd").split())
    assert "no scored payment in EUR" in _run("backtest", *period, "--currency", "EUR", fails=DataFileError)
    assert "by model 0123456789ab" in _run("backtest", *period, "--model", "0123456789ab", fails=DataFileError)
    assert "too short" in _run("backtest", *period, "--model", "m1", fails=SettingsError)
    trans_num = make_public()["trans_num"].iloc[0]
    told = " ".join(_run("explain", trans_num).split())
    assert "It was not scored" in told
    shop = make_public()["merchant"].iloc[0].removeprefix("fraud_")
    assert f"at {shop}, card ending 1234" in told
    assert "fraud probability 10.0%, not flagged from 50.0% on by model m1" in told
    assert json.loads(_run("explain", trans_num, "--json"))["trans_num"] == trans_num
    assert "no payment" in _run("explain", "unknown", fails=DataFileError)
    assert "no scored payment" in _run("backtest", "--from", "2031-01-01T00:00Z", "--to", "2031-01-02T00:00Z",
                                       fails=DataFileError)  # fmt: skip
