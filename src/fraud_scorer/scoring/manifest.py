"""``manifest.json``: all there is to say about a model, read and checked before anything of it is used.

Hashes of the files, features, columns and library versions, calibration, recommended threshold, data, metrics, and the
reference that ``features.drift`` compares days with (``training.saving`` writes it). Models of before have no
reference: they score, their drift is unknown.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fraud_common.errors import ArtifactError
from fraud_scorer.domain.model_folder import BOOSTER, FORMAT, MANIFEST, PREPROCESS
from fraud_scorer.features.declared import FEATURES
from fraud_scorer.scoring.signing import require_signature

RETRAIN = "Train again with this installation (`make model`, or `fraud-scorer train`)"
# How much of a library's version must agree: a pickle is read by the library that wrote it, UBJSON by any 3.x.
_MUST_AGREE = {"scikit-learn": 2, "xgboost": 1, "numpy": 1, "pandas": 1}


def read_manifest(folder: Path, signed_by: str = "") -> tuple[dict[str, Any], str]:
    """``manifest.json`` and its sha256 (the model's hash).

    Args:
        folder: the model's.
        signed_by: public keys, comma separated, one of which must have signed it; empty: no signature is asked for.

    Raises:
        ArtifactError: missing, not signed by one of these, not JSON, of an unknown format, or without an entry that is
            needed.
        SettingsError: ``signed_by`` holds something else than public keys.
    """
    path = folder / MANIFEST
    content = _read(path)
    require_signature(folder, content, signed_by)
    try:
        manifest = json.loads(content)
    except ValueError as error:
        raise ArtifactError(f"{path} is not JSON: {error}", RETRAIN) from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ArtifactError(f"{path} is not a manifest of format {FORMAT}", RETRAIN)
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
        raise ArtifactError(f"{path} lacks {', '.join(sorted(needed - manifest.keys()))}", RETRAIN)
    _check_calibration(path, manifest["calibration"])
    return manifest, hashlib.sha256(content).hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ArtifactError(
            f"{path} does not exist", "Set FRAUD_ARTIFACTS to a trained model's folder, or run `make model`"
        ) from None
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read ({type(error).__name__})", "Check the file's permissions") from None


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
        raise ArtifactError(f"the calibration table in {path} does not rise from 0 to 1", RETRAIN)


def checked_files(
    folder: Path, manifest: Mapping[str, Any], names: Sequence[str] = (PREPROCESS, BOOSTER)
) -> dict[str, bytes]:
    """The files' content, read once: what is hashed here is what is used."""
    files = {name: _read(folder / name) for name in names}
    for name, content in files.items():
        expected = manifest["files"].get(name, {}).get("sha256")
        found = hashlib.sha256(content).hexdigest()
        if found != expected:
            raise ArtifactError(
                f"{folder / name} is altered: its sha256 is {found[:12]}…, its manifest says {str(expected)[:12]}…",
                "Restore the folder as a whole, or train again",
            )
    return files


def refuse_other_library(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Raises ArtifactError where the model was trained with other libraries, or on other features, than are here."""
    _check_versions(folder, manifest["library_versions"])
    _check_features(folder, manifest["features"])


def _check_versions(folder: Path, trained: Mapping[str, str]) -> None:
    for library, parts in _MUST_AGREE.items():
        here = importlib.metadata.version(library)
        if here.split(".")[:parts] != str(trained.get(library)).split(".")[:parts]:
            raise ArtifactError(
                f"the model in {folder} was trained with {library} {trained.get(library)}, here is {here}", RETRAIN
            )


def _check_features(folder: Path, trained: list[Mapping[str, str]]) -> None:
    ours = {feature.name: feature.dtype for feature in FEATURES}
    theirs = {entry["name"]: entry["dtype"] for entry in trained}
    if list(ours.items()) == list(theirs.items()):
        return
    differing = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    what = ", ".join(differing) if differing else "their order"
    raise ArtifactError(
        f"the model in {folder} was trained on other features than this library computes: {what}", RETRAIN
    )
