"""The model a server serves, and how it changes under way without a request noticing."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog
import xgboost

from fraud_common.errors import ArtifactError
from fraud_scorer.scoring.model_trial import require_sound
from fraud_scorer.scoring.sagemaker.variant import variant_name
from fraud_scorer.scoring.signing import require_signature

log = structlog.get_logger()

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class ServedModel:
    """A booster, and the production variant's name that its folder gives it."""

    booster: xgboost.Booster
    variant: str

    @classmethod
    def load(cls, folder: Path, signed_by: str = "") -> ServedModel:
        """The booster of ``folder``: the one its manifest names (and whose hash it states), or the only file there.

        A file that this machine has not loaded before is tried in a process of its own first.

        Raises:
            ArtifactError: no booster, not the one of the manifest, or not signed by one of ``signed_by`` (public keys,
                comma separated; empty: no signature is asked for).
        """
        manifest = folder / MANIFEST
        path = folder / "model.ubj" if manifest.is_file() else _only_file(folder)
        try:
            content, stated = path.read_bytes(), manifest.read_bytes() if manifest.is_file() else None
            require_signature(folder, stated or b"", signed_by)
            if stated is not None and _stated_hash(stated, path.name) != hashlib.sha256(content).hexdigest():
                raise ArtifactError(f"{path.name} is not the file that {MANIFEST} names", "Copy the whole folder anew")
            require_sound(content, path.name)
            booster = xgboost.Booster(model_file=bytearray(content))
        except (OSError, xgboost.core.XGBoostError) as error:
            raise ArtifactError(f"{path.name} cannot be loaded: {str(error).splitlines()[0]}") from None
        return cls(booster, variant_name(hashlib.sha256(content if stated is None else stated).hexdigest()))

    @property
    def columns(self) -> int:
        """The number of inputs that the model reads."""
        return int(self.booster.num_features())

    def predict(self, matrix: np.ndarray) -> np.ndarray:
        """Raw scores, float32. Missing columns on the right count as missing values, as in AWS's container.

        Raises:
            ValueError: more columns than the model has, or an infinity.
        """
        try:
            return np.asarray(self.booster.predict(xgboost.DMatrix(matrix), validate_features=False))
        except xgboost.core.XGBoostError as error:
            raise ValueError(str(error).splitlines()[0]) from None


class ModelFolder:
    """The model of a folder, loaded anew when the folder's files change.

    The request that notices the change loads the new model; the others go on with the old one. A folder that cannot
    be loaded (a copy under way) leaves the old one in force.
    """

    def __init__(self, folder: Path, signed_by: str = "") -> None:
        self.folder = folder
        self._signed_by = signed_by
        self._seen = _signature(folder)
        self._model = ServedModel.load(folder, signed_by)
        self._loading = threading.Lock()

    def current(self) -> ServedModel:
        """The model to use for one request from its start to its end."""
        if self._loading.acquire(blocking=False):
            try:
                self._reload_if_changed()
            finally:
                self._loading.release()
        return self._model

    def _reload_if_changed(self) -> None:
        signature = _signature(self.folder)
        if signature == self._seen:
            return
        self._seen = signature
        try:
            self._model = ServedModel.load(self.folder, self._signed_by)
        except ArtifactError as error:
            log.warning("The new model cannot be loaded; the old one stays.", action="serve", reason=str(error))
        else:
            log.info("A new model is served.", action="serve", variant=self._model.variant)


def _stated_hash(manifest: bytes, name: str) -> str:
    try:
        return str(json.loads(manifest)["files"][name]["sha256"])
    except (ValueError, KeyError, TypeError):
        raise ArtifactError(f"{MANIFEST} states no hash of {name}", "Copy the whole folder anew") from None


def _only_file(folder: Path) -> Path:
    files = [path for path in sorted(folder.glob("*")) if path.is_file() and not path.name.startswith(".")]
    if len(files) != 1:
        names = ", ".join(path.name for path in files) or "nothing"
        raise ArtifactError(f"{folder} holds {names}, and no {MANIFEST} that says which is the booster")
    return files[0]


def _signature(folder: Path) -> list[tuple[str, int, int]]:
    try:
        stats = [(path.name, path.stat()) for path in sorted(folder.glob("*"))]
    except OSError:
        return []
    return [(name, stat.st_mtime_ns, stat.st_size) for name, stat in stats]
