"""Episodes: several payments of one card that belong together. Most kinds are fraud, some only look like it.

An episode is drawn from (seed, kind, hour, number in the hour) and its payments from (episode, step), so a window needs
only the episodes of the hours within ``horizon_hours`` before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from payments_simulator import categories
from payments_simulator.dice import Floats, Ids, Ints, pick
from payments_simulator.habits import Habits, to_cents
from payments_simulator.payments import KIND_CODE, Payments
from payments_simulator.rhythm import HABIT_PEAKS, local_seconds

HOUR, DAY = 3600, 86_400


@dataclass(frozen=True)
class Steps:
    """The payments of some episodes, one element a payment."""

    id: Ids
    episode: Ids
    number: Ints  # within the episode, from 0
    count: Ints  # of the episode's payments
    card: Ints
    card_ids: Ids


@dataclass(frozen=True)
class Kind:
    """How one kind of episode goes."""

    name: str
    share: float  # of all payments
    payments: tuple[int, int]  # fewest and most in an episode
    gap: tuple[float, float]  # seconds between payments: median, log standard deviation
    begins: Callable[[Habits, Ids, Ints, Ints], Ints]  # when, from episode ids, the victim's payment's time and card
    buys: Callable[[Habits, Steps], tuple[Ints, Floats]]  # categories, dollars
    ordinary: float = 0.0  # share of its payments that are what the card holder would buy
    long_break: float = 0.0  # chance that a gap is most of a day instead
    far: bool = False  # whether it happens far from home
    one_merchant: bool = False
    horizon_hours: int = 120

    @property
    def mean_payments(self) -> float:
        """Payments an episode brings on average."""
        return sum(self.payments) / 2


def draw(habits: Habits, kind: Kind, start: int, end: int) -> Payments:
    """The kind's payments with ``start`` <= time < ``end`` (epoch seconds), unordered."""
    hours = np.arange(start // HOUR - kind.horizon_hours, -(-end // HOUR), dtype=np.int64)
    total = 60 * 1.0 * habits.per_minute * kind.share / kind.mean_payments
    hour, ids = _episodes(habits, kind, hours, total)
    slots = habits.any_slots(ids, hour)
    card = habits.cards(slots)
    begins = kind.begins(habits, ids, habits.times(slots), card)
    return expand(habits, kind, ids, card, begins, (hour + kind.horizon_hours) * HOUR).between(start, end)


def _episodes(habits: Habits, kind: Kind, hours: Ints, an_hour: float) -> tuple[Ints, Ids]:
    """Hour and id of each episode: evenly spread, so that the share of fraud holds in every few hours."""
    counts = np.floor((hours + 1) * an_hour).astype(np.int64) - np.floor(hours * an_hour).astype(np.int64)
    hour = np.repeat(hours, counts)
    number = np.arange(len(hour)) - np.repeat(np.cumsum(counts) - counts, counts)
    return hour, habits.dice.ids(f"episode {kind.name}", hour, number)


def expand(habits: Habits, kind: Kind, ids: Ids, card: Ints, begins: Ints, ends: Ints) -> Payments:
    """The payments of the episodes: per episode id one card, a beginning and a time to stop (epoch seconds).

    They stop so that a window needs no episodes older than the horizon.
    """
    low, high = kind.payments
    counts = low + habits.dice.below(ids, "payments", high - low + 1)
    step_ids = habits.dice.ids("step", ids.view(np.int64)[:, None], np.arange(high))
    times = begins[:, None] + _offsets(habits, kind, step_ids)
    episode, number = np.nonzero((np.arange(high) < counts[:, None]) & (times < ends[:, None]))
    cards = card[episode]
    steps = Steps(step_ids[episode, number], ids[episode], number, counts[episode], cards, habits.population.ids(cards))
    return _payments(habits, kind, steps, times[episode, number])


def _offsets(habits: Habits, kind: Kind, step_ids: Ids) -> Ints:
    """Seconds since the beginning, per episode and step."""
    gaps = habits.dice.log_normal(step_ids, "gap", *kind.gap)
    breaks = habits.dice.uniform(step_ids, "break") < kind.long_break
    gaps = np.where(breaks, DAY * (0.95 + 0.08 * habits.dice.uniform(step_ids, "break'")), gaps)
    gaps[:, 0] = 0
    return np.cumsum(gaps, axis=1).astype(np.int64)


def _payments(habits: Habits, kind: Kind, steps: Steps, times: Ints) -> Payments:
    """What is bought at each step: the kind's choice, or for some what the card holder would buy."""
    dice, usual = habits.dice, habits.buy(steps.id, steps.card, times)
    category, dollars = kind.buys(habits, steps)
    merchant = _merchants(habits, kind, steps, category)
    place = habits.population.home_place(steps.card_ids)
    if kind.far:
        place = habits.population.far_place(steps.episode)
    lat, long = habits.population.branch(place, merchant, steps.id)
    plain = dice.uniform(steps.id, "ordinary") < kind.ordinary
    here = plain & (not kind.far)
    return Payments(
        steps.id,
        times,
        steps.card,
        np.where(here, usual.merchant, merchant),
        np.where(plain, usual.cents, to_cents(dollars)),
        np.where(here, usual.merch_lat, lat),
        np.where(here, usual.merch_long, long),
        np.full(len(times), KIND_CODE.get(kind.name, 0), dtype=np.int64),
    )


def _merchants(habits: Habits, kind: Kind, steps: Steps, category: Ints) -> Ints:
    """Thieves know no favourites: any popular merchant, or one for the whole episode."""
    ids = steps.episode if kind.one_merchant else steps.id
    return habits.population.popular(habits.dice.uniform(ids, "rank"), category)


# when it begins


def soon(habits: Habits, ids: Ids, time: Ints, _card: Ints) -> Ints:
    """Within hours of a payment of the card."""
    return time + habits.dice.log_normal(ids, "soon", 2.0 * HOUR, 0.8).astype(np.int64)


def at_once(habits: Habits, ids: Ids, time: Ints, _card: Ints) -> Ints:
    """Minutes after a payment of the card."""
    return time + (12 * 60 + habits.dice.uniform(ids, "at once") * 75 * 60).astype(np.int64)


def mostly_at_night(habits: Habits, ids: Ids, time: Ints, card: Ints) -> Ints:
    """Nearly all between 22:00 and 2:00, the rest within hours of a payment of the card."""
    night = _next(habits, time, 21.9 + 4 * habits.dice.uniform(ids, "night"))
    return np.where(habits.dice.uniform(ids, "at night") < 0.94, night, soon(habits, ids, time, card))


def at_odd_hours(habits: Habits, ids: Ids, time: Ints, card: Ints) -> Ints:
    """Mostly when this card holder is not about: half a day off the habit's peak."""
    peak = HABIT_PEAKS[card % len(HABIT_PEAKS)]
    odd = _next(habits, time, peak + 12 + 3 * habits.dice.normal(ids, "odd hour"))
    return np.where(habits.dice.uniform(ids, "at odd hours") < 0.8, odd, soon(habits, ids, time, card))


def _next(habits: Habits, time: Ints, hour: Floats) -> Ints:
    """The next time after ``time`` when the local clock shows that hour of the day."""
    local = local_seconds(habits.zone, time)
    return time + ((hour * HOUR).astype(np.int64) - local) % DAY


# what is bought


def _chosen(habits: Habits, steps: Steps, table: Floats) -> Ints:
    return pick(table, habits.dice.uniform(steps.id, "stolen category"))


def stolen_goods(habits: Habits, steps: Steps) -> tuple[Ints, Floats]:
    """What can be resold, near the limits shops allow without questions."""
    category = _chosen(habits, steps, categories.STOLEN_CARD)
    return category, categories.stolen_amounts(habits.dice, steps.id, category, 0.09)


def taken_over(habits: Habits, steps: Steps) -> tuple[Ints, Floats]:
    """Online and high, in categories of their own."""
    category = _chosen(habits, steps, categories.TAKEOVER)
    return category, categories.stolen_amounts(habits.dice, steps.id, category, 0.12)


def tests_then_hauls(habits: Habits, steps: Steps) -> tuple[Ints, Floats]:
    """Tiny amounts to see whether the card works; in most episodes the last one or two are real purchases."""
    dice = habits.dice
    category = _chosen(habits, steps, categories.TESTING)
    tiny = 0.9 + dice.log_normal(steps.id, "tiny", 1.6, 0.8)
    hauls = np.where(dice.uniform(steps.episode, "hauls") < 0.6, 1 + dice.below(steps.episode, "how many", 2), 0)
    haul = steps.number >= steps.count - hauls
    category = np.where(haul, _chosen(habits, steps, categories.STOLEN_CARD), category)
    return category, np.where(haul, categories.stolen_amounts(dice, steps.id, category, 0.3), tiny)


def cloned(habits: Habits, steps: Steps) -> tuple[Ints, Floats]:
    """In shops, a few times the usual."""
    category = _chosen(habits, steps, categories.CLONED)
    usual = categories.ordinary_amounts(habits.dice, steps.id, category)
    high = categories.stolen_amounts(habits.dice, steps.id, category, 0.12)
    return category, np.where(habits.dice.uniform(steps.id, "high") < 0.9, high, 1.7 * usual)


def mixed_goods(habits: Habits, steps: Steps) -> tuple[Ints, Floats]:
    """Stolen numbers sold on: thieves of every habit, some of them careful."""
    category = _chosen(habits, steps, categories.STOLEN_CARD)
    usual = categories.ordinary_amounts(habits.dice, steps.id, category)
    high = categories.stolen_amounts(habits.dice, steps.id, category, 0.11)
    return category, np.where(habits.dice.uniform(steps.id, "high") < 0.96, high, 2 * usual)


def own_errands(habits: Habits, steps: Steps) -> tuple[Ints, Floats]:
    """A round of the card holder's own shops."""
    category = habits.category(steps.id, steps.card_ids, np.full(len(steps.id), -1))
    return category, habits.dollars(steps.id, steps.card_ids, category)


def small_buys(habits: Habits, steps: Steps) -> tuple[Ints, Floats]:
    """A row of tiny purchases: app stores, parking, vending."""
    category = pick(categories.SMALL_BUYS, habits.dice.uniform(steps.episode, "small category"))
    return category, 1 + habits.dice.log_normal(steps.id, "small", 2.8, 0.7)


def big_day(habits: Habits, steps: Steps) -> tuple[Ints, Floats]:
    """Moving house, a wedding, gifts: honest, large, in a hurry."""
    category = _chosen(habits, steps, categories.STOLEN_CARD)
    high = categories.stolen_amounts(habits.dice, steps.id, category, 0.5)
    return category, np.where(habits.dice.uniform(steps.id, "high") < 0.6, 0.8 * high, 50.0)


MINUTE = 60.0
FRAUDS = (
    Kind("stolen_card", 0.0026, (7, 13), (12 * MINUTE, 0.9), mostly_at_night, stolen_goods, 0.025, 0.27),
    Kind("account_takeover", 0.0009, (3, 8), (20 * MINUTE, 1.1), at_odd_hours, taken_over, 0.05, 0.1),
    Kind("card_testing", 0.00055, (6, 14), (45.0, 0.9), soon, tests_then_hauls, 0.0, 0.01),
    Kind("impossible_travel", 0.0004, (2, 6), (25 * MINUTE, 1.0), at_once, cloned, 0.08, 0.0, far=True),
)
BREACH = Kind("compromised_merchant", 0.00075, (2, 5), (25 * MINUTE, 1.0), mostly_at_night, mixed_goods, 0.04, 0.1)
HONEST = (
    Kind("errands", 0.02, (3, 6), (14 * MINUTE, 0.9), soon, own_errands, horizon_hours=16),
    Kind("small_buys", 0.004, (4, 9), (4 * MINUTE, 1.1), soon, small_buys, one_merchant=True, horizon_hours=16),
    Kind("big_day", 0.0005, (2, 6), (40 * MINUTE, 1.0), soon, big_day, 0.3, horizon_hours=16),
)
EPISODE_SHARE = sum(kind.share for kind in (*FRAUDS, BREACH, *HONEST))
