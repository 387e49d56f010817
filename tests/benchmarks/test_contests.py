"""The benchmarks hold: every way of a contest comes to the same result, whatever its time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.contest import Contest, Disagreement, held

ROOT = Path(__file__).parents[2]


def test_every_contest_is_held_and_agreed_upon(tmp_path: Path) -> None:
    """A small round through all rooms names ours once a contest and gives every way a positive ratio."""
    out = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks", "--rows", "400", "--rounds", "1", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    results = json.loads(out.read_text())
    ours = [result["contest"] for result in results if result["is_ours"]]
    assert sorted(ours) == sorted({result["contest"] for result in results})
    assert len(ours) == 6
    assert all(result["ratio"] > 0 for result in results)


def test_ways_that_disagree_are_no_contest() -> None:
    """A way that comes to another result is an error, not a winner."""
    contest = Contest("sum", "two numbers", "right", {"right": lambda: 4, "wrong": lambda: 5}, {})
    with pytest.raises(Disagreement, match="wrong came to 5, right to 4"):
        held(contest, rounds=1)
