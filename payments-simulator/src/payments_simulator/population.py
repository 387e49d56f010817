"""Card holders and merchants.

A card's attributes are pure functions of its number, so a million cards need no memory.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from payments_simulator import categories, name_lists, places
from payments_simulator.seeded_random import Floats, Ids, Ints, SeededRandom, shares

MERCHANTS_A_CATEGORY = 50
MERCHANTS = MERCHANTS_A_CATEGORY * categories.COUNT
PERSONAS = 64
HABIT_SLOTS = 20  # a card's number modulo this is its daily habit (payment_times.py)

_ISSUERS = (  # share, digits, prefix: as mixed in length as the public set's
    (0.26, 16, 4), (0.16, 16, 5), (0.08, 16, 6011), (0.17, 15, 37), (0.10, 19, 4), (0.09, 13, 4), (0.08, 14, 36),
    (0.06, 12, 50),
)  # fmt: skip
_PLACE_SHARE = shares(np.array(places.POPULATION, dtype=np.float64) ** 0.35)  # the public set loves small towns
_PLACE_LAT = np.array(places.LATITUDE)
_PLACE_LONG = np.array(places.LONGITUDE)


class Population:
    """The cards 0..``cards``-1, and the merchants 0..``MERCHANTS``-1 (category: number modulo the categories)."""

    def __init__(self, rng: SeededRandom, cards: int) -> None:
        self.rng = rng
        self.cards = max(HABIT_SLOTS, cards - cards % HABIT_SLOTS)
        people = rng.ids("persona", np.arange(PERSONAS * categories.COUNT))
        taste = rng.log_normal(people, "taste", 1.0, 0.6).reshape(PERSONAS, categories.COUNT)
        self.tastes = shares(taste * categories.SHARE)
        self.merchant_names = np.array(_merchant_names(rng), dtype=object)

    def ids(self, card: Ints) -> Ids:
        """The cards' ids for drawing their attributes."""
        return self.rng.ids("card", card)

    def home_place(self, ids: Ids) -> Ints:
        """Index into the table of places."""
        return np.searchsorted(_PLACE_SHARE, self.rng.uniform(ids, "home"), side="right")

    def home(self, ids: Ids) -> tuple[Floats, Floats]:
        """Latitude and longitude of the card holders' homes, degrees."""
        place = self.home_place(ids)
        north = self.rng.uniform(ids, "north") * 0.3 - 0.15
        east = self.rng.uniform(ids, "east") * 0.3 - 0.15
        return np.round(_PLACE_LAT[place] + north, 4), np.round(_PLACE_LONG[place] + east, 4)

    def taste_shares(self, ids: Ids) -> Floats:
        """Per card its cumulative shares of the categories."""
        return np.asarray(self.tastes[self.rng.below(ids, "persona", PERSONAS)])

    def level(self, ids: Ids) -> Floats:
        """Per card its amounts relative to other cards', around 1."""
        return self.rng.log_normal(ids, "level", 1.0, 0.08)

    def trip(self, ids: Ids, local_day: Ints) -> Ints:
        """Per card and day the place it travels in, -1 at home. A trip is 2 to 5 days of one of the card's weeks."""
        day = local_day + self.rng.below(ids, "week start", 7)
        week_ids = self.rng.ids("trip", ids.view(np.int64), day // 7)
        first = self.rng.below(week_ids, "first", 3)
        days = 2 + self.rng.below(week_ids, "days", 4)
        away = (self.rng.uniform(week_ids, "goes") < 0.035) & (day % 7 >= first) & (day % 7 < first + days)
        return np.where(away, self.far_place(week_ids), -1)

    def far_place(self, ids: Ids) -> Ints:
        """Any place, one per id."""
        return self.rng.below(ids, "place", len(_PLACE_LAT))

    def branch(self, place: Ints, merchant: Ints, ids: Ids) -> tuple[Floats, Floats]:
        """The position of the merchant's nearest branch (one of two around the place), degrees."""
        branch_ids = self.rng.ids("branch", place, merchant, self.rng.below(ids, "branch", 2))
        north = self.rng.uniform(branch_ids, "north") * 1.9 - 0.95
        east = self.rng.uniform(branch_ids, "east") * 1.9 - 0.95
        return np.round(_PLACE_LAT[place] + north, 6), np.round(_PLACE_LONG[place] + east, 6)

    def merchant(self, card_ids: Ids, ids: Ids, category: Ints) -> Ints:
        """A merchant of the category: half the time one of the card's three favourites, else a popular one."""
        favourite = (3 * self.rng.uniform(ids, "favourite") ** 2).astype(np.int64)
        habit = self.rng.ids("favourites", card_ids.view(np.int64), category, favourite)
        usual = self.rng.uniform(ids, "usual") < 0.5
        draw = np.where(usual, self.rng.uniform(habit, "rank"), self.rng.uniform(ids, "rank"))
        return self.popular(draw, category)

    def popular(self, draw: Floats, category: Ints) -> Ints:
        """The merchant of the category at that point of its ranking (0: the most popular)."""
        rank = (MERCHANTS_A_CATEGORY * draw**1.5).astype(np.int64)
        return rank * categories.COUNT + category

    def card_numbers(self, card: Ints) -> Ints:
        """Card numbers with their check digit, 12 to 19 digits; no two cards share one."""
        ids = self.ids(card)
        draw = self.rng.uniform(ids, "issuer")
        first = self.rng.below(self.rng.ids("serial", np.arange(1)), "first", 1_000_000_000)
        serial = (card * 387_420_489 + first) % 1_000_000_000  # one to one: the factor is prime to ten
        numbers = np.zeros(len(card), dtype=np.int64)
        low = 0.0
        for share, digits, prefix in _ISSUERS:
            chosen = (draw >= low) & (draw < low + share + 1e-9)
            filling = self.rng.bits(ids[chosen], "digits")
            numbers[chosen] = _card_numbers(serial[chosen], filling, digits, prefix)
            low += share
        return numbers

    def people(self, card: Ints) -> dict[str, NDArray[np.object_] | Ints | Floats]:
        """Per card the holder's data in a payment: the public columns from ``cc_num`` to ``dob``."""
        ids = self.ids(card)
        woman = self.rng.uniform(ids, "gender") < 0.53
        place = self.home_place(ids)
        lat, long = self.home(ids)
        return {
            "cc_num": self.card_numbers(card),
            "first": np.where(
                woman, self._word(ids, "first", name_lists.WOMEN), self._word(ids, "first", name_lists.MEN)
            ),
            "last": self._word(ids, "last", name_lists.SURNAMES),
            "gender": np.where(woman, "F", "M").astype(object),
            "street": self._streets(ids),
            "city": np.array(places.CITY, dtype=object)[place],
            "state": np.array(places.STATE, dtype=object)[place],
            "zip": np.array(places.ZIP, dtype=np.int64)[place],
            "lat": lat,
            "long": long,
            "city_pop": np.array(places.POPULATION, dtype=np.int64)[place],
            "job": self._word(ids, "job", name_lists.JOBS),
            "dob": self._birth_dates(ids),
        }

    def _word(self, ids: Ids, name: str, table: list[str]) -> NDArray[np.object_]:
        return np.asarray(np.array(table, dtype=object)[self.rng.below(ids, name, len(table))])

    def _streets(self, ids: Ids) -> NDArray[np.object_]:
        number = self.rng.below(ids, "house", 9800) + 1
        names, kinds = (
            self._word(ids, "street", name_lists.STREETS),
            self._word(ids, "street kind", name_lists.STREET_KINDS),
        )
        rows = zip(number.tolist(), names, kinds, strict=True)
        return np.array([f"{house} {name} {kind}" for house, name, kind in rows], dtype=object)

    def _birth_dates(self, ids: Ids) -> NDArray[np.object_]:
        """ISO dates from 1928 to 2006, most between 30 and 65 years ago."""
        spread = (self.rng.uniform(ids, "age") + self.rng.uniform(ids, "age'")) / 2
        first = date(1928, 1, 1)
        every_day = np.array([(first + timedelta(days=d)).isoformat() for d in range(78 * 365)], dtype=object)
        return np.asarray(every_day[(spread * len(every_day)).astype(np.int64)])


def _card_numbers(serial: Ints, bits: Ids, digits: int, prefix: int) -> Ints:
    """Prefix, filling, nine-digit serial, check digit."""
    filling_digits = digits - len(str(prefix)) - 10
    filling = (bits % np.uint64(10**filling_digits)).astype(np.int64)
    body = (prefix * 10**filling_digits + filling) * 1_000_000_000 + serial
    return np.asarray(body * 10 + _check_digit(body))


def _check_digit(body: Ints) -> Ints:
    """Luhn's."""
    total, rest, double = np.zeros_like(body), body.copy(), True
    while rest.any():
        digit = rest % 10
        if double:
            digit = np.where(digit > 4, digit * 2 - 9, digit * 2)
        total, rest, double = total + digit, rest // 10, not double
    return np.asarray((10 - total % 10) % 10)


def _merchant_names(rng: SeededRandom) -> list[str]:
    """A name per merchant, each once."""
    ids = rng.ids("shop", np.arange(MERCHANTS))
    parts = [rng.below(ids, f"name {n}", len(name_lists.SURNAMES)) for n in range(3)]
    forms = rng.below(ids, "form", len(name_lists.SHOP_FORMS))
    kinds = rng.below(ids, "kind", 6)
    names: dict[str, None] = {}
    for merchant in range(MERCHANTS):
        kind = name_lists.SHOP_KINDS[categories.NAMES[merchant % categories.COUNT]][kinds[merchant]]
        surnames = [name_lists.SURNAMES[part[merchant]] for part in parts]
        name = name_lists.SHOP_FORMS[forms[merchant]].format(*surnames, kind=kind)
        names[name if name not in names else f"{name} No {merchant}"] = None
    return list(names)
