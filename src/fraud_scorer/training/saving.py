"""Writing a model folder: all files beside it first, then renamed into place; nothing half written.

The same data give the same bytes: no time of writing, no path, no machine is recorded.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fraud_common.errors import ArtifactError
from fraud_scorer.domain.model_folder import BOOSTER, FORMAT, MANIFEST, PREPROCESS, SIGNATURE
from fraud_scorer.features import FEATURES

_NUMBERS = re.compile(r"\[\n([-+.,\d\seE]+)\]")  # no string of JSON holds a line's end
LIBRARIES = ("fraud-scorer", "joblib", "numpy", "pandas", "scikit-learn", "xgboost")


def save(out: Path, *, preprocess: Any, booster: Any, about: Mapping[str, Any]) -> str:
    """Write the three files of a model into ``out`` and give the model's hash.

    ``about`` holds the manifest's other entries. Files of an older model in ``out`` are replaced; what else lies
    there stays.

    Raises:
        ArtifactError: ``out`` cannot be written.
    """
    import joblib

    def write(folder: Path) -> None:
        joblib.dump(preprocess, folder / PREPROCESS)
        booster.save_model(folder / BOOSTER)
        hashes = {name: {"sha256": _sha256(folder / name)} for name in (PREPROCESS, BOOSTER)}
        manifest = {
            "format": FORMAT,
            "files": hashes,
            "features": [{"name": feature.name, "dtype": feature.dtype} for feature in FEATURES],
            "matrix_columns": [str(name) for name in preprocess.get_feature_names_out()],
            "library_versions": {name: importlib.metadata.version(name) for name in LIBRARIES},
            **about,
        }
        (folder / MANIFEST).write_text(readable_json(manifest), encoding="utf-8")

    replace_files(out, write)
    (out / SIGNATURE).unlink(missing_ok=True)  # an older model's
    return _sha256(out / MANIFEST)


def readable_json(value: Mapping[str, Any]) -> str:
    r"""``value`` as JSON, an entry a line; a list of numbers stands on one.

    >>> readable_json({"edges": [1, 2.5]})
    '{\n "edges": [1, 2.5]\n}\n'
    """
    text = json.dumps(value, indent=1, allow_nan=False)
    return _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"


def refuse_unwritable(out: Path) -> None:
    """Refuse, before minutes of training, an ``out`` that cannot become a folder; creates nothing.

    Raises:
        ArtifactError: a file stands in the way, or the nearest folder there is may not be written.
    """
    there = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        what = "may not be written" if there.is_dir() else "is a file"
        raise ArtifactError(f"{out} cannot be written ({there} {what})", "Give --out a writable folder")


def replace_files(out: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill an empty folder beside ``out``, then move its files into ``out``, the manifest last."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as draft:
            write(Path(draft))
            out.mkdir(exist_ok=True)
            for path in sorted(Path(draft).iterdir(), key=lambda one: one.name == MANIFEST):
                path.chmod(0o644)
                path.replace(out / path.name)
    except OSError as error:
        raise ArtifactError(
            f"{out} cannot be written ({error.strerror or error})", "Give --out a writable folder"
        ) from None


def write_whole(path: Path, content: str) -> None:
    """``content`` as the file ``path``: there as a whole, or not at all. Raises ArtifactError as ``replace_file``."""
    replace_file(path, lambda draft: draft.write_text(content, encoding="utf-8"))


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` make a file beside ``path``, then move it there.

    Raises:
        ArtifactError: the file cannot be written.
    """
    draft = path.with_name(f".{path.stem}.draft{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(draft)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise ArtifactError(f"{path} cannot be written ({error.strerror or error})", "Give a writable path") from None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
