"""A small batch to make messages of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from fraud_scorer.alerting.compose import AlertPolicy, compose_alerts
from fraud_scorer.alerting.routing import RoutingRules
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import Message

NOW = datetime(2026, 11, 20, 10, 32, 4, tzinfo=UTC)
CARD_NUMBER = "4539578763621486"
TOKEN = "ab" * 32

PAYMENT: dict[str, Any] = {
    "batch_id": "2026-11-20T10:31Z",
    "landing_seq": 7,
    "event_time": NOW - timedelta(seconds=40),
    "amount_cents": 96_710,
    "currency": "USD",
    "card_token": TOKEN,
    "card_key_id": "k1",
    "card_last4": CARD_NUMBER[-4:],
    "merchant": "fraud_Kuhn LLC",
    "category": "shopping_net",
    "city": "Austin",
    "state": "TX",
    "zip": "73301",
    "home_lat": 30.27,
    "home_long": -97.74,
    "merch_lat": 40.71,
    "merch_long": -74.0,
    "city_pop": 900_000,
    "gender": "F",
    "age_years": 31.0,
    "payload_is_fraud": None,
    "body_hash": b"\x00" * 32,
    "delivery": "new",
}
DECISION: dict[str, Any] = {
    "raw_score": 0.9,
    "fraud_probability": 0.97,
    "threshold": 0.5,
    "flagged": True,
    "model_hash": "m",
    "scored_by": "local",
}
REASONS = [
    {"code": "card_1h", "text": "6 payments with this card in the last hour", "value": 6, "usual": 0.3},
    {"code": "amount", "text": "The amount is 14 times this card's usual amount", "value": 14, "usual": 1},
    {"code": "distance", "text": "The shop is far from home", "value": 2432, "usual": 12},
    {"code": "fourth", "text": "A fourth reason", "value": 1, "usual": 1},
]


@dataclass
class Desk:
    """Composes with everything usual but what a test says."""

    policy: AlertPolicy
    payments: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)

    def add(self, trans_num: str, *, fraud_probability: float = 0.97, flagged: bool = True, **payment: Any) -> Desk:
        """One more payment of the batch, with its decision."""
        self.payments.append(PAYMENT | {"trans_num": trans_num} | payment)
        decision = {"trans_num": trans_num, "fraud_probability": fraud_probability, "flagged": flagged}
        self.decisions.append(DECISION | decision | {"reasons": REASONS if flagged else None})
        return self

    def compose(self, batch_id: str = "2026-11-20T10:31Z", **changes: Any) -> list[Message]:
        """The messages of the batch."""
        usual: dict[str, Any] = {"policy": self.policy, "snoozed": {}, "usual_share": 0.01, "now": NOW}
        columns = ["trans_num", *DECISION, "reasons"]
        decisions = pd.DataFrame(self.decisions, columns=columns)
        payments = pd.DataFrame(self.payments, columns=["trans_num", *PAYMENT])
        return compose_alerts(Batch.of_id(batch_id), payments, decisions, **(usual | changes))


@pytest.fixture
def make_desk() -> Callable[..., Desk]:
    """A desk whose policy differs from the usual one as told."""

    def make(**changes: Any) -> Desk:
        usual: dict[str, Any] = {
            "rules": RoutingRules(otherwise=("analyst@example.org",)),
            "operator": "operator@example.org",
            "dashboard_url": "https://fraud.example.org",
            "time_zone": "America/Chicago",
            "domain": "example.org",
        }
        return Desk(AlertPolicy(**(usual | changes)))

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    """A desk with one analyst and no webhook."""
    return make_desk()
