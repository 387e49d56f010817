"""``model.tar.gz`` as AWS's XGBoost container takes it, and whether that container would score alike.

The container loads *every* file of the model folder, so the archive holds the booster and nothing else; calibration and
``preprocess.joblib`` stay on our side. Older XGBoost loads the file without a word and loses its ``base_score``: unless
that is 0.5, which is what the older ones assume, each score would be another one.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

from fraud_common.errors import ArtifactError
from fraud_scorer.domain.model_folder import BOOSTER
from fraud_scorer.scoring.booster import load_booster
from fraud_scorer.scoring.manifest import checked_files, read_manifest

ALIKE = 1e-9
OBJECTIVE = "binary:logistic"


@dataclass(frozen=True)
class ModelArchive:
    """A model ready to deploy."""

    model_hash: str  # sha256 of the manifest
    content: bytes  # model.tar.gz


def pack(artifacts: Path, signed_by: str = "") -> ModelArchive:
    """The archive of the model in ``artifacts``; the same bytes for the same model.

    Raises:
        ArtifactError: the model is not signed by one of ``signed_by`` (public keys, comma separated; empty: not asked),
            a file is not the manifest's, or AWS's container would not score alike.
    """
    manifest, model_hash = read_manifest(artifacts, signed_by)
    content = checked_files(artifacts, manifest, [BOOSTER])[BOOSTER]
    require_alike(content)
    return ModelArchive(model_hash, _tar(content))


def require_alike(source: Path | bytes) -> None:
    """Return only if every XGBoost from 1.7 on gives the scores of this booster (UBJSON: a file, or its content).

    Raises:
        ArtifactError: it was trained with another ``base_score`` than 0.5, or does not give probabilities.
    """
    learner = json.loads(load_booster(source).save_config())["learner"]
    booster = source if isinstance(source, Path) else BOOSTER
    objective = learner["objective"]["name"]
    if objective != OBJECTIVE:
        raise ArtifactError(f"{booster} was trained for {objective}", f"Train with {OBJECTIVE}: scores are 0 to 1")
    base_score = float(learner["learner_model_param"]["base_score"].strip("[]"))
    if abs(base_score - 0.5) > ALIKE:
        raise ArtifactError(
            f"{booster} was trained with base_score={base_score:g}; AWS's container loses it and scores otherwise",
            "Train with base_score=0.5",
        )


def _tar(booster: bytes) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        entry = tarfile.TarInfo(BOOSTER)
        entry.size = len(booster)
        entry.mode = 0o644
        tar.addfile(entry, io.BytesIO(booster))
    return gzip.compress(plain.getvalue(), mtime=0)
