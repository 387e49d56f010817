"""The booster's file: what would end the process that reads it is an error with its cure."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xgboost

from fraud_common.errors import ArtifactError
from fraud_scorer.scoring import model_trial
from fraud_scorer.scoring.booster import load_booster

TRY_ALL = """
import sys
import numpy as np
from pathlib import Path
from fraud_common.errors import ArtifactError
from fraud_scorer.scoring.booster import contributions, load_booster
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        booster = load_booster(path)
        contributions(booster, np.zeros((3, booster.num_features()), np.float32))
    except ArtifactError as error:
        assert "is damaged" in str(error), error
    print(path.name)
"""


@pytest.fixture(scope="module")
def sound() -> bytes:
    """A small booster as UBJSON."""
    rows = np.random.default_rng(1).normal(size=(400, 5)).astype(np.float32)
    data = xgboost.DMatrix(rows, label=rows[:, 0] > 1)
    trained = xgboost.train({"objective": "binary:logistic", "max_depth": 4}, data, num_boost_round=12)
    return bytes(trained.save_raw("ubj"))


def flipped(content: bytes, seed: int) -> bytes:
    """``content`` with twenty bytes changed."""
    draw, changed = random.Random(seed), bytearray(content)
    for _ in range(20):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def test_no_damaged_file_ends_a_process_of_ours(sound: bytes, tmp_path: Path) -> None:
    """Its hash may be in the manifest: whoever changes one file of an unsigned folder can change the other."""
    contents = {"empty": b"", "half": sound[: len(sound) // 2], "sound": sound}
    contents |= {f"flipped {seed}": flipped(sound, seed) for seed in range(3)}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    done = subprocess.run([sys.executable, "-c", TRY_ALL, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, f"it ended: {done.returncode} {done.stderr[-500:]}"
    assert done.stdout.splitlines() == sorted(contents)


@pytest.mark.integration  # takes seconds
def test_a_file_is_tried_once_a_machine(sound: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The data folder remembers its hash; another file is tried for itself."""
    monkeypatch.setenv("FRAUD_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(model_trial, "_sound_here", set())
    load_booster(sound)
    monkeypatch.setattr(model_trial, "_sound_here", set())
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    load_booster(sound)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_booster(flipped(sound, 3))


@pytest.mark.integration  # takes seconds
def test_the_error_names_the_file(tmp_path: Path) -> None:
    """An empty file, by its path."""
    (tmp_path / "model.ubj").touch()
    with pytest.raises(ArtifactError, match=r"model\.ubj is damaged: it ends the process that opens it"):
        load_booster(tmp_path / "model.ubj")
