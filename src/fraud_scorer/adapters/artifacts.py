"""A trained model on disk: ``manifest.json``, ``preprocess.joblib``, ``model.ubj``; hashes checked before unpickling.

The manifest says everything there is to say about the model (see ``training.manifest``, which writes it): hashes of the
files, features, columns and library versions, calibration, recommended threshold, data, metrics, and the reference that
``features.drift`` compares days with. Models of before have no reference: they score, their drift is unknown.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fraud_scorer.errors import ArtifactError
from fraud_scorer.features.declared import FEATURES
from fraud_scorer.features.reasons import strongest_reasons
from fraud_scorer.features.sentences import Usual

MANIFEST, PREPROCESS, BOOSTER = "manifest.json", "preprocess.joblib", "model.ubj"
FORMAT = 1
# How much of a library's version must agree: a pickle is read by the library that wrote it, UBJSON by any 3.x.
_MUST_AGREE = {"scikit-learn": 2, "xgboost": 1, "numpy": 1, "pandas": 1}
_RETRAIN = "Train again with this installation (`make model`, or `fraud-scorer train`)"
_REASON_ROWS_AT_ONCE = 20_000


@dataclass
class Artifacts:
    """One model, ready to use; implements ``ports.Model``. Hold one per process: loading takes a second."""

    folder: Path
    manifest: Mapping[str, Any]
    model_hash: str  # sha256 of manifest.json, which holds the other files' hashes
    features: tuple[str, ...]  # the matrix's columns, in order
    recommended_threshold: float
    booster_bytes: bytes  # UBJSON, as its hash was checked: the file may be replaced while a run works
    _preprocess: Any
    _knots: tuple[np.ndarray, np.ndarray]
    _usual: Usual
    _booster: list[Any] = field(default_factory=list)

    @property
    def booster_path(self) -> Path:
        """The booster's file (UBJSON), for deploying and for the local scorer."""
        return self.folder / BOOSTER

    def matrix(self, features: pd.DataFrame) -> np.ndarray:
        """``preprocess.joblib`` applied: float32, shape (rows, len(self.features)), NaN for missing.

        Raises:
            ArtifactError: a declared feature is missing from ``features``, or the width is not the manifest's.
        """
        missing = [name for name in (feature.name for feature in FEATURES) if name not in features]
        if missing:
            raise ArtifactError(f"features are missing for {self.folder}: {', '.join(missing)}", _RETRAIN)
        matrix = np.ascontiguousarray(self._preprocess.transform(features), dtype=np.float32)
        if matrix.shape != (len(features), len(self.features)):
            raise ArtifactError(
                f"{self.folder / PREPROCESS} made {matrix.shape[1]} columns, the manifest names {len(self.features)}",
                _RETRAIN,
            )
        return matrix

    def calibrate(self, raw: np.ndarray) -> np.ndarray:
        """Fraud probabilities (float64, 0-1) of raw scores: the manifest's table, straight lines between its knots."""
        calibrated: np.ndarray = np.interp(np.asarray(raw, np.float64), *self._knots)
        return calibrated

    def reasons(
        self, features: pd.DataFrame, matrix: np.ndarray, currencies: Sequence[str]
    ) -> list[list[dict[str, object]]]:
        """The three strongest reasons of each row, strongest first (3.4 ms a row: for flagged rows only)."""
        from fraud_scorer.adapters.local_model import contributions, spare_forked_threads

        spare_forked_threads()
        if not self._booster:
            self._booster.append(load_booster(self.booster_bytes))
        columns = tuple(name.split("=", 1)[0] for name in self.features)
        result: list[list[dict[str, object]]] = []
        for start in range(0, len(matrix), _REASON_ROWS_AT_ONCE):
            part = slice(start, start + _REASON_ROWS_AT_ONCE)
            raised = contributions(self._booster[0], matrix[part])
            result += strongest_reasons(features.iloc[part], raised, columns, self._usual, list(currencies[part]))
        return result


def load_artifacts(folder: Path) -> Artifacts:
    """The model in ``folder``: hashes first, then versions and features, then unpickled.

    Raises:
        ArtifactError: a file is missing or altered, or the model does not fit this library.
    """
    manifest, model_hash = read_manifest(folder)
    files = _checked_files(folder, manifest)
    _check_versions(folder, manifest["library_versions"])
    _check_features(folder, manifest["features"])
    raw, probability = manifest["calibration"]["raw"], manifest["calibration"]["probability"]
    return Artifacts(
        folder=folder,
        manifest=manifest,
        model_hash=model_hash,
        features=tuple(manifest["matrix_columns"]),
        recommended_threshold=float(manifest["recommended_threshold"]),
        booster_bytes=files[BOOSTER],
        _preprocess=_unpickle(files[PREPROCESS], folder / PREPROCESS),
        _knots=(np.asarray(raw, np.float64), np.asarray(probability, np.float64)),
        _usual=Usual(**manifest["usual"]),
    )


