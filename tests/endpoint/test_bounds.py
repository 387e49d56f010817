"""What a body may cost, and what a damaged model may not: the server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xgboost

from fraud_common.errors import ArtifactError
from fraud_scorer.endpoint.served_model import ModelFolder, ServedModel

MEMORY_BYTES = 400 << 20
STATUSES = {
    "commas": 400, "many commas": 400, "empty rows": 413, "columns in JSON": 400, "rows in JSON": 413,
    "objects in JSON": 413, "deep JSON": 400, "deep objects": 400, "deep and closed": 400, "huge number": 400,
    "longer number": 400, "infinite number": 400, "keys": 400,
}  # fmt: skip


def test_no_body_costs_more_memory_than_it_may(artifacts: Path) -> None:
    """Each is refused with a sentence, within 400 MB beyond the server's own: never a 500."""
    script = Path(__file__).with_name("bodies_at_the_limit.py")
    command = [sys.executable, script, artifacts, str(MEMORY_BYTES)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    found = {line.split(":")[0]: int(line.split(": ")[1][:3]) for line in ran.stdout.splitlines()}
    assert found == STATUSES, ran.stdout + ran.stderr[-2000:]


@pytest.mark.integration  # the library starts a process or listens
def test_a_damaged_model_without_a_manifest_leaves_the_old_one_in_force(
    tmp_path: Path, booster: xgboost.Booster
) -> None:
    """XGBoost would end the process on some of these; the server goes on with what it has."""
    content = bytes(booster.save_raw("ubj"))
    (tmp_path / "model.ubj").write_bytes(content)
    models = ModelFolder(tmp_path)
    first = models.current()
    for number, damaged in enumerate(_damaged(content)):
        (tmp_path / "model.ubj").write_bytes(damaged)
        assert models.current() is first, number


def _damaged(content: bytes) -> list[bytes]:
    """Whole at both ends, and not between: overwritten, cut out, a branch that leads nowhere."""
    middle = len(content) // 2
    branch = content.index(b"left_children") + len(b"left_children[$l#L") + 8
    return [
        b"{" + b"\xff" * 5_000 + b"}",
        content[: middle // 2] + b"\x00" * middle + content[middle // 2 + middle :],
        content[:middle] + content[middle + 1_000 :],
        content[:branch] + (1_000_000).to_bytes(4, "big") + content[branch + 4 :],
        content[:-2_000] + b"}",
    ]


@pytest.mark.integration  # the library starts a process or listens
def test_a_damaged_model_is_no_start(tmp_path: Path, booster: xgboost.Booster) -> None:
    """Refused with a sentence at the start; a sound one is served."""
    content = bytes(booster.save_raw("ubj"))
    (tmp_path / "model.ubj").write_bytes(_damaged(content)[3])
    with pytest.raises(ArtifactError, match=r"model\.ubj is damaged: "):
        ServedModel.load(tmp_path)
    (tmp_path / "model.ubj").write_bytes(content)
    assert np.isfinite(ServedModel.load(tmp_path).predict(np.zeros((1, 6), np.float32))).all()
