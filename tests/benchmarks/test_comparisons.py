"""The benchmarks hold: every way of a comparison comes to the same result, whatever its time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.comparison import Comparison, Disagreement, run

ROOT = Path(__file__).parents[2]


def test_the_ways_of_every_comparison_agree(tmp_path: Path) -> None:
    """A small round through all suites names ours once a comparison and gives every way a positive ratio."""
    out = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks", "--rows", "400", "--rounds", "1", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    results = json.loads(out.read_text())
    ours = [result["comparison"] for result in results if result["is_ours"]]
    assert sorted(ours) == sorted({result["comparison"] for result in results})
    assert len(ours) == 6
    assert all(result["ratio"] > 0 for result in results)


def test_ways_that_disagree_are_an_error() -> None:
    """A way that comes to another result is an error, not a winner."""
    comparison = Comparison("sum", "two numbers", "right", {"right": lambda: 4, "wrong": lambda: 5}, {})
    with pytest.raises(Disagreement, match="wrong came to 5, right to 4"):
        run(comparison, rounds=1)
