"""The kind of a record: a purchase, or an event that happens to a payment later."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fraud_scorer.domain.frames import NEVER_STANDS, PURCHASE, REFUND, STANDS_FOR


def kinds_by_sign(amount_cents: np.ndarray) -> np.ndarray:
    """The kind of each record by its sign (object array): a refund below zero, else a purchase.

    >>> kinds_by_sign(np.array([1000, 0, -250])).tolist()
    ['purchase', 'purchase', 'refund']
    """
    return np.where(amount_cents < 0, REFUND, PURCHASE).astype(object)


def standing_ranks(kind: pd.Series, amount_cents: pd.Series | None = None) -> np.ndarray:
    """Each record's rank (int64) among those that may stand for the payment: ``frames.STANDS_FOR``.

    Where amounts are given, only a record below zero gives money back, whatever its kind.
    """
    found: np.ndarray = kind.map(STANDS_FOR).fillna(NEVER_STANDS).to_numpy(np.int64)
    if amount_cents is None:
        return found
    gives_back = amount_cents.to_numpy(np.int64) < 0
    found = np.where(gives_back & (found < STANDS_FOR[REFUND]), STANDS_FOR[REFUND], found)
    return np.where(~gives_back & (found == STANDS_FOR[REFUND]), NEVER_STANDS, found)


def can_be_scored(payments: pd.DataFrame) -> np.ndarray:
    """Records (columns kind and amount_cents) that take or reserve money (bool); all others go unscored."""
    return standing_ranks(payments["kind"], payments["amount_cents"]) < STANDS_FOR[REFUND]
