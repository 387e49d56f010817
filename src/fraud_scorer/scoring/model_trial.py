"""A booster file tried in a process of its own, before any other process opens it.

XGBoost trusts what it reads: a damaged file may end the process that opens it, or that scores with it. Here it ends
the child. A file is tried once: the hashes of sound ones are remembered in this process and in the data folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from fraud_common.errors import ArtifactError
from fraud_scorer.settings import named_data_dir

_PATIENCE_SECONDS = 120.0
_MEMORY_BYTES, _MEMORY_A_BYTE = 4 << 30, 64  # of address space: what the libraries take, and for each byte of the file
_SOUND = "sound"
_SOUND_ONES = Path("sound-models")  # in the data folder: an empty file for each hash
_sound_here: set[str] = set()


def require_sound(content: bytes, name: str) -> None:
    """Return only if XGBoost opens ``content`` (file ``name``) and scores with it. The first time takes seconds.

    Raises:
        ArtifactError: it does not, or it ends the process that tries, or a tree leads where there is none.
    """
    known = _SOUND_ONES / hashlib.sha256(content).hexdigest()
    if known.name in _sound_here or (named_data_dir() / known).exists():
        return
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", __name__]
    try:
        tried = subprocess.run(command, input=content, capture_output=True, env=environment, timeout=_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        raise ArtifactError(f"{name} is damaged: to open it takes for ever", "Copy the whole folder anew") from None
    said = tried.stdout.decode(errors="replace").strip()
    if tried.returncode or said != _SOUND:
        why = said or f"it ends the process that opens it (exit code {tried.returncode})"
        raise ArtifactError(f"{name} is damaged: {why}", "Copy the whole folder anew")
    _sound_here.add(known.name)
    if named_data_dir().is_dir():
        with suppress(OSError):  # a full or read-only disk: the next process tries the file again
            (named_data_dir() / _SOUND_ONES).mkdir(mode=0o700, exist_ok=True)
            (named_data_dir() / known).touch(mode=0o600)


def _try(content: bytes) -> str:
    import numpy as np
    import xgboost

    most = _MEMORY_BYTES + _MEMORY_A_BYTE * len(content)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    try:
        booster = xgboost.Booster(model_file=bytearray(content))
        model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    except xgboost.core.XGBoostError as error:
        return f"XGBoost cannot open it: {str(error).splitlines()[0]}"
    if fault := _fault_of_trees(model, booster.num_features()):
        return fault
    rows = np.vstack([np.full((1, booster.num_features()), value, np.float32) for value in (np.nan, -1e9, 0, 1, 1e9)])
    scores = booster.predict(xgboost.DMatrix(rows), validate_features=False)
    return _SOUND if np.isfinite(scores).all() else "its scores are no numbers"


def _fault_of_trees(model: dict[str, Any], columns: int) -> str:
    """What is wrong with the trees; empty if every branch leads on to a later place that exists, by a column there."""
    trees = model.get("model", {}).get("trees", [])
    for number, tree in enumerate(trees):
        left, right, splits = tree["left_children"], tree["right_children"], tree["split_indices"]
        size = int(tree["tree_param"]["num_nodes"])
        if not size == len(left) == len(right) == len(splits):
            return f"tree {number} has another size than it says"
        for place, (a, b, column) in enumerate(zip(left, right, splits, strict=True)):
            if a == b == -1:
                continue
            if not (place < a < size and place < b < size and 0 <= column < columns):
                return f"tree {number} leads where nothing is"
    return ""


if __name__ == "__main__":
    print(_try(sys.stdin.buffer.read()))
