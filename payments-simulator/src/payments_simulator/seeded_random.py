"""Randomness without state: every draw is a pure function of the seed, a name and integer coordinates.

A payment is drawn from (seed, minute, number in the minute), so any window can be drawn alone, in any order, by any
process, and comes out the same. The mixer is splitmix64's finaliser (Steele, Lea, Flood 2014).

>>> rng = SeededRandom(7)
>>> ids = rng.ids("payment", np.arange(3))
>>> bool((rng.uniform(ids, "hour") == SeededRandom(7).uniform(ids, "hour")).all())
True
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.uint64]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def _mix(x: Ids) -> Ids:
    """splitmix64's finaliser; ``x`` is overwritten."""
    x ^= x >> np.uint64(30)
    x *= _FIRST
    x ^= x >> np.uint64(27)
    x *= _SECOND
    x ^= x >> np.uint64(31)
    return x


@lru_cache(maxsize=1024)
def _key(seed: int, name: str) -> np.uint64:
    digest = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


class SeededRandom:
    """Named draws for one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def ids(self, name: str, *coordinates: NDArray[np.integer] | int) -> Ids:
        """One id per element of the broadcast coordinates; other coordinates or names give unrelated ids."""
        arrays = np.broadcast_arrays(*(np.asarray(c, dtype=np.int64) for c in coordinates))
        mixed = np.full(arrays[0].shape, _key(self.seed, name), dtype=np.uint64)
        for array in arrays:
            mixed = _mix(mixed + array.astype(np.uint64) * _GOLDEN)
        return mixed

    def bits(self, ids: Ids, name: str) -> Ids:
        """64 random bits per id."""
        return _mix(ids ^ _key(self.seed, name))

    def uniform(self, ids: Ids, name: str) -> Floats:
        """Per id a float in [0, 1)."""
        return (self.bits(ids, name) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def below(self, ids: Ids, name: str, n: int | Ints) -> Ints:
        """Per id an integer in [0, n)."""
        return (self.uniform(ids, name) * n).astype(np.int64)

    def normal(self, ids: Ids, name: str) -> Floats:
        """Per id a standard normal (Box-Muller)."""
        radius = np.sqrt(-2.0 * np.log1p(-self.uniform(ids, name)))
        return np.asarray(radius * np.cos(2.0 * np.pi * self.uniform(ids, name + "'")))

    def log_normal(self, ids: Ids, name: str, median: float | Floats, sigma: float | Floats) -> Floats:
        """Per id a log-normal of that median and log standard deviation."""
        return np.asarray(median * np.exp(sigma * self.normal(ids, name)))

    def hex32(self, ids: Ids, name: str) -> NDArray[np.str_]:
        """Per id 32 hex digits, in the ids' order."""
        halves = np.stack([ids, self.bits(ids, name)], axis=1)
        text = halves.astype(">u8").tobytes().hex().encode()
        return np.frombuffer(text, dtype="S32").astype("U32")


@lru_cache(maxsize=4096)
def _poisson_table(mean: float) -> Floats:
    top = int(mean + 12 * math.sqrt(mean) + 20)
    logs = [k * math.log(mean) - mean - math.lgamma(k + 1) for k in range(top)]
    return np.asarray(np.cumsum(np.exp(logs)))


def poisson(uniform: Floats, means: Floats) -> Ints:
    """The Poisson quantile of each uniform draw; ``means`` holds few distinct values."""
    counts = np.zeros(len(uniform), dtype=np.int64)
    for mean in np.unique(means):
        chosen = means == mean
        if mean > 0:
            counts[chosen] = np.searchsorted(_poisson_table(float(mean)), uniform[chosen])
    return counts


def pick(cumulative: NDArray[np.float64], uniform: Floats) -> Ints:
    """Per row the index whose share holds the uniform draw; ``cumulative`` is one row for all, or a row each."""
    if cumulative.ndim == 1:
        return np.minimum(np.searchsorted(cumulative, uniform, side="right"), len(cumulative) - 1)
    return np.asarray((uniform[:, None] >= cumulative[:, :-1]).sum(axis=1), dtype=np.int64)


def shares(weights: list[float] | Floats) -> Floats:
    """Cumulative shares of the weights along the last axis, ending at 1."""
    array = np.asarray(weights, dtype=np.float64)
    return np.asarray(np.cumsum(array / array.sum(axis=-1, keepdims=True), axis=-1))
