"""A contest: several ways to the same result, timed in turn in one process, told as ratios.

Times of different runs and machines say little; how many times slower one way is than another, measured side by side,
says something. A contest whose contestants disagree about the result is no contest, and an error.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Way = Callable[[], object]


class Disagreement(Exception):
    """Two contestants did not come to the same result."""


@dataclass(frozen=True)
class Contest:
    """``ours`` names the contestant that the pipeline uses; the first one is what the ratios refer to.

    A way returns what must be equal among all (a count, a hash). ``share`` says which part of the work a contestant
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
    """One contestant's median."""

    contest: str
    work: str
    way: str
    is_ours: bool
    seconds: float
    ratio: float  # to the contest's first contestant


def held(contest: Contest, rounds: int) -> list[Result]:
    """Let every contestant run in turn, ``rounds`` times, and compare.

    Raises:
        Disagreement: the contestants' results differ.
    """
    seconds: dict[str, list[float]] = {way: [] for way in contest.ways}
    results: dict[str, object] = {}
    for _ in range(rounds):
        for name, way in contest.ways.items():
            start = time.perf_counter()
            results[name] = way()
            seconds[name].append(time.perf_counter() - start)
    first = next(iter(contest.ways))
    for name, result in results.items():
        if contest.share.get(name, 1.0) == 1.0 and result != results[first]:
            raise Disagreement(f"{contest.name}: {name} came to {result}, {first} to {results[first]}")
    medians = {name: statistics.median(all_) / contest.share.get(name, 1.0) for name, all_ in seconds.items()}
    return [
        Result(contest.name, contest.work, name, name == contest.ours, median, median / medians[first])
        for name, median in medians.items()
    ]
