"""``preprocess.joblib``: a file that would run code is refused, and leaves no trace that it ran."""

from __future__ import annotations

import builtins
import bz2
import functools
import gzip
import hashlib
import importlib
import io
import json
import operator
import os
import pickle
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import FunctionTransformer

from fraud_common.errors import ArtifactError
from fraud_scorer.features.declared import FEATURES
from fraud_scorer.features.encoding import NumberColumns, TextColumns, make_preprocess
from fraud_scorer.scoring.artifacts import load_artifacts
from fraud_scorer.scoring.unpickling import read_preprocess

SHIPPED = Path(__file__).parents[2] / "model" / "artifacts"


class Calls:
    """Pickles as a call."""

    def __init__(self, function: Callable[..., Any], *args: object, state: object = None) -> None:
        self.call = (function, args) if state is None else (function, args, state)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


class ReadsAddresses:
    """Pickles as an array of objects whose type says that it holds none: its bytes would be read as addresses."""

    def __reduce__(self) -> tuple[Any, ...]:
        kind = Calls(np.dtype, "O8", False, True, state=(3, "|", None, None, None, -1, -1, 0))
        return np._core.multiarray._reconstruct, (np.ndarray, (0,), b"b"), (1, (1,), kind, False, b"A" * 8)


def dumped(value: object, **options: Any) -> bytes:
    """``value`` as joblib writes it."""
    file = io.BytesIO()
    joblib.dump(value, file, **options)
    return file.getvalue()


def fitted() -> ColumnTransformer:
    """A preprocess as training makes it."""
    columns = {one.name: [1.0, 2.0] if one.dtype == "float64" else ["travel", "home"] for one in FEATURES}
    preprocess = make_preprocess()
    preprocess.fit(pd.DataFrame(columns))
    return preprocess


def with_part(part: object) -> ColumnTransformer:
    """A preprocess that would transform as ever, and holds ``part`` among its transformers."""
    preprocess = fitted()
    preprocess.transformers_[0] = ("numbers", part, preprocess.transformers_[0][2])
    return preprocess


def with_state(name: str, value: object) -> ColumnTransformer:
    """A preprocess with an attribute more, or another one."""
    preprocess = fitted()
    vars(preprocess)[name] = value
    return preprocess


def evil(trace: Path) -> dict[str, bytes]:
    """Files that leave ``trace`` if anything of them is run, by what they do."""
    shell, python = f"touch {trace}", f"open({str(trace)!r}, 'w').close()"
    system, run = Calls(os.system, shell), Calls(builtins.exec, python)
    objects = np.array([system], dtype=object)
    chain = Calls(functools.reduce, operator.add, [[], [run]])
    by_name = Calls(builtins.map, Calls(getattr, Calls(importlib.import_module, "os"), "system"), [shell])
    plain = dumped(system)
    return {
        "os.system": plain,
        "builtins.eval": dumped(Calls(builtins.eval, f"__import__('os').system({shell!r})")),
        "builtins.exec": dumped(run),
        "subprocess": dumped(Calls(subprocess.call, ["touch", str(trace)])),
        "functools.reduce": dumped(chain),
        "a function by its name": dumped(by_name),
        "protocol 2": pickle.dumps(system, 2),
        "protocol 5": pickle.dumps(system, 5),
        "protocol 0": pickle.dumps(system, 0),
        "numpy array of objects": dumped(objects),
        "numpy array, plain pickle": pickle.dumps(objects),
        "array of addresses": dumped(ReadsAddresses()),
        "numpy.load": dumped(Calls(np.load, io.BytesIO(pickle.dumps(system)), None, True)),
        "joblib.load": dumped(Calls(joblib.load, str(trace))),
        "memory map": dumped(Calls(np.memmap, str(trace), "uint8", "w+", 0, (1,))),
        "pickle in a pickle": dumped(Calls(pickle.loads, pickle.dumps(system))),
        "joblib in joblib": dumped(Calls(joblib.load, io.BytesIO(plain))),
        "among the transformers": dumped(with_part(system)),
        "scikit-learn's own caller": dumped(with_part(FunctionTransformer(os.system))),
        "in place of a method": dumped(with_state("transform", run)),
        "in a list": dumped([fitted(), system]),
        "in a key": dumped({Calls(builtins.hash, run): 1}),
        "compressed": dumped(system, compress=("zlib", 3)),
        "gzip": gzip.compress(plain),
        "bz2": bz2.compress(plain),
        "zlib": zlib.compress(plain),
        "lzma": dumped(system, compress=("lzma", 3)),
        "behind a good one": dumped(fitted())[:-1] + b"0" + pickle.dumps(system, 2)[2:],
        "attribute of a good class": b"\x80\x04\x8c\x1efraud_scorer.features.encoding\x8c\x0fTextColumns.mro\x93.",
        "extension": b"\x80\x02\x82\x01.",
        "persistent": b"\x80\x02Pos\n.",
    }


EVIL = evil(Path("never"))


