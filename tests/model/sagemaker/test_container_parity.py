"""Our artefacts under the XGBoost of AWS's own container, in an environment apart: the same scores, or no deployment.

XGBoost 3.2 writes files that 3.0.5 loads without a word, and without their ``base_score``.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import xgboost

from fraud_common.errors import ArtifactError
from fraud_scorer.scoring.local import LocalScorer
from fraud_scorer.scoring.sagemaker.answers import scores_of
from fraud_scorer.scoring.sagemaker.body import csv_of
from fraud_scorer.scoring.sagemaker.deploying.archive import pack, require_alike
from fraud_scorer.scoring.sagemaker.parity import probe_rows

ROOT = Path(__file__).parents[3]
REQUIREMENTS = ROOT / "requirements" / "sagemaker-parity.txt"
SHIPPED = ROOT / "model" / "artifacts"
CONTAINER = Path(__file__).with_name("container.py")
TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def container_python(request: pytest.FixtureRequest) -> Path:
    """An interpreter with the container's XGBoost; made once, kept in pytest's cache."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = Path(request.config.cache.mkdir("sagemaker-parity")) / digest
    python = folder / "bin" / "python"
    if (folder / "complete").exists():
        return python
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        pytest.skip("uv is not installed: `make install` brings it")
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True)
    sync = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, REQUIREMENTS]
    done = subprocess.run(sync, capture_output=True, text=True, env={**os.environ, "UV_HTTP_RETRIES": "1"})
    if done.returncode and "hash" not in done.stderr.lower():
        pytest.skip(f"XGBoost 3.0.5 cannot be installed here (no network?): {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    (folder / "complete").touch()
    return python


def answer_of(python: Path, folder: Path, inputs: np.ndarray) -> np.ndarray:
    """What the container says of ``inputs``, read as our client reads it."""
    command = [python, CONTAINER, folder]
    done = subprocess.run(command, input=csv_of(inputs), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert b'"xgboost": "3.0.5"' in done.stdout
    return scores_of(done.stdout, "application/json", len(inputs))


def train(base_score: float | None) -> xgboost.Booster:
    """A small booster on rare positives, as fraud has them."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(2000, 5)).astype("float32")
    labels = inputs[:, 0] + rng.normal(size=2000) > 2.9
    inputs[rng.random(inputs.shape) < 0.1] = np.nan
    params: dict[str, object] = {"objective": "binary:logistic", "max_depth": 4, "nthread": 1}
    params |= {} if base_score is None else {"base_score": base_score}
    return xgboost.train(params, xgboost.DMatrix(inputs, label=labels), num_boost_round=30)


@pytest.mark.skipif(not (SHIPPED / "manifest.json").exists(), reason="no model is trained yet: `make model`")
def test_the_shipped_model_scores_alike(container_python: Path, tmp_path: Path) -> None:
    """The very archive that `sagemaker deploy` uploads, on rows around the trees' own thresholds: within 1e-6."""
    with tarfile.open(fileobj=io.BytesIO(pack(SHIPPED).content), mode="r:gz") as archive:
        archive.extractall(tmp_path, filter="data")
    inputs = probe_rows(SHIPPED / "model.ubj", 2000)
    here = LocalScorer(SHIPPED / "model.ubj", width=inputs.shape[1]).score(inputs, reference="test").raw
    assert np.abs(answer_of(container_python, tmp_path, inputs) - here).max() <= TOLERANCE


def test_a_base_score_of_one_half_is_kept(container_python: Path, tmp_path: Path) -> None:
    """What training sets, and what every XGBoost assumes that finds none."""
    path = tmp_path / "model.ubj"
    train(0.5).save_model(path)
    require_alike(path)
    inputs = probe_rows(path, 500)
    here = LocalScorer(path, width=5).score(inputs, reference="test").raw
    assert np.abs(answer_of(container_python, tmp_path, inputs) - here).max() <= TOLERANCE


def test_any_other_base_score_is_lost_and_therefore_refused(container_python: Path, tmp_path: Path) -> None:
    """Why deploying refuses it: the container answers without an error, and far off."""
    path = tmp_path / "model.ubj"
    train(None).save_model(path)
    inputs = probe_rows(path, 500)
    here = LocalScorer(path, width=5).score(inputs, reference="test").raw
    assert np.abs(answer_of(container_python, tmp_path, inputs) - here).max() > 0.01
    with pytest.raises(ArtifactError, match="base_score"):
        require_alike(path)
