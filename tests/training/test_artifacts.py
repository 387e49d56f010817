"""The model folder: what is checked before it is used, and what a loaded model does."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import pickle
import shutil

import numpy as np
import pytest

from fraud_common.errors import ArtifactError
from fraud_scorer.scoring.artifacts import load_artifacts
from fraud_scorer.scoring.local import LocalScorer


@pytest.fixture
def folder(model_folder, tmp_path):
    """A copy that may be spoilt."""
    return shutil.copytree(model_folder, tmp_path / "model")


def _edit(folder, **changes):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.integration  # takes seconds
@pytest.mark.parametrize("name", ["manifest.json", "preprocess.joblib", "model.ubj"])
def test_a_missing_file_is_named(folder, name):
    """With the cure."""
    (folder / name).unlink()
    with pytest.raises(ArtifactError, match=rf"{name} does not exist.*make model"):
        load_artifacts(folder)


def test_an_altered_pickle_is_never_opened(folder):
    """The hash is checked first: a pickle that would run code does not."""

    class Bomb:
        def __reduce__(self):
            return (exec, ("raise SystemExit('opened')",))

    (folder / "preprocess.joblib").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ArtifactError, match=r"preprocess.joblib is altered"):
        load_artifacts(folder)


class _Raising:
    """Of another version, say: its pickle calls what now takes other arguments."""

    def __reduce__(self):
        return (int, ("1", "2", "3"))


@pytest.mark.parametrize(
    "content",
    [b"", b"no pickle", b"\x80\x04", pickle.dumps([1, 2])[:-3], pickle.dumps(_Raising()), pickle.dumps({}),
     pickle.dumps(_Raising).replace(b"_Raising", b"_Renamed")],
)  # fmt: skip
def test_a_pickle_that_does_not_fit_is_one_clear_error(folder, content):
    """Though its hash is the manifest's: cut, of another class, of another signature, or no transformer at all."""
    (folder / "preprocess.joblib").write_bytes(content)
    files = json.loads((folder / "manifest.json").read_text())["files"]
    _edit(folder, files=files | {"preprocess.joblib": {"sha256": hashlib.sha256(content).hexdigest()}})
    with pytest.raises(ArtifactError, match=r"preprocess\.joblib (is|does not fit|holds a dict).*[Tt]rain again"):
        load_artifacts(folder)


def test_an_altered_booster_is_refused(folder):
    """One byte is enough."""
    content = bytearray((folder / "model.ubj").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.ubj").write_bytes(bytes(content))
    with pytest.raises(ArtifactError, match=r"model.ubj is altered"):
        load_artifacts(folder)


def test_other_features_are_refused_by_name(folder):
    """The library computes what the model was trained on, or nothing is scored."""
    features = json.loads((folder / "manifest.json").read_text())["features"]
    _edit(folder, features=[*features[:-1], {"name": "shoe_size", "dtype": "float64"}])
    with pytest.raises(ArtifactError, match="merchant_fraud_rate_30d, shoe_size"):
        load_artifacts(folder)
    _edit(folder, features=features[::-1])
    with pytest.raises(ArtifactError, match="their order"):
        load_artifacts(folder)


def test_another_library_version_is_refused(folder):
    """Pickles are read by the library that wrote them."""
    versions = json.loads((folder / "manifest.json").read_text())["library_versions"]
    _edit(folder, library_versions=versions | {"scikit-learn": "0.24.2"})
    with pytest.raises(ArtifactError, match=r"trained with scikit-learn 0\.24\.2, here is"):
        load_artifacts(folder)


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"format": 2}', '{"format": 1}', '{"format": 1, "files": 3, "features": 1}']
)
def test_a_broken_manifest_is_refused(folder, content):
    """Not JSON, another format, entries missing."""
    (folder / "manifest.json").write_text(content)
    with pytest.raises(ArtifactError, match=r"manifest\.json"):
        load_artifacts(folder)


