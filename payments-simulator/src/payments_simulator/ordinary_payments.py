"""The payments of ordinary days: their number per minute, cards, merchants and amounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from payments_simulator import categories
from payments_simulator.payment_times import HABIT_SHARES, local_seconds, pace
from payments_simulator.payments import Payments
from payments_simulator.population import HABIT_SLOTS, Population
from payments_simulator.seeded_random import Floats, Ids, Ints, SeededRandom, pick, poisson


@dataclass(frozen=True)
class Slots:
    """Places in the ordinary stream: payment number ``number`` of minute ``minute`` (epoch minutes)."""

    id: Ids
    minute: Ints


@dataclass(frozen=True)
class Choice:
    """The choices of payments: per payment the card's id, the place it travels in (-1: home), category, merchant."""

    card_ids: Ids
    away: Ints
    category: Ints
    merchant: Ints


class OrdinaryPayments:
    """The ordinary payments of a population at ``per_minute`` payments a minute (the week's mean)."""

    def __init__(self, rng: SeededRandom, population: Population, per_minute: float, zone: str) -> None:
        self.rng = rng
        self.population = population
        self.per_minute = per_minute
        self.zone = zone

    def counts(self, minutes: Ints) -> Ints:
        """Per minute the number of ordinary payments."""
        means = self.per_minute * pace(local_seconds(self.zone, minutes * 60))
        return poisson(self.rng.uniform(self.rng.ids("minute", minutes), "count"), means)

    def slots(self, first_minute: int, end_minute: int) -> Slots:
        """Every payment's place in [``first_minute``, ``end_minute``)."""
        minutes = np.arange(first_minute, end_minute, dtype=np.int64)
        counts = self.counts(minutes)
        minute = np.repeat(minutes, counts)
        number = np.arange(len(minute)) - np.repeat(np.cumsum(counts) - counts, counts)
        return Slots(self.rng.ids("payment", minute, number), minute)

    def any_slots(self, ids: Ids, hour: Ints) -> Slots:
        """Per id a payment's place in that epoch hour, at random."""
        minute = hour * 60 + self.rng.below(ids, "slot minute", 60)
        number = self.rng.below(ids, "slot number", np.maximum(1, self.counts(minute)))
        return Slots(self.rng.ids("payment", minute, number), minute)

    def times(self, slots: Slots) -> Ints:
        """Epoch seconds."""
        return slots.minute * 60 + self.rng.below(slots.id, "second", 60)

    def cards(self, slots: Slots) -> Ints:
        """The cards that pay: cards whose daily habit is that hour, busy cards more often."""
        hour = local_seconds(self.zone, slots.minute * 60) // 3600 % 24
        habit = np.zeros(len(hour), dtype=np.int64)
        draw = self.rng.uniform(slots.id, "habit")
        for each in np.unique(hour):
            chosen = hour == each
            habit[chosen] = pick(HABIT_SHARES[each], draw[chosen])
        # card activity falls linearly from 1.9 to 0.1 of the mean over the cards of a habit
        busy = (1.9 - np.sqrt(3.61 - 3.6 * self.rng.uniform(slots.id, "card"))) / 1.8
        return habit + HABIT_SLOTS * (busy * (self.population.cards // HABIT_SLOTS)).astype(np.int64)

    def category(self, ids: Ids, card_ids: Ids, away: Ints) -> Ints:
        """The category, by the card's taste; on a trip often one that travellers buy."""
        taste = pick(self.population.taste_shares(card_ids), self.rng.uniform(ids, "category"))
        on_trip = (away >= 0) & (self.rng.uniform(ids, "traveller") < 0.4)
        return np.where(on_trip, pick(categories.TRIP, self.rng.uniform(ids, "trip category")), taste)

    def place(self, card_ids: Ids, away: Ints, category: Ints) -> Ints:
        """The place of the purchase: at home, or away (online purchases count as at home)."""
        return np.where((away >= 0) & ~categories.ONLINE[category], away, self.population.home_place(card_ids))

    def dollars(self, ids: Ids, card_ids: Ids, category: Ints) -> Floats:
        """The amount of an ordinary purchase; one in 1000 is a few times the usual amount."""
        amounts = categories.ordinary_amounts(self.rng, ids, category) * self.population.level(card_ids)
        big = self.rng.uniform(ids, "big") < 0.001
        return np.where(big, amounts * self.rng.log_normal(ids, "how big", 5.0, 0.5), amounts)

    def choose(self, ids: Ids, card: Ints, time: Ints) -> Choice:
        """The merchants that those cards go to at those times (epoch seconds)."""
        card_ids = self.population.ids(card)
        away = self.population.trip(card_ids, local_seconds(self.zone, time) // 86_400)
        category = self.category(ids, card_ids, away)
        return Choice(card_ids, away, category, self.population.merchant(card_ids, ids, category))

    def buy(self, ids: Ids, card: Ints, time: Ints) -> Payments:
        """Ordinary purchases of those cards at those times (epoch seconds)."""
        choice = self.choose(ids, card, time)
        place = self.place(choice.card_ids, choice.away, choice.category)
        lat, long = self.population.branch(place, choice.merchant, ids)
        cents = to_cents(self.dollars(ids, choice.card_ids, choice.category))
        return Payments(ids, time, card, choice.merchant, cents, lat, long, np.zeros(len(ids), dtype=np.int64))

    def between(self, start: int, end: int) -> Payments:
        """All ordinary payments with ``start`` <= time < ``end`` (epoch seconds), unordered."""
        slots = self.slots(start // 60, -(-end // 60))
        return self.buy(slots.id, self.cards(slots), self.times(slots)).between(start, end)


def to_cents(dollars: Floats) -> Ints:
    """Whole cents, at least one dollar as in the public set."""
    return np.maximum(100, np.round(dollars * 100)).astype(np.int64)