def read_manifest(folder: Path) -> tuple[dict[str, Any], str]:
    """``manifest.json`` and its sha256 (the model's hash).

    Raises:
        ArtifactError: missing, not JSON, of an unknown format, or without an entry that is needed.
    """
    path = folder / MANIFEST
    content = _read(path)
    try:
        manifest = json.loads(content)
    except ValueError as error:
        raise ArtifactError(f"{path} is not JSON: {error}", _RETRAIN) from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ArtifactError(f"{path} is not a manifest of format {FORMAT}", _RETRAIN)
    needed = {
        "files",
        "features",
        "matrix_columns",
        "library_versions",
        "calibration",
        "recommended_threshold",
        "usual",
    }
    if needed - manifest.keys():
        raise ArtifactError(f"{path} lacks {', '.join(sorted(needed - manifest.keys()))}", _RETRAIN)
    _check_calibration(path, manifest["calibration"])
    return manifest, hashlib.sha256(content).hexdigest()


def load_booster(source: Path | bytes) -> Any:
    """XGBoost's booster from UBJSON: a file, or its content.

    Raises:
        ArtifactError: XGBoost cannot read it.
    """
    import xgboost

    booster = xgboost.Booster()
    name = source if isinstance(source, Path) else BOOSTER
    try:
        booster.load_model(source if isinstance(source, Path) else bytearray(source))
    except xgboost.core.XGBoostError as error:
        raise ArtifactError(f"{name} cannot be read as a booster: {str(error).splitlines()[0]}", _RETRAIN) from None
    return booster


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ArtifactError(
            f"{path} does not exist", "Set FRAUD_ARTIFACTS to a trained model's folder, or run `make model`"
        ) from None
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read ({type(error).__name__})", "Check the file's permissions") from None


def _checked_files(folder: Path, manifest: Mapping[str, Any]) -> dict[str, bytes]:
    """The files' content, read once: what is hashed here is what is used."""
    files = {name: _read(folder / name) for name in (PREPROCESS, BOOSTER)}
    for name, content in files.items():
        expected = manifest["files"].get(name, {}).get("sha256")
        found = hashlib.sha256(content).hexdigest()
        if found != expected:
            raise ArtifactError(
                f"{folder / name} is altered: its sha256 is {found[:12]}…, its manifest says {str(expected)[:12]}…",
                "Restore the folder as a whole, or train again",
            )
    return files


def _check_versions(folder: Path, trained: Mapping[str, str]) -> None:
    for library, parts in _MUST_AGREE.items():
        here = importlib.metadata.version(library)
        if here.split(".")[:parts] != str(trained.get(library)).split(".")[:parts]:
            raise ArtifactError(
                f"the model in {folder} was trained with {library} {trained.get(library)}, here is {here}", _RETRAIN
            )


def _check_features(folder: Path, trained: list[Mapping[str, str]]) -> None:
    ours = {feature.name: feature.dtype for feature in FEATURES}
    theirs = {entry["name"]: entry["dtype"] for entry in trained}
    if list(ours.items()) == list(theirs.items()):
        return
    differing = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    what = ", ".join(differing) if differing else "their order"
    raise ArtifactError(
        f"the model in {folder} was trained on other features than this library computes: {what}", _RETRAIN
    )


def _check_calibration(path: Path, table: Mapping[str, Any]) -> None:
    raw, probability = np.asarray(table.get("raw", []), float), np.asarray(table.get("probability", []), float)
    fits = len(raw) == len(probability) >= 2 and bool(np.isfinite(raw).all() and np.isfinite(probability).all())
    if (
        not fits
        or (np.diff(raw) <= 0).any()
        or (np.diff(probability) < 0).any()
        or probability.min() < 0
        or probability.max() > 1
    ):
        raise ArtifactError(f"the calibration table in {path} does not rise from 0 to 1", _RETRAIN)


def _unpickle(content: bytes, path: Path) -> Any:
    import joblib

    try:
        preprocess = joblib.load(io.BytesIO(content))
    except Exception as error:  # a pickle may raise anything: UnpicklingError, TypeError, zlib.error, ...
        raise ArtifactError(f"{path} does not fit this library ({type(error).__name__}: {error})", _RETRAIN) from None
    if not callable(getattr(preprocess, "transform", None)):
        raise ArtifactError(f"{path} holds a {type(preprocess).__name__}, which transforms nothing", _RETRAIN)
    return preprocess
