"""Payments as columns of numbers, and their form in the public schema."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from payments_simulator import categories
from payments_simulator.population import Population
from payments_simulator.seeded_random import Floats, Ids, Ints, SeededRandom

PUBLIC_COLUMNS = [
    "trans_date_trans_time", "cc_num", "merchant", "category", "amt", "first", "last", "gender", "street", "city",
    "state", "zip", "lat", "long", "city_pop", "job", "dob", "trans_num", "unix_time", "merch_lat", "merch_long",
    "is_fraud",
]  # fmt: skip
FRAUD_KINDS = (
    "",
    "stolen_card",
    "account_takeover",
    "card_testing",
    "compromised_merchant",
    "impossible_travel",
)
KIND_CODE = {name: code for code, name in enumerate(FRAUD_KINDS)}


@dataclass
class Payments:
    """Payments, one array each of the same length."""

    id: Ids
    time: Ints  # epoch seconds
    card: Ints
    merchant: Ints
    cents: Ints
    merch_lat: Floats
    merch_long: Floats
    kind: Ints  # index into FRAUD_KINDS; 0: no fraud

    def __len__(self) -> int:
        return len(self.id)

    def select(self, chosen: NDArray[np.bool_] | Ints) -> Payments:
        """The payments that the mask or the positions choose."""
        return Payments(*(getattr(self, f.name)[chosen] for f in fields(self)))

    def between(self, start: int, end: int) -> Payments:
        """The payments with ``start`` <= time < ``end`` (epoch seconds)."""
        return self.select((self.time >= start) & (self.time < end))

    def ordered(self) -> Payments:
        """By time, then by id."""
        return self.select(np.lexsort((self.id, self.time)))


def joined(parts: list[Payments]) -> Payments:
    """All parts' payments (at least one part), in the parts' order."""
    return Payments(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Payments)))


_CLOCK = np.array([f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(86_400)], dtype=object)


def local_text(times: Ints) -> NDArray[np.object_]:
    """``2020-06-21 12:13:53`` (UTC) per epoch second."""
    days, positions = np.unique(times // 86_400, return_inverse=True)
    dates = np.array([f"{np.datetime64(int(day), 'D')} " for day in days], dtype=object)
    return np.asarray(dates[positions] + _CLOCK[times % 86_400])


def to_public(payments: Payments, population: Population, rng: SeededRandom) -> pd.DataFrame:
    """The public schema's columns, and ``fraud_kind`` (empty: no fraud), one row a payment in the same order.

    ``trans_date_trans_time`` is UTC, ``unix_time`` the same moment in epoch seconds, ``amt`` dollars, ``zip`` an
    integer as in the public set.
    """
    cards, positions = np.unique(payments.card, return_inverse=True)
    columns: dict[str, object] = {name: column[positions] for name, column in population.people(cards).items()}
    columns |= {
        "trans_date_trans_time": local_text(payments.time),
        "merchant": population.merchant_names[payments.merchant],
        "category": np.array(categories.NAMES, dtype=object)[payments.merchant % categories.COUNT],
        "amt": payments.cents / 100,
        "trans_num": rng.hex32(payments.id, "trans_num").astype(object),
        "unix_time": payments.time,
        "merch_lat": payments.merch_lat,
        "merch_long": payments.merch_long,
        "is_fraud": (payments.kind > 0).astype(np.int64),
        "fraud_kind": np.array(FRAUD_KINDS, dtype=object)[payments.kind],
    }
    return pd.DataFrame(columns)[[*PUBLIC_COLUMNS, "fraud_kind"]]
