"""What each record says happened: a purchase, or something that happens to a payment later."""

from __future__ import annotations

import numpy as np

from fraud_scorer.frames import PURCHASE, REFUND


def kinds(amount_cents: np.ndarray) -> np.ndarray:
    """One of ``frames.KINDS`` a record (object array): what is below zero is a refund.

    >>> kinds(np.array([1000, 0, -250])).tolist()
    ['purchase', 'purchase', 'refund']
    """
    return np.where(amount_cents < 0, REFUND, PURCHASE).astype(object)
