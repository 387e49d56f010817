"""Episodes: several payments of one card that belong together. Most kinds are fraud, some only look like it.

An episode is drawn from (seed, kind, hour, number in the hour) and its payments from (episode, step), so a window needs
only the episodes of the hours within ``horizon_hours`` before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from payments_simulator import categories
from payments_simulator.ordinary_payments import OrdinaryPayments, to_cents
from payments_simulator.payment_times import HABIT_PEAKS, local_seconds
from payments_simulator.payments import KIND_CODE, Payments
from payments_simulator.seeded_random import Floats, Ids, Ints, pick

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
    """The course of one kind of episode."""

    name: str
    share: float  # of all payments
    payments: tuple[int, int]  # fewest and most in an episode
    gap: tuple[float, float]  # seconds between payments: median, log standard deviation
    begins: Callable[
        [OrdinaryPayments, Ids, Ints, Ints], Ints
    ]  # when, from episode ids, the victim's payment's time and card
    buys: Callable[[OrdinaryPayments, Steps], tuple[Ints, Floats]]  # categories, dollars
    ordinary: float = 0.0  # share of its payments that are what the card holder would buy
    long_break: float = 0.0  # chance that a gap is most of a day instead
    far: bool = False  # whether it happens far from home
    one_merchant: bool = False
    horizon_hours: int = 120

    @property
    def mean_payments(self) -> float:
        """Payments an episode brings on average."""
        return sum(self.payments) / 2


def draw(ordinary: OrdinaryPayments, kind: Kind, start: int, end: int) -> Payments:
    """The kind's payments with ``start`` <= time < ``end`` (epoch seconds), unordered."""
    hours = np.arange(start // HOUR - kind.horizon_hours, -(-end // HOUR), dtype=np.int64)
    total = 60 * 1.0 * ordinary.per_minute * kind.share / kind.mean_payments
    hour, ids = _episodes(ordinary, kind, hours, total)
    slots = ordinary.any_slots(ids, hour)
    card = ordinary.cards(slots)
    begins = kind.begins(ordinary, ids, ordinary.times(slots), card)
    return expand(ordinary, kind, ids, card, begins, (hour + kind.horizon_hours) * HOUR).between(start, end)


def _episodes(ordinary: OrdinaryPayments, kind: Kind, hours: Ints, an_hour: float) -> tuple[Ints, Ids]:
    """Hour and id of each episode: evenly spread, so that the share of fraud holds in every few hours."""
    counts = np.floor((hours + 1) * an_hour).astype(np.int64) - np.floor(hours * an_hour).astype(np.int64)
    hour = np.repeat(hours, counts)
    number = np.arange(len(hour)) - np.repeat(np.cumsum(counts) - counts, counts)
    return hour, ordinary.rng.ids(f"episode {kind.name}", hour, number)


def expand(ordinary: OrdinaryPayments, kind: Kind, ids: Ids, card: Ints, begins: Ints, ends: Ints) -> Payments:
    """The payments of the episodes: per episode id one card, a beginning and a time to stop (epoch seconds).

    They stop so that a window needs no episodes older than the horizon.
    """
    low, high = kind.payments
    counts = low + ordinary.rng.below(ids, "payments", high - low + 1)
    step_ids = ordinary.rng.ids("step", ids.view(np.int64)[:, None], np.arange(high))
    times = begins[:, None] + _offsets(ordinary, kind, step_ids)
    episode, number = np.nonzero((np.arange(high) < counts[:, None]) & (times < ends[:, None]))
    cards = card[episode]
    steps = Steps(
        step_ids[episode, number], ids[episode], number, counts[episode], cards, ordinary.population.ids(cards)
    )
    return _payments(ordinary, kind, steps, times[episode, number])


def _offsets(ordinary: OrdinaryPayments, kind: Kind, step_ids: Ids) -> Ints:
    """Seconds since the beginning, per episode and step."""
    gaps = ordinary.rng.log_normal(step_ids, "gap", *kind.gap)
    breaks = ordinary.rng.uniform(step_ids, "break") < kind.long_break
    gaps = np.where(breaks, DAY * (0.95 + 0.08 * ordinary.rng.uniform(step_ids, "break'")), gaps)
    gaps[:, 0] = 0
    return np.cumsum(gaps, axis=1).astype(np.int64)


def _payments(ordinary: OrdinaryPayments, kind: Kind, steps: Steps, times: Ints) -> Payments:
    """The purchase at each step: the kind's choice, or for some steps an ordinary purchase of the card holder."""
    rng, usual = ordinary.rng, ordinary.buy(steps.id, steps.card, times)
    category, dollars = kind.buys(ordinary, steps)
    merchant = _merchants(ordinary, kind, steps, category)
    place = ordinary.population.home_place(steps.card_ids)
    if kind.far:
        place = ordinary.population.far_place(steps.episode)
    lat, long = ordinary.population.branch(place, merchant, steps.id)
    plain = rng.uniform(steps.id, "ordinary") < kind.ordinary
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


def _merchants(ordinary: OrdinaryPayments, kind: Kind, steps: Steps, category: Ints) -> Ints:
    """Thieves know no favourites: any popular merchant, or one for the whole episode."""
    ids = steps.episode if kind.one_merchant else steps.id
    return ordinary.population.popular(ordinary.rng.uniform(ids, "rank"), category)


# when it begins


def soon(ordinary: OrdinaryPayments, ids: Ids, time: Ints, _card: Ints) -> Ints:
    """Within hours of a payment of the card."""
    return time + ordinary.rng.log_normal(ids, "soon", 2.0 * HOUR, 0.8).astype(np.int64)


def at_once(ordinary: OrdinaryPayments, ids: Ids, time: Ints, _card: Ints) -> Ints:
    """Minutes after a payment of the card."""
    return time + (12 * 60 + ordinary.rng.uniform(ids, "at once") * 75 * 60).astype(np.int64)


def mostly_at_night(ordinary: OrdinaryPayments, ids: Ids, time: Ints, card: Ints) -> Ints:
    """Nearly all between 22:00 and 2:00, the rest within hours of a payment of the card."""
    night = _next(ordinary, time, 21.9 + 4 * ordinary.rng.uniform(ids, "night"))
    return np.where(ordinary.rng.uniform(ids, "at night") < 0.94, night, soon(ordinary, ids, time, card))


def at_odd_hours(ordinary: OrdinaryPayments, ids: Ids, time: Ints, card: Ints) -> Ints:
    """Mostly at hours when the card holder does not pay: half a day off the habit's peak."""
    peak = HABIT_PEAKS[card % len(HABIT_PEAKS)]
    odd = _next(ordinary, time, peak + 12 + 3 * ordinary.rng.normal(ids, "odd hour"))
    return np.where(ordinary.rng.uniform(ids, "at odd hours") < 0.8, odd, soon(ordinary, ids, time, card))


def _next(ordinary: OrdinaryPayments, time: Ints, hour: Floats) -> Ints:
    """The next time after ``time`` when the local clock shows that hour of the day."""
    local = local_seconds(ordinary.zone, time)
    return time + ((hour * HOUR).astype(np.int64) - local) % DAY


# what is bought


def _chosen(ordinary: OrdinaryPayments, steps: Steps, table: Floats) -> Ints:
    return pick(table, ordinary.rng.uniform(steps.id, "stolen category"))


def stolen_goods(ordinary: OrdinaryPayments, steps: Steps) -> tuple[Ints, Floats]:
    """Goods that can be resold, at amounts near the limits that shops allow without questions."""
    category = _chosen(ordinary, steps, categories.STOLEN_CARD)
    return category, categories.stolen_amounts(ordinary.rng, steps.id, category, 0.09)


def taken_over(ordinary: OrdinaryPayments, steps: Steps) -> tuple[Ints, Floats]:
    """Online and high, in categories of their own."""
    category = _chosen(ordinary, steps, categories.TAKEOVER)
    return category, categories.stolen_amounts(ordinary.rng, steps.id, category, 0.12)


def tests_then_hauls(ordinary: OrdinaryPayments, steps: Steps) -> tuple[Ints, Floats]:
    """Tiny amounts to see whether the card works; in most episodes the last one or two are real purchases."""
    rng = ordinary.rng
    category = _chosen(ordinary, steps, categories.TESTING)
    tiny = 0.9 + rng.log_normal(steps.id, "tiny", 1.6, 0.8)
    hauls = np.where(rng.uniform(steps.episode, "hauls") < 0.6, 1 + rng.below(steps.episode, "how many", 2), 0)
    haul = steps.number >= steps.count - hauls
    category = np.where(haul, _chosen(ordinary, steps, categories.STOLEN_CARD), category)
    return category, np.where(haul, categories.stolen_amounts(rng, steps.id, category, 0.3), tiny)


def cloned(ordinary: OrdinaryPayments, steps: Steps) -> tuple[Ints, Floats]:
    """In shops, a few times the usual."""
    category = _chosen(ordinary, steps, categories.CLONED)
    usual = categories.ordinary_amounts(ordinary.rng, steps.id, category)
    high = categories.stolen_amounts(ordinary.rng, steps.id, category, 0.12)
    return category, np.where(ordinary.rng.uniform(steps.id, "high") < 0.9, high, 1.7 * usual)


def mixed_goods(ordinary: OrdinaryPayments, steps: Steps) -> tuple[Ints, Floats]:
    """Stolen numbers sold on: thieves of every habit, some of them careful."""
    category = _chosen(ordinary, steps, categories.STOLEN_CARD)
    usual = categories.ordinary_amounts(ordinary.rng, steps.id, category)
    high = categories.stolen_amounts(ordinary.rng, steps.id, category, 0.11)
    return category, np.where(ordinary.rng.uniform(steps.id, "high") < 0.96, high, 2 * usual)


def own_errands(ordinary: OrdinaryPayments, steps: Steps) -> tuple[Ints, Floats]:
    """A round of the card holder's own shops."""
    category = ordinary.category(steps.id, steps.card_ids, np.full(len(steps.id), -1))
    return category, ordinary.dollars(steps.id, steps.card_ids, category)


def small_buys(ordinary: OrdinaryPayments, steps: Steps) -> tuple[Ints, Floats]:
    """A row of tiny purchases: app stores, parking, vending."""
    category = pick(categories.SMALL_BUYS, ordinary.rng.uniform(steps.episode, "small category"))
    return category, 1 + ordinary.rng.log_normal(steps.id, "small", 2.8, 0.7)


def big_day(ordinary: OrdinaryPayments, steps: Steps) -> tuple[Ints, Floats]:
    """Moving house, a wedding, gifts: honest, large, in a hurry."""
    category = _chosen(ordinary, steps, categories.STOLEN_CARD)
    high = categories.stolen_amounts(ordinary.rng, steps.id, category, 0.5)
    return category, np.where(ordinary.rng.uniform(steps.id, "high") < 0.6, 0.8 * high, 50.0)


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
