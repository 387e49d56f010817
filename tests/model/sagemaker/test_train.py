"""The training job as SageMaker starts it, and as a person does."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from fraud_common.errors import DataFileError, SettingsError
from fraud_scorer.scoring.artifacts import load_artifacts
from fraud_scorer.scoring.sagemaker.deploying.archive import pack
from fraud_scorer.scoring.signing import make_key

SCRIPT = Path(__file__).parents[3] / "model" / "sagemaker" / "train.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("sagemaker_train", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def payments() -> pd.DataFrame:
    """Sixty days of 40 cards' payments, made up; one in twenty is a fraud, large and at night."""
    random, count = np.random.default_rng(0), 4000
    fraud = random.random(count) < 0.05
    seconds = np.sort(random.integers(0, 60 * 86_400, count))
    seconds = np.where(fraud, seconds // 86_400 * 86_400 + 7200, seconds)
    return pd.DataFrame(
        {
            "trans_num": [f"{number:032x}" for number in range(count)],
            "cc_num": 4_000_000_000_000_000 + random.integers(0, 40, count),
            "unix_time": 1_577_836_800 + seconds,
            "amt": np.round(np.where(fraud, 600, 40) * random.lognormal(0, 0.4, count), 2),
            "merchant": random.choice(["Acme", "Globex", "Initech"], count),
            "category": random.choice(["grocery_pos", "shopping_net"], count),
            "is_fraud": fraud.astype(int),
        }
    )


@pytest.fixture
def channel(tmp_path: Path, payments: pd.DataFrame) -> Path:
    """The folder of the channel ``training``: two files."""
    folder = tmp_path / "training"
    folder.mkdir()
    payments.iloc[:2000].to_csv(folder / "january.csv", index=False)
    payments.iloc[2000:].to_parquet(folder / "february.parquet", index=False)
    return folder


def test_a_training_job_signs_its_model(channel: Path, tmp_path: Path) -> None:
    """By the key that a hyperparameter names: production takes the folder, and the key is not in it."""
    public = make_key(tmp_path / "key.pem")
    arguments = ["--training", channel, "--model-dir", tmp_path / "model", "--signing-key", tmp_path / "key.pem"]
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [
        "manifest.json", "manifest.sig", "model.ubj", "preprocess.joblib",
    ]  # fmt: skip
    load_artifacts(tmp_path / "model", signed_by=public)


def test_a_signing_key_that_cannot_be_read_ends_the_job_before_it_trains(
    script: ModuleType, channel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is read or written then."""
    arguments = ["--training", str(channel), "--model-dir", str(tmp_path / "model"), "--signing-key", "nowhere.pem"]
    assert script.main(arguments, tmp_path) == 1
    said = capsys.readouterr()
    assert ("nowhere.pem cannot be read" in said.err, said.out) == (True, "")


def test_a_training_job_leaves_a_model_that_can_be_deployed(channel: Path, tmp_path: Path) -> None:
    """Started as SageMaker starts a script: environment and hyperparameters in, the three artefacts out."""
    environment = {**os.environ, "SM_CHANNEL_TRAINING": str(channel), "SM_MODEL_DIR": str(tmp_path / "model")}
    command = [sys.executable, SCRIPT, "--hold-out", "0.2", "--label-delay-days", "3"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [
        "manifest.json", "model.ubj", "preprocess.joblib",
    ]  # fmt: skip
    model = load_artifacts(tmp_path / "model")
    assert pack(tmp_path / "model").model_hash == model.model_hash
    assert model.manifest["label_delay_days"] == 3
    assert f"model {model.model_hash}" in done.stdout
    assert "test:average_precision=" in done.stdout


def test_a_column_under_another_name_needs_a_field_map(
    script: ModuleType, channel: Path, payments: pd.DataFrame, tmp_path: Path
) -> None:
    """``fields.yaml`` beside the files is the map; without it the missing column is named."""
    for path in channel.iterdir():
        path.unlink()
    few = payments.head(40).rename(columns={"amt": "value"})
    few.to_parquet(channel / "few.parquet", index=False)
    chosen = script.options(["--training", str(channel), "--model-dir", str(tmp_path / "model")])
    with pytest.raises(DataFileError, match="amt or"):
        script.run(chosen)
    (channel / "fields.yaml").write_text("value: amt\n")
    with pytest.raises(DataFileError, match=r"few\.parquet"):  # read now, and too little to train on
        script.run(chosen)


@pytest.mark.integration  # takes seconds
def test_several_currencies_need_a_budget(
    script: ModuleType, channel: Path, payments: pd.DataFrame, tmp_path: Path
) -> None:
    """The hyperparameter that the refusal names is one of the script's."""
    first = payments.head(2000)
    first.assign(currency="JPY", amt=first["amt"].round().astype(int)).to_csv(channel / "january.csv", index=False)
    arguments = ["--training", str(channel), "--model-dir", str(tmp_path / "model")]
    with pytest.raises(SettingsError, match=r"JPY and USD.*--alerts-a-day"):
        script.run(script.options(arguments))
    trained = script.run(script.options([*arguments, "--alerts-a-day", "2"]))
    assert trained.manifest["threshold_rule"] == "at most 2 alerts a day"


def test_an_empty_channel_is_one_clear_line(script: ModuleType, tmp_path: Path) -> None:
    """Which folder, and what belongs there."""
    with pytest.raises(DataFileError, match="holds no CSV or Parquet file"):
        script.run(script.options(["--training", str(tmp_path)]))


def test_a_container_of_ones_own_gets_its_hyperparameters_from_a_file(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SageMaker writes them as JSON, every value a text; the command line outranks them."""
    for name in ("SM_HPS", "SM_MODEL_DIR", "SM_CHANNEL_TRAINING"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "input/config").mkdir(parents=True)
    told = {"hold_out": "0.3", "label-delay-days": "2", "time_zone": "Europe/Berlin", "alerts-a-day": "30"}
    (tmp_path / "input/config/hyperparameters.json").write_text(json.dumps(told))
    chosen = script.options(["--label-delay-days", "5"], tmp_path)
    assert (chosen.hold_out, chosen.label_delay_days, chosen.time_zone) == (0.3, 5.0, "Europe/Berlin")
    assert (chosen.alert_cost, chosen.alerts_a_day) == (20.0, 30.0)
    assert chosen.training == tmp_path / "input/data/training"
    assert chosen.model_dir == tmp_path / "model"


def test_a_failed_job_says_why_where_sagemaker_looks(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The console shows what stands in ``output/failure``."""
    monkeypatch.delenv("SM_CHANNEL_TRAINING", raising=False)
    (tmp_path / "output").mkdir()
    assert script.main([], tmp_path) == 1
    assert "holds no CSV or Parquet file" in (tmp_path / "output/failure").read_text()


def test_a_wrong_hyperparameter_is_one_sentence(
    script: ModuleType, channel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback, nothing written: the sentence on standard error and where SageMaker looks."""
    (tmp_path / "output").mkdir()
    arguments = ["--training", str(channel), "--model-dir", str(tmp_path / "model"), "--time-zone", "Mars/Base"]
    assert script.main(arguments, tmp_path) == 1
    sentence = "'Mars/Base' is no time zone. Write it as Europe/Berlin or UTC."
    assert capsys.readouterr().err == f"error: {sentence}\n"
    assert (tmp_path / "output/failure").read_text() == sentence
    assert not (tmp_path / "model").exists()
