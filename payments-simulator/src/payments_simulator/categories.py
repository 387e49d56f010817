"""The fourteen categories of the public set: how often they are bought, and for how much.

Amounts are mixtures of log-normals: (share, median in dollars, log standard deviation).
"""

from __future__ import annotations

import numpy as np

from payments_simulator.seeded_random import Floats, Ids, Ints, SeededRandom, pick, shares

# name: (share of payments, what ordinary people pay, what thieves pay: median)
_TABLE: dict[str, tuple[float, list[tuple[float, float, float]], float]] = {
    "entertainment": (7.4, [(0.19, 5.5, 0.8), (0.25, 24.8, 0.6), (0.56, 83.3, 0.52)], 480),
    "food_dining": (7.2, [(0.21, 4.3, 0.7), (0.23, 18.2, 0.65), (0.56, 68.2, 0.51)], 118),
    "gas_transport": (10.4, [(0.25, 46.4, 0.2), (0.42, 60.8, 0.16), (0.33, 77.8, 0.17)], 12),
    "grocery_net": (3.4, [(0.15, 23.2, 0.6), (0.51, 44.9, 0.25), (0.34, 71.9, 0.25)], 12.5),
    "grocery_pos": (9.3, [(0.22, 58.1, 0.3), (0.55, 100.8, 0.2), (0.23, 175.8, 0.17)], 310),
    "health_fitness": (6.7, [(0.19, 5.6, 0.75), (0.32, 24.6, 0.5), (0.49, 77.1, 0.46)], 20),
    "home": (9.3, [(0.16, 6.7, 0.75), (0.32, 26.8, 0.5), (0.52, 79.6, 0.45)], 255),
    "kids_pets": (8.7, [(0.22, 9.5, 0.8), (0.45, 41.3, 0.47), (0.33, 93.0, 0.47)], 20),
    "misc_net": (4.9, [(0.24, 2.7, 0.5), (0.32, 7.3, 0.4), (0.44, 94.4, 0.95)], 790),
    "misc_pos": (6.2, [(0.55, 5.1, 0.7), (0.2, 35.8, 0.3), (0.25, 144.7, 0.77)], 190),
    "personal_care": (7.0, [(0.23, 4.7, 0.7), (0.33, 20.9, 0.55), (0.44, 74.0, 0.5)], 23),
    "shopping_net": (7.4, [(0.25, 2.5, 0.45), (0.38, 6.9, 0.32), (0.37, 93.5, 1.1)], 1000),
    "shopping_pos": (8.9, [(0.25, 2.4, 0.45), (0.43, 6.9, 0.32), (0.32, 121.3, 1.0)], 870),
    "travel": (3.2, [(0.3, 2.5, 0.43), (0.57, 6.8, 0.3), (0.13, 449.6, 0.93)], 400),
}
NAMES = list(_TABLE)
COUNT = len(NAMES)
CODE = {name: code for code, name in enumerate(NAMES)}
SHARE = np.array([row[0] for row in _TABLE.values()])
_PARTS = shares(np.array([[part[0] for part in row[1]] for row in _TABLE.values()]))
_MEDIANS = np.array([[part[1] for part in row[1]] for row in _TABLE.values()])
_SIGMAS = np.array([[part[2] for part in row[1]] for row in _TABLE.values()])
STOLEN_MEDIAN = np.array([row[2] for row in _TABLE.values()])
ONLINE = np.array([name.endswith("_net") for name in NAMES])


def table(**weights: float) -> Floats:
    """Cumulative shares over all categories; those not named have none."""
    array = np.zeros(COUNT)
    for name, weight in weights.items():
        array[CODE[name]] = weight
    return shares(array)


STOLEN_CARD = shares(np.array([3.1, 2.2, 7.7, 2.3, 23.1, 1.8, 2.7, 2.7, 12.0, 2.9, 3.4, 24.2, 10.3, 1.7]))
TAKEOVER = table(misc_net=22, shopping_net=28, entertainment=14, travel=12, home=10, grocery_net=6, shopping_pos=8)
TESTING = table(misc_net=30, shopping_net=24, entertainment=14, misc_pos=12, gas_transport=8, food_dining=6, travel=6)
CLONED = table(grocery_pos=26, shopping_pos=28, gas_transport=10, misc_pos=10, food_dining=8, home=8, entertainment=10)
TRIP = table(travel=30, food_dining=28, gas_transport=14, entertainment=12, misc_pos=8, shopping_pos=8)
SMALL_BUYS = table(misc_net=24, shopping_net=20, entertainment=18, misc_pos=14, travel=10, food_dining=14)


def ordinary_amounts(rng: SeededRandom, ids: Ids, category: Ints) -> Floats:
    """The amounts that card holders pay in these categories, in dollars, one per id."""
    part = pick(_PARTS[category], rng.uniform(ids, "amount part"))
    return rng.log_normal(ids, "amount", _MEDIANS[category, part], _SIGMAS[category, part])


def stolen_amounts(rng: SeededRandom, ids: Ids, category: Ints, sigma: float) -> Floats:
    """The amounts that thieves pay in these categories, in dollars, one per id."""
    return rng.log_normal(ids, "stolen amount", STOLEN_MEDIAN[category], sigma)