@pytest.mark.parametrize("table", [{}, {"raw": [0, 1], "probability": [1, 0]}, {"raw": [0, 0], "probability": [0, 1]},
                                   {"raw": [0, 1], "probability": [0, 2]}])  # fmt: skip
def test_a_calibration_that_does_not_rise_is_refused(folder, table):
    """A table that would turn the ranking round scores nothing."""
    _edit(folder, calibration=table)
    with pytest.raises(ArtifactError, match="calibration"):
        load_artifacts(folder)


def test_the_hash_is_the_manifests(folder):
    """Another manifest is another model."""
    assert load_artifacts(folder).model_hash == hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()


def test_a_category_never_seen_and_a_missing_one_score(model, dataset):
    """Both become zeros in the category's columns; nothing is imputed elsewhere."""
    features = dataset.features.head(2).copy()
    features["category"] = ["never heard of", None]
    matrix = model.matrix(features)
    assert matrix.dtype == np.float32
    assert matrix.shape == (2, len(model.features))
    columns = [place for place, name in enumerate(model.features) if name.startswith("category=")]
    assert (matrix[:, columns] == 0).all()
    assert np.isnan(matrix[0, model.features.index("minutes_since_last")])


@pytest.mark.integration  # takes seconds
def test_a_missing_feature_is_named(model, dataset):
    """A frame without a declared feature is no input."""
    with pytest.raises(ArtifactError, match="home_distance_km"):
        model.matrix(dataset.features.drop(columns="home_distance_km"))


@pytest.mark.integration  # takes seconds
def test_the_local_scorer_scores_one_a_row(model, dataset):
    """Finite, 0 to 1, the same in one call and in many; another width is refused."""
    scorer = LocalScorer(model.booster_path, width=len(model.features))
    matrix = model.matrix(dataset.features.head(6_000))
    raw = scorer.score(matrix, reference="x").raw
    assert raw.shape == (6_000,)
    assert ((raw >= 0) & (raw <= 1)).all()
    np.testing.assert_array_equal(
        raw[:10], np.concatenate([scorer.score(one[None], reference="x").raw for one in matrix[:10]])
    )
    assert len(scorer.score(matrix[:0], reference="x").raw) == 0
    with pytest.raises(ArtifactError, match="columns"):
        scorer.score(matrix[:, :3], reference="x")


def test_a_model_replaced_on_disk_does_not_reach_a_run_that_has_loaded_it(model, dataset, tmp_path):
    """What was hashed is what scores and explains, whatever becomes of the files meanwhile."""
    shutil.copytree(model.folder, tmp_path / "model")
    loaded = load_artifacts(tmp_path / "model")
    (tmp_path / "model" / "model.ubj").write_bytes(b"another model")
    features = dataset.features.head(20)
    raw = LocalScorer(loaded.booster_bytes, width=len(loaded.features)).score(model.matrix(features), reference="x").raw
    expected = LocalScorer(model.booster_path, width=len(model.features)).score(model.matrix(features), reference="x")
    np.testing.assert_array_equal(raw, expected.raw)
    assert len(loaded.reasons(features, model.matrix(features), ["USD"] * 20)) == 20


def _score_in_child(scorer, matrix, queue):
    queue.put(scorer.score(matrix, reference="child").raw.sum())


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_worker_scores_though_its_parent_has_scored_before(model, dataset):
    """Schedulers fork: threads of the parent's pool do not exist in the child, and it must not wait for them."""
    scorer = LocalScorer(model.booster_path, width=len(model.features))
    matrix = np.tile(model.matrix(dataset.features), (2, 1))
    expected = scorer.score(matrix, reference="parent").raw.sum()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_score_in_child, args=(scorer, matrix, queue))
    child.start()
    try:
        assert queue.get(timeout=60) == expected
    finally:
        child.join(timeout=10)
        child.kill()
