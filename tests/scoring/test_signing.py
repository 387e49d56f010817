"""A model's signature: asked for, it is asked for everywhere; only the private key makes one."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import create_engine
from structlog.testing import capture_logs

from fraud_common.errors import ArtifactError, SettingsError
from fraud_scorer.endpoint.served_model import ModelFolder, ServedModel
from fraud_scorer.scoring.artifacts import load_artifacts
from fraud_scorer.scoring.sagemaker.deploying.archive import pack
from fraud_scorer.scoring.signing import make_key, public_text, read_key, sign
from fraud_scorer.settings import Settings
from fraud_scorer.use_cases.check.model_signature import require_signed_models
from fraud_scorer.use_cases.drift import drift
from fraud_scorer.use_cases.pipeline.shadow import score_with_shadow_model
from fraud_scorer.wiring import Parts

SHIPPED = Path(__file__).parents[2] / "model" / "artifacts"
KEY, OTHER = Ed25519PrivateKey.from_private_bytes(b"k" * 32), Ed25519PrivateKey.from_private_bytes(b"o" * 32)
PUBLIC = public_text(KEY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped model; it is not signed."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "model"))


def settings(folder: Path, **changes: object) -> Settings:
    """Settings that ask for ``KEY``'s signature of the model in ``folder``."""
    values = {"fraud_artifacts": folder, "fraud_model_public_key": PUBLIC, "fraud_data_dir": folder.parent}
    return Settings(_env_file=None, **(values | changes))  # type: ignore[arg-type]  # pydantic checks


DOORS: dict[str, Callable[[Path], object]] = {
    "the model in force": lambda folder: Parts(settings(folder)).scoring.model,
    "any model": lambda folder: load_artifacts(folder, PUBLIC),
    "the server": lambda folder: ServedModel.load(folder, PUBLIC),
    "the archive for SageMaker": lambda folder: pack(folder, PUBLIC),
    "drift": lambda folder: drift(Parts(settings(folder))),
    "production's check": lambda folder: require_signed_models(settings(folder)),
    "production's check of the shadow": lambda folder: require_signed_models(
        settings(Path(_signed_copy(folder)), shadow_artifacts=folder)
    ),
}


def _signed_copy(folder: Path) -> str:
    copy = shutil.copytree(SHIPPED, folder.parent / "signed")
    sign(Path(copy), KEY)
    return str(copy)


@pytest.mark.parametrize("door", DOORS)
def test_an_unsigned_model_is_refused_where_a_signature_is_asked_for(door: str, folder: Path) -> None:
    """With the cure."""
    with pytest.raises(ArtifactError, match=r"is not signed, and FRAUD_MODEL_PUBLIC_KEY is set.*model sign --key"):
        DOORS[door](folder)


@pytest.mark.parametrize("door", DOORS)
def test_another_keys_signature_is_refused(door: str, folder: Path) -> None:
    """Who holds another key makes signatures, but none that is taken."""
    sign(folder, OTHER)
    with pytest.raises(ArtifactError, match="another key signed it"):
        DOORS[door](folder)


@pytest.mark.integration  # the library starts a process or listens
@pytest.mark.parametrize("door", ["any model", "the server", "the archive for SageMaker"])
def test_a_changed_model_keeps_no_signature(door: str, folder: Path) -> None:
    """A file and its hash in the manifest changed together: the manifest is no longer what was signed."""
    sign(folder, KEY)
    DOORS[door](folder)
    content = (folder / "model.ubj").read_bytes() + b" "
    (folder / "model.ubj").write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["model.ubj"]["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match="is not what was signed"):
        DOORS[door](folder)


def test_one_of_several_keys_is_enough(folder: Path) -> None:
    """While a key is replaced, both are named."""
    sign(folder, KEY)
    assert load_artifacts(folder, f"{public_text(OTHER)}, {PUBLIC}").model_hash == load_artifacts(folder).model_hash


@pytest.mark.parametrize("content", [b"", b"no signature", b"\xff\x00", base64.b64encode(b"s" * 63), b"A" * 100_000])
def test_a_damaged_signature_is_refused(content: bytes, folder: Path) -> None:
    """Whatever stands in the file."""
    (folder / "manifest.sig").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"not what was signed|holds no signature"):
        load_artifacts(folder, PUBLIC)


@pytest.mark.parametrize("text", [" ", ",", "key", PUBLIC + ",", PUBLIC[:-8], "\N{SNOWMAN}"])
def test_a_setting_that_is_no_key_is_no_reason_to_take_any_model(text: str, folder: Path) -> None:
    """A misspelt key asks for nothing less than a right one."""
    sign(folder, KEY)
    with pytest.raises(SettingsError, match=r"key \d is no public key"):
        load_artifacts(folder, text)


