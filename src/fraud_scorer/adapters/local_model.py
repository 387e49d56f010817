"""Scores by the local XGBoost model; safe in workers forked from a process that has scored already.

GNU's OpenMP keeps its threads across calls but not across a fork: a child that asks for them waits for ever, even
while it loads a booster. So a process that did not import this module itself (a forked one) uses one thread.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from fraud_scorer.errors import ArtifactError
from fraud_scorer.ports import RawScores

_IMPORTED_IN = os.getpid()
_MANY_ROWS = 5_000  # below, starting threads costs more than it saves
_MOST_THREADS = 4


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
        from fraud_scorer.adapters.artifacts import load_booster

        if self._booster is None or self._loaded_in != os.getpid():
            spare_forked_threads()
            self._booster, self._loaded_in = load_booster(self._source), os.getpid()
            if self._booster.num_features() != self._width:
                raise ArtifactError(f"the booster reads {self._booster.num_features()} columns, not {self._width}")
        return self._booster


def spare_forked_threads() -> None:
    """In a forked worker, let OpenMP start no threads; elsewhere do nothing. Call before XGBoost loads or predicts."""
    if os.getpid() != _IMPORTED_IN:
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        threadpool_limits(1, user_api="openmp")


def threads_for(rows: int) -> int:
    """How many threads a call may use: one for few rows and in forked workers."""
    if rows < _MANY_ROWS or os.getpid() != _IMPORTED_IN:
        return 1
    return min(_MOST_THREADS, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def contributions(booster: Any, matrix: np.ndarray) -> np.ndarray:
    """What each column added to the log-odds of each row (float64, shape of ``matrix``; the bias is left out)."""
    import xgboost

    spare_forked_threads()
    threads = threads_for(len(matrix) * 100)  # a row costs a hundred times a score's
    booster.set_param({"nthread": threads})
    data = xgboost.DMatrix(matrix, missing=np.nan, nthread=threads)
    return np.asarray(booster.predict(data, pred_contribs=True, validate_features=False), np.float64)[:, :-1]
