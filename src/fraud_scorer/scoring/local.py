"""Scores by the XGBoost model on this machine; safe in workers forked from a process that has scored already."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from fraud_common.errors import ArtifactError
from fraud_scorer.domain.ports import RawScores
from fraud_scorer.scoring.booster import load_booster, spare_forked_threads, threads_for


class LocalScorer:
    """``ports.Scorer`` on an XGBoost booster, loaded once a process from a file or from ``Artifacts.booster_bytes``."""

    def __init__(self, booster: Path | bytes, *, width: int) -> None:
        self._source = booster
        self._width = width
        self._booster: Any = None
        self._loaded_in = -1

    def score(self, matrix: np.ndarray, *, reference: str) -> RawScores:  # noqa: ARG002 - the port's signature
        """Raw scores (float64, 0-1), one a row.

        Raises:
            ArtifactError: the matrix has another width than the model, or the booster cannot be read.
        """
        if matrix.ndim != 2 or matrix.shape[1] != self._width:
            raise ArtifactError(f"the model reads {self._width} columns, the matrix has shape {matrix.shape}")
        if not len(matrix):
            return RawScores(np.zeros(0), "local")
        booster = self._ready()
        booster.set_param({"nthread": threads_for(len(matrix))})
        raw = booster.inplace_predict(np.ascontiguousarray(matrix, np.float32), validate_features=False)
        return RawScores(np.asarray(raw, np.float64), "local")

    def _ready(self) -> Any:
        if self._booster is None or self._loaded_in != os.getpid():
            spare_forked_threads()
            self._booster, self._loaded_in = load_booster(self._source), os.getpid()
            if self._booster.num_features() != self._width:
                raise ArtifactError(f"the booster reads {self._booster.num_features()} columns, not {self._width}")
        return self._booster