def test_production_asks_for_a_key(folder: Path) -> None:
    """Without one any model would be taken; with one, the answer names it."""
    with pytest.raises(SettingsError, match=r"no public key is named.*set FRAUD_MODEL_PUBLIC_KEY"):
        require_signed_models(settings(folder, fraud_model_public_key=""))
    sign(folder, KEY)
    assert "is signed by" in require_signed_models(settings(folder))


def test_a_shadow_that_is_not_signed_scores_nothing(folder: Path) -> None:
    """It fails no load; nothing of it is kept, and nothing is asked of the database."""
    nowhere = create_engine("postgresql+psycopg2://nobody@127.0.0.1:9/none")
    with capture_logs() as said:
        assert (
            score_with_shadow_model(
                folder, nowhere, pd.Series(["p"]), pd.DataFrame({"amount": [1.0]}), signed_by=PUBLIC
            )
            == 0
        )
    assert "is not signed" in said[0]["event"]


@pytest.mark.integration  # the library starts a process or listens
def test_a_server_takes_up_signed_models_only(folder: Path) -> None:
    """An unsigned change of the folder leaves the old model in force; its signature makes it the model in force."""
    sign(folder, KEY)
    models = ModelFolder(folder, PUBLIC)
    first = models.current().variant
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"recommended_threshold": 0.123}))
    assert models.current().variant == first
    sign(folder, KEY)
    assert models.current().variant != first


def test_a_server_of_signed_models_takes_no_folder_without_a_manifest(folder: Path) -> None:
    """A booster alone says nothing of who made it."""
    for name in ("manifest.json", "preprocess.joblib"):
        (folder / name).unlink()
    with pytest.raises(ArtifactError, match="is not signed"):
        ServedModel.load(folder, PUBLIC)


def run(tmp_path: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line in an empty folder."""
    program = [sys.executable, "-c", "from fraud_scorer.cli import main; main()"]
    return subprocess.run(
        [*program, *map(str, arguments)],
        cwd=tmp_path, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip


def test_keys_are_made_models_signed_and_verified_by_commands(folder: Path, tmp_path: Path) -> None:
    """Make a pair, sign, verify; after a change verify fails; a key is never overwritten."""
    made = run(tmp_path, "model", "keygen", "--out", "key.pem")
    name, _, public = made.stdout.splitlines()[-1].partition("=")
    assert (name, stat.S_IMODE((tmp_path / "key.pem").stat().st_mode)) == ("FRAUD_MODEL_PUBLIC_KEY", 0o600)
    asked = {name: public}
    assert "is not signed" in run(tmp_path, "model", "verify", "--artifacts", folder, **asked).stderr
    assert run(tmp_path, "model", "sign", "--artifacts", folder, "--key", "key.pem").returncode == 0
    assert run(tmp_path, "model", "verify", "--artifacts", folder, **asked).returncode == 0
    assert run(tmp_path, "model", "keygen", "--out", "key.pem").returncode == 2
    (folder / "preprocess.joblib").write_bytes(b"changed")
    assert "is altered" in run(tmp_path, "model", "verify", "--artifacts", folder, **asked).stderr


@pytest.mark.parametrize(
    "command",
    ["score-file --data none.csv --out scores.csv --artifacts model", "evaluate --data none.csv --artifacts model",
     "model-card --artifacts model --out CARD.md", "serve-model --artifacts model --port 1"],
)  # fmt: skip
@pytest.mark.parametrize("source", ["environment", ".env"])
def test_commands_that_need_no_other_setting_ask_too(command: str, source: str, folder: Path, tmp_path: Path) -> None:
    """Wherever the setting stands."""
    environment = {"FRAUD_MODEL_PUBLIC_KEY": PUBLIC if source == "environment" else ""}
    if source == ".env":
        (tmp_path / ".env").write_text(f"FRAUD_MODEL_PUBLIC_KEY={PUBLIC}\n")
    refused = run(tmp_path, *command.split(), **environment)
    assert (refused.returncode, "is not signed" in refused.stderr) == (1, True), refused.stderr


def test_a_key_file_that_is_none_is_told(tmp_path: Path) -> None:
    """Missing, another kind, or not a key: before minutes of training."""
    make_key(tmp_path / "key.pem")
    assert read_key(tmp_path / "key.pem")
    (tmp_path / "text.pem").write_text("no key")
    for path, says in ((tmp_path / "none.pem", "cannot be read"), (tmp_path / "text.pem", "holds no Ed25519")):
        with pytest.raises(SettingsError, match=says):
            read_key(path)
    with pytest.raises(SettingsError, match="never overwritten"):
        make_key(tmp_path / "key.pem")