@pytest.mark.parametrize("kind", EVIL)
def test_what_would_run_code_is_refused_and_not_run(kind: str, tmp_path: Path) -> None:
    """Whatever it calls and however it is wrapped: one sentence, the cure, and no trace."""
    trace = tmp_path / "ran"
    with pytest.raises(ArtifactError, match=r"preprocess\.joblib .*train again"):
        read_preprocess(evil(trace)[kind], tmp_path / "preprocess.joblib")
    assert not trace.exists()


def test_the_refusal_names_what_the_file_wanted(tmp_path: Path) -> None:
    """So that one can tell an attack from a transformer that is not known yet."""
    with pytest.raises(ArtifactError, match=r"nothing of it was run: it names posix\.system"):
        read_preprocess(EVIL["os.system"], tmp_path / "preprocess.joblib")


@pytest.mark.parametrize(
    "value",
    [[1, 2], {}, None, NumberColumns(), np.arange(3), np.array(["a"], dtype=object), with_state("transform", "x"),
     with_state("__class__x", 1), with_part(b"bytes"), with_part({1, 2}), b"", ColumnTransformer, BaseEstimator()],
    ids=repr,
)  # fmt: skip
def test_what_is_no_preprocess_is_refused(value: object, tmp_path: Path) -> None:
    """Harmless things too: numbers, other estimators, a method replaced."""
    with pytest.raises(ArtifactError, match=r"preprocess\.joblib"):
        read_preprocess(dumped(value), tmp_path / "preprocess.joblib")


def test_a_damaged_file_is_one_error(tmp_path: Path) -> None:
    """Cut at any place, or with any byte another one: read as before, or refused; never anything else."""
    content = dumped(fitted())
    chance = np.random.default_rng(3)
    damaged = [content[:place] for place in range(0, len(content) - 1, 37)]
    places = chance.integers(0, len(content), 300)
    damaged += [content[:place] + bytes([chance.integers(256)]) + content[place + 1 :] for place in places]
    refused = 0
    for one in damaged:
        try:
            assert isinstance(read_preprocess(one, tmp_path / "preprocess.joblib"), ColumnTransformer)
        except ArtifactError:
            refused += 1
    assert refused > len(damaged) / 3


@pytest.mark.integration  # takes seconds
def test_what_holds_itself_is_refused(tmp_path: Path) -> None:
    """A list in itself, and one nested too deep."""
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(ArtifactError, match="holds itself"):
        read_preprocess(dumped(with_state("more", circle)), tmp_path / "preprocess.joblib")
    deep = b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b"."
    with pytest.raises(ArtifactError, match="does not fit"):
        read_preprocess(deep, tmp_path / "preprocess.joblib")


def test_what_training_writes_is_read_as_joblib_reads_it(tmp_path: Path) -> None:
    """The shipped one and a fresh one: the same matrix and the same columns as by joblib's own reader."""
    frame = pd.DataFrame({one.name: [1.5, np.nan] if one.dtype == "float64" else ["travel", None] for one in FEATURES})
    for content in ((SHIPPED / "preprocess.joblib").read_bytes(), dumped(fitted())):
        ours, theirs = read_preprocess(content, tmp_path), joblib.load(io.BytesIO(content))
        np.testing.assert_array_equal(ours.transform(frame), theirs.transform(frame))
        assert list(ours.get_feature_names_out()) == list(theirs.get_feature_names_out())
        assert repr(vars(ours)) == repr(vars(theirs))
        assert isinstance(ours.named_transformers_["texts"], TextColumns)


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """The shipped model with a preprocess that leaves ``tmp_path/ran``, and a manifest that names its hash."""
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "model"))
    content = evil(tmp_path / "ran")["os.system"]
    (folder / "preprocess.joblib").write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["preprocess.joblib"]["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


COMMANDS = {
    "check": ("FRAUD_ARTIFACTS", "check"),
    "check, shadow": ("SHADOW_ARTIFACTS", "check"),
    "score-file": ("", "score-file --data none.csv --out scores.csv --artifacts {}"),
    "evaluate": ("", "evaluate --data none.csv --artifacts {}"),
}


@pytest.mark.parametrize(("setting", "command"), COMMANDS.values(), ids=COMMANDS)
def test_no_command_runs_a_changed_preprocess(changed: Path, tmp_path: Path, setting: str, command: str) -> None:
    """Though its hash stands in the changed manifest: the command fails, and says why."""
    environment = os.environ | {"FRAUD_DATA_DIR": str(tmp_path / "data")} | ({setting: str(changed)} if setting else {})
    program = Path(sys.executable).with_name("fraud-scorer")
    ran = subprocess.run(
        [program, *command.format(changed).split()],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert ran.returncode == 1
    assert "nothing of it was run" in " ".join((ran.stdout + ran.stderr).split())
    assert not (tmp_path / "ran").exists()


def test_a_loaded_model_needs_no_code_of_its_folder(changed: Path, tmp_path: Path) -> None:
    """The library's own door, through which every command, run and shadow goes."""
    with pytest.raises(ArtifactError, match="nothing of it was run"):
        load_artifacts(changed)
    assert not (tmp_path / "ran").exists()
