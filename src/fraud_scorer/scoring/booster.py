"""The booster: read from UBJSON, asked for contributions, with as many threads as are safe.

GNU's OpenMP keeps its threads across calls but not across a fork: a child that asks for them waits for ever, even
while it loads a booster. So a process that did not import this module itself (a forked one) uses one thread.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from fraud_common.errors import ArtifactError
from fraud_scorer.domain.model_folder import BOOSTER
from fraud_scorer.scoring.manifest import RETRAIN
from fraud_scorer.scoring.model_trial import require_sound

_IMPORTED_IN = os.getpid()
_MANY_ROWS = 5_000  # below, starting threads costs more than it saves
_MOST_THREADS = 4


def load_booster(source: Path | bytes) -> Any:
    """XGBoost's booster from UBJSON: a file, or its content.

    Raises:
        ArtifactError: XGBoost cannot read it, or it would end the process that reads it or scores with it.
    """
    import xgboost

    name, content = (source, source.read_bytes()) if isinstance(source, Path) else (BOOSTER, source)
    require_sound(content, str(name))
    booster = xgboost.Booster()
    try:
        booster.load_model(bytearray(content))
    except xgboost.core.XGBoostError as error:
        raise ArtifactError(f"{name} cannot be read as a booster: {str(error).splitlines()[0]}", RETRAIN) from None
    return booster


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
