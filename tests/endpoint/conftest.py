"""A small booster, and the server that serves it over real HTTP."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import uvicorn
import xgboost

from fraud_scorer.endpoint.app import create_app

WIDTH = 6


def train(seed: int = 0, base_score: float | None = 0.5) -> xgboost.Booster:
    """A booster of 20 shallow trees on six made-up inputs, some missing."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(400, WIDTH)).astype("float32")
    labels = (inputs[:, 0] + rng.normal(size=400) > 1.5).astype(int)
    inputs[rng.random(inputs.shape) < 0.1] = np.nan
    params: dict[str, object] = {"objective": "binary:logistic", "max_depth": 3, "nthread": 1}
    if base_score is not None:
        params["base_score"] = base_score
    return xgboost.train(params, xgboost.DMatrix(inputs, label=labels), num_boost_round=20)


def write_artifacts(folder: Path, booster: xgboost.Booster) -> Path:
    """A folder as training writes it: the booster and the manifest that states its hash."""
    folder.mkdir(parents=True, exist_ok=True)
    content = bytes(booster.save_raw("ubj"))
    (folder / "model.ubj").write_bytes(content)
    manifest = {
        "format": 1, "files": {"model.ubj": {"sha256": hashlib.sha256(content).hexdigest()}}, "features": [],
        "matrix_columns": [f"f{column}" for column in range(WIDTH)], "library_versions": {}, "usual": {},
        "calibration": {"raw": [0, 1], "probability": [0, 1]}, "recommended_threshold": 0.5,
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture(scope="session")
def make_booster() -> Callable[..., xgboost.Booster]:
    """Trains a booster: ``make_booster(seed=0, base_score=0.5)``."""
    return train


@pytest.fixture(scope="session")
def write_model() -> Callable[[Path, xgboost.Booster], Path]:
    """Writes a folder of artefacts: ``write_model(folder, booster)``."""
    return write_artifacts


@pytest.fixture(scope="session")
def booster() -> xgboost.Booster:
    """The booster that is served."""
    return train()


@pytest.fixture
def artifacts(tmp_path: Path, booster: xgboost.Booster) -> Path:
    """Its folder."""
    return write_artifacts(tmp_path / "artifacts", booster)


@pytest.fixture
def inputs() -> np.ndarray:
    """50 payments' model inputs, some missing."""
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(50, WIDTH)).astype("float32")
    matrix[rng.random(matrix.shape) < 0.2] = np.nan
    return matrix


@contextmanager
def serving(folder: Path, **options: float) -> Iterator[str]:
    """The server's address while it serves ``folder``."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(create_app(folder, **options), log_level="warning", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def server(artifacts: Path) -> Iterator[str]:
    """The address of a server of ``artifacts``."""
    with serving(artifacts) as address:
        yield address


@pytest.fixture
def serve() -> Callable[[Path], object]:
    """A context manager that serves a folder."""
    return serving
