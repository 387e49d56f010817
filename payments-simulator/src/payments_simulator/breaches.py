"""Compromised merchants: cards that paid at one merchant during some hours are misused in the days after."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from payments_simulator import categories
from payments_simulator.episodes import BREACH, DAY, HOUR, expand
from payments_simulator.ordinary_payments import OrdinaryPayments
from payments_simulator.payments import Payments, joined
from payments_simulator.seeded_random import Ids, Ints, pick

_SCANNED = 6_000  # payments one breach is drawn from, at a small pace
_VICTIMS = 14  # cards misused after one breach, at a small pace
_BREACHED = categories.table(grocery_pos=3, gas_transport=3, shopping_net=2, food_dining=2)


class Breaches:
    """The breaches of an ordinary stream."""

    def __init__(self, ordinary: OrdinaryPayments) -> None:
        self.ordinary = ordinary
        self._scale = max(1.0, ordinary.per_minute / 50)
        self._victims = round(_VICTIMS * self._scale)
        self._scan_minutes = max(1, round(_SCANNED * self._scale / ordinary.per_minute))
        self._an_hour = 60 * ordinary.per_minute * BREACH.share / (BREACH.mean_payments * self._victims)
        self._of_hour = lru_cache(maxsize=4096)(self._misuse)

    def between(self, start: int, end: int) -> Payments:
        """The misuse with ``start`` <= time < ``end`` (epoch seconds), unordered."""
        parts = [self._of_hour(hour) for hour in self._hours(start // HOUR - BREACH.horizon_hours, -(-end // HOUR))]
        none = self._misuse_of(np.zeros(0, np.uint64), np.zeros(0, np.int64), 0)
        return joined([none, *parts]).between(start, end)

    def _hours(self, first: int, end: int) -> list[int]:
        """The hours at whose start a breach ends; several breaches of one hour count as one larger one."""
        hours = np.arange(first, end, dtype=np.int64)
        counts = np.floor((hours + 1) * self._an_hour) - np.floor(hours * self._an_hour)
        return [int(hour) for hour in hours[counts > 0]]

    def _misuse(self, hour: int) -> Payments:
        """All misuse after the breach that ended with that epoch hour's start."""
        breaches = int(np.floor((hour + 1) * self._an_hour) - np.floor(hour * self._an_hour))
        ids, cards = self._customers(hour)
        order = np.argsort(ids)[: self._victims * breaches]
        _, first = np.unique(cards[order], return_index=True)
        return self._misuse_of(ids[order][first], cards[order][first], hour)

    def _misuse_of(self, slots: Ids, cards: Ints, hour: int) -> Payments:
        ids = self.ordinary.rng.ids("victim", slots.view(np.int64))
        later = hour * HOUR + ((0.3 + 2.5 * self.ordinary.rng.uniform(ids, "later")) * DAY).astype(np.int64)
        begins = BREACH.begins(self.ordinary, ids, later, cards)
        ends = np.full(len(ids), (hour + BREACH.horizon_hours) * HOUR)
        return expand(self.ordinary, BREACH, ids, cards, begins, ends)

    def _customers(self, hour: int) -> tuple[Ids, Ints]:
        """Ids and cards of the ordinary payments at the merchants breached before that hour."""
        ordinary, population = self.ordinary, self.ordinary.population
        slots = ordinary.slots(hour * 60 - self._scan_minutes, hour * 60)
        breach = ordinary.rng.ids("breach", np.array([hour]))
        category = pick(_BREACHED, ordinary.rng.uniform(breach, "category"))
        wanted = population.popular(0.15 * ordinary.rng.uniform(breach, "rank"), category)[0]
        cards = ordinary.cards(slots)
        merchant = ordinary.choose(slots.id, cards, ordinary.times(slots)).merchant
        return slots.id[merchant == wanted], cards[merchant == wanted]
