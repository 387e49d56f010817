"""A trained model on disk: manifest, ``preprocess.joblib``, ``model.ubj``; hashes checked first, no code of it run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fraud_common.errors import ArtifactError
from fraud_scorer.domain.model_folder import BOOSTER, PREPROCESS, calibrated
from fraud_scorer.explain.baseline import Baseline
from fraud_scorer.explain.reason_codes import strongest_reasons
from fraud_scorer.features.declared import FEATURES, split_column
from fraud_scorer.scoring.booster import contributions, load_booster, spare_forked_threads
from fraud_scorer.scoring.manifest import RETRAIN, checked_files, read_manifest, refuse_other_library
from fraud_scorer.scoring.unpickling import read_preprocess

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
    _baseline: Baseline
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
            raise ArtifactError(f"features are missing for {self.folder}: {', '.join(missing)}", RETRAIN)
        matrix = np.ascontiguousarray(self._preprocess.transform(features), dtype=np.float32)
        if matrix.shape != (len(features), len(self.features)):
            raise ArtifactError(
                f"{self.folder / PREPROCESS} made {matrix.shape[1]} columns, the manifest names {len(self.features)}",
                RETRAIN,
            )
        return matrix

    def calibrate(self, raw: np.ndarray) -> np.ndarray:
        """Fraud probabilities (float64, 0-1) of raw scores, by the manifest's table."""
        return calibrated(self.manifest["calibration"], raw)

    def reasons(
        self, features: pd.DataFrame, matrix: np.ndarray, currencies: Sequence[str]
    ) -> list[list[dict[str, object]]]:
        """The three strongest reasons of each row, strongest first (3.4 ms a row: for flagged rows only)."""
        spare_forked_threads()
        if not self._booster:
            self._booster.append(load_booster(self.booster_bytes))
        columns = tuple(split_column(name)[0] for name in self.features)
        result: list[list[dict[str, object]]] = []
        for start in range(0, len(matrix), _REASON_ROWS_AT_ONCE):
            part = slice(start, start + _REASON_ROWS_AT_ONCE)
            raised = contributions(self._booster[0], matrix[part])
            result += strongest_reasons(features.iloc[part], raised, columns, self._baseline, list(currencies[part]))
        return result


def load_artifacts(folder: Path, signed_by: str = "") -> Artifacts:
    """The model in ``folder``: signature and hashes first, then versions and features, then read; no code of it is run.

    Args:
        folder: the model's.
        signed_by: public keys, comma separated, one of which must have signed it; empty: no signature is asked for.

    Raises:
        ArtifactError: a file is missing or altered, the signature is none of these keys', or the model does not fit
            this library.
        SettingsError: ``signed_by`` holds something else than public keys.
    """
    manifest, model_hash = read_manifest(folder, signed_by)
    files = checked_files(folder, manifest)
    refuse_other_library(folder, manifest)
    return Artifacts(
        folder=folder,
        manifest=manifest,
        model_hash=model_hash,
        features=tuple(manifest["matrix_columns"]),
        recommended_threshold=float(manifest["recommended_threshold"]),
        booster_bytes=files[BOOSTER],
        _preprocess=read_preprocess(files[PREPROCESS], folder / PREPROCESS),
        _baseline=Baseline(**manifest["usual"]),
    )
