"""The stream: every payment of the simulated world, drawn for any window of time, past or present.

>>> stream = Stream(World(seed=7, rate=20))
>>> minute = stream.between(1_760_000_040, 1_760_000_100)
>>> halves = [stream.between(1_760_000_040, 1_760_000_070), stream.between(1_760_000_070, 1_760_000_100)]
>>> [len(minute) == sum(map(len, halves)), list(minute.id) == [i for half in halves for i in half.id]]
[True, True]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import pandas as pd

from payments_simulator import episodes
from payments_simulator.breaches import Breaches
from payments_simulator.ordinary_payments import OrdinaryPayments
from payments_simulator.payments import FRAUD_KINDS, Payments, joined, to_public
from payments_simulator.population import Population
from payments_simulator.seeded_random import SeededRandom

PAYMENTS_A_CARD_AND_DAY = 2.5


@dataclass(frozen=True)
class World:
    """The parameters of a stream: the same world is the same stream, on every machine and at every time.

    Attributes:
        seed: any integer.
        rate: payments a minute, the week's mean.
        cards: card holders at most (at least 20, whole twenties); None: as many as make 2.5 payments a day each.
        time_zone: whose clock people live by.
    """

    seed: int = 7
    rate: float = 20.0
    cards: int | None = None
    time_zone: str = "UTC"

    @property
    def card_count(self) -> int:
        """``cards``, or what the rate needs."""
        return self.cards or max(20, round(self.rate * 1440 / PAYMENTS_A_CARD_AND_DAY))


class Stream:
    """All payments of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rng = SeededRandom(world.seed)
        self.population = Population(self.rng, world.card_count)
        ordinary = world.rate * (1 - episodes.EPISODE_SHARE)
        self.ordinary = OrdinaryPayments(self.rng, self.population, ordinary, world.time_zone)
        self._breaches = Breaches(self.ordinary)
        self._cached_episodes = lru_cache(maxsize=4)(self._draw_episodes)

    def between(self, start: int, end: int) -> Payments:
        """All payments with ``start`` <= time < ``end`` (epoch seconds), by time, then ``trans_num``."""
        if end <= start:
            return self.between(start, start + 1).between(start, start)
        return joined([self.ordinary.between(start, end), self._episodes(start, end)]).ordered()

    def frame(self, start: int, end: int) -> pd.DataFrame:
        """The same in the public schema, with ``fraud_kind``."""
        return to_public(self.between(start, end), self.population, self.rng)

    def chunks(self, start: int, end: int, payments: int = 400_000) -> Iterator[pd.DataFrame]:
        """``frame`` in consecutive parts of about that many payments."""
        seconds = max(3600, int(payments / self.world.rate) * 60)
        for first in range(start, end, seconds):
            yield self.frame(first, min(end, first + seconds))

    def _episodes(self, start: int, end: int) -> Payments:
        """Short windows are cut from whole hours, which are kept: live minutes come from the same hour."""
        if end - start > 6 * 3600:
            return self._draw_episodes(start, end)
        hours = range(start // 3600, -(-end // 3600))
        return joined([self._cached_episodes(hour * 3600, hour * 3600 + 3600) for hour in hours]).between(start, end)

    def _draw_episodes(self, start: int, end: int) -> Payments:
        drawn = [episodes.draw(self.ordinary, kind, start, end) for kind in (*episodes.FRAUDS, *episodes.HONEST)]
        return joined([*drawn, self._breaches.between(start, end)])


def fraud_kind(world: World, start: datetime, end: datetime) -> dict[str, str]:
    """The kind of fraud of each fraudulent payment in [``start``, ``end``), by ``trans_num``. For tests only.

    Both times are aware. The kinds are ``payments.FRAUD_KINDS``.
    """
    stream = Stream(world)
    payments = stream.between(int(start.timestamp()), int(end.timestamp()))
    frauds = payments.select(payments.kind > 0)
    names = stream.rng.hex32(frauds.id, "trans_num")
    return {str(name): FRAUD_KINDS[kind] for name, kind in zip(names, frauds.kind, strict=True)}
