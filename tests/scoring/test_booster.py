"""The booster's file: what is no model is an error with its cure, never the end of the process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fraud_common.errors import ArtifactError
from fraud_scorer.scoring.booster import load_booster

TRY = """
import sys
from fraud_common.errors import ArtifactError
from fraud_scorer.scoring.booster import load_booster
try:
    load_booster(sys.stdin.buffer.read())
except ArtifactError:
    print("refused")
"""


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"}"], ids=["empty", "cut", "no model", "an end"])
def test_what_is_no_model_is_refused(content: bytes) -> None:
    """Tried in a process of its own: an empty file ended the process that opened it."""
    tried = subprocess.run([sys.executable, "-c", TRY], input=content, capture_output=True)
    assert tried.stdout.decode().strip() == "refused", tried.stderr.decode()[-500:]


def test_the_error_names_the_file_and_the_cure(tmp_path) -> None:
    """An empty file, by its path."""
    (tmp_path / "model.ubj").touch()
    with pytest.raises(ArtifactError, match=r"model\.ubj cannot be read as a booster: its 0 bytes .*`make model`"):
        load_booster(tmp_path / "model.ubj")
