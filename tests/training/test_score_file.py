"""What a person who scores a file is told: what it lacks, and that its scores cannot be written, before any work."""

from __future__ import annotations

import json
import shutil
from datetime import date

import pandas as pd
import pytest
from typer.testing import CliRunner

from fraud_common.errors import ArtifactError, SettingsError
from fraud_scorer.cli import app
from fraud_scorer.training.missing_columns import wholly_missing
from fraud_scorer.training.score_file import refuse_output

PLACES = {"home_distance_km", "km_from_last", "speed_from_last_kmh"}


def _score(*arguments: object):
    return CliRunner().invoke(app, ["score-file", *(str(one) for one in arguments)])


@pytest.fixture
def small(make_public):
    """Three hundred payments."""
    return make_public(rows=300)


def test_features_that_a_file_lacks_are_told(model, small, tmp_path):
    """One warning on standard error names them and the cure; the result stays readable for scripts."""
    small.drop(columns=["category", "merch_lat", "merch_long"]).to_csv(tmp_path / "a.csv", index=False)
    done = _score("--data", tmp_path / "a.csv", "--artifacts", model.folder, "--out", tmp_path / "out.csv", "--json")
    assert json.loads(done.stdout)["scored"] == 300
    (line,) = done.stderr.splitlines()
    assert line.startswith("warning: missing in every payment, though the model was trained with them: category, ")
    assert all(name in line for name in PLACES)
    assert "--fields" in line


def test_a_file_that_lacks_nothing_is_scored_without_a_word(model, small, tmp_path):
    """No warning, also where birth dates are dates of Parquet and the columns stand in another order."""
    small.assign(dob=date(1980, 1, 1))[sorted(small)].to_parquet(tmp_path / "a.parquet")
    done = _score("--data", tmp_path / "a.parquet", "--artifacts", model.folder, "--out", tmp_path / "out.csv")
    assert (done.exit_code, done.stderr) == (0, "")


def test_what_was_missing_in_training_is_not_missed(dataset):
    """A feature that training mostly lacked may be missing in a few payments by chance; no payments lack nothing."""
    shares = {"home_distance_km": 1.0, "age_years": 1.0, "amount": 0.0, "city_pop": 0.9}
    numbers = {name: {"missing": share} for name, share in shares.items()}
    manifest = {"reference": {"numbers": numbers, "texts": {}}}
    lacking = dataset.features.assign(home_distance_km=float("nan"), city_pop=float("nan"))
    assert wholly_missing(lacking, manifest) == ["city_pop"]
    assert wholly_missing(lacking.head(20), manifest) == []
    assert wholly_missing(lacking.assign(amount=float("nan")).head(1), manifest) == ["amount"]
    assert wholly_missing(lacking.head(0), manifest) == []
    assert wholly_missing(lacking, {}) == []


@pytest.mark.integration  # takes seconds
def test_an_out_that_cannot_be_written_is_refused_before_anything_is_read(model, tmp_path):
    """A folder, below a file, or the very file that is read: the data need not even exist."""
    data = tmp_path / "a.csv"
    data.write_text("as it was")
    for out, says in [(tmp_path, "is a folder"), (data / "b.csv", "is a file"), (tmp_path / "." / "a.csv", "is read")]:
        with pytest.raises(ArtifactError, match=says):
            refuse_output(out, [data, tmp_path / "no.csv"])
        done = _score("--data", data, "--history", tmp_path / "no.csv", "--artifacts", model.folder, "--out", out)
        assert isinstance(done.exception, ArtifactError)
    assert data.read_text() == "as it was"
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_a_field_map_that_does_not_fit_is_told_or_refused(model, small, tmp_path):
    """A typo in what may be missing is a warning, a map that is not there an error that names the option."""
    data, fields, out = tmp_path / "a.csv", tmp_path / "fields.yaml", tmp_path / "out.csv"
    small.assign(kategorie=small["category"]).to_csv(data, index=False)
    fields.write_text("categorie: category")
    arguments = ("--data", data, "--artifacts", model.folder, "--out", out)
    done = _score(*arguments, "--fields", fields)
    assert "lacks the column categorie" in done.stderr
    assert len(pd.read_csv(out)) == 300
    out.unlink()
    refused = _score(*arguments, "--fields", tmp_path / "no.yaml")
    assert isinstance(refused.exception, SettingsError)
    assert str(refused.exception).startswith("--fields: ")
    assert isinstance(_score(*arguments, "--currency", "US").exception, SettingsError)
    assert not out.exists()


def test_a_model_of_before_the_reference_scores_without_a_word(model, small, tmp_path):
    """It cannot tell what it was trained with."""
    folder = shutil.copytree(model.folder, tmp_path / "old")
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["reference"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    small.drop(columns="category").to_csv(tmp_path / "a.csv", index=False)
    done = _score("--data", tmp_path / "a.csv", "--artifacts", folder, "--out", tmp_path / "out.csv")
    assert (done.exit_code, done.stderr) == (0, "")
