"""What each record says happened."""

import numpy as np

from fraud_scorer.domain.frames import KINDS
from fraud_scorer.ingest.event_kinds import kinds_by_sign


def test_what_gives_money_back_is_a_refund_and_all_else_a_purchase():
    """With nothing but the amount to go by; a purchase of nothing is a purchase."""
    found = kinds_by_sign(np.array([4506, 0, -4506])).tolist()

    assert found == ["purchase", "purchase", "refund"]
    assert set(found) < set(KINDS)
