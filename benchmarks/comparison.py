"""A comparison: several ways to the same result, timed in turn in one process, told as ratios.

Times of different runs and machines say little; how many times slower one way is than another, measured side by side,
says something. A comparison whose ways disagree about the result is no comparison, and an error.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Way = Callable[[], object]


class Disagreement(Exception):
    """Two ways did not come to the same result."""


@dataclass(frozen=True)
class Comparison:
    """``ours`` names the way that the pipeline uses; the first one is what the ratios refer to.

    A way returns what must be equal among all (a count, a hash). ``share`` says which part of the work a way
    did that is too slow for all of it; its time is scaled up, its result is not compared.
    """

    name: str
    work: str  # what was done, with its size
    ours: str
    ways: dict[str, Way]
    share: dict[str, float]
    rounds: int = 3


@dataclass(frozen=True)
class Result:
    """One way's median."""

    comparison: str
    work: str
    way: str
    is_ours: bool
    seconds: float
    ratio: float  # to the comparison's first way


def run(comparison: Comparison, rounds: int) -> list[Result]:
    """Let every way run in turn, ``rounds`` times, and compare.

    Raises:
        Disagreement: the ways' results differ.
    """
    seconds: dict[str, list[float]] = {way: [] for way in comparison.ways}
    results: dict[str, object] = {}
    for _ in range(rounds):
        for name, way in comparison.ways.items():
            start = time.perf_counter()
            results[name] = way()
            seconds[name].append(time.perf_counter() - start)
    first = next(iter(comparison.ways))
    for name, result in results.items():
        if comparison.share.get(name, 1.0) == 1.0 and result != results[first]:
            raise Disagreement(f"{comparison.name}: {name} came to {result}, {first} to {results[first]}")
    medians = {name: statistics.median(all_) / comparison.share.get(name, 1.0) for name, all_ in seconds.items()}
    return [
        Result(comparison.name, comparison.work, name, name == comparison.ours, median, median / medians[first])
        for name, median in medians.items()
    ]
