"""Batches to load, a store on a fresh database, and an outbox whose clock a test moves."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import psycopg2
import pytest
from sqlalchemy import Engine, text

from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.frames import DECISION_COLUMNS, PAYMENT_COLUMNS, QUARANTINE_COLUMNS
from fraud_scorer.domain.ports import Completion, LoadWork, Message, Part
from fraud_scorer.store import PostgresStore, create_store_engine
from fraud_scorer.store.outbox import PostgresOutbox

START = datetime(2026, 11, 20, 10, 31, tzinfo=UTC)
NOW = START + timedelta(minutes=1)
BATCH_ID = "2026-11-20T10:31Z"
PROFILE_COLUMNS = (
    "profile_day", "merchant", "payments_7d", "payments_30d", "labelled_7d", "labelled_30d", "frauds_7d", "frauds_30d",
)  # fmt: skip
DEFAULTS: dict[str, Any] = {
    "event_time": START, "amount_cents": 1000, "currency": "USD", "card_token": "a" * 64, "card_key_id": "k1",
    "card_last4": "1234", "merchant": "Shop", "category": "misc", "city": "Ulm", "state": "BW", "zip": "01234",
    "home_lat": 48.1, "home_long": 9.9, "merch_lat": 48.2, "merch_long": 10.1, "city_pop": 120000, "gender": "F",
    "age_years": 44.5, "payload_is_fraud": False, "delivery": "new",
}  # fmt: skip


def trans_num(name: object) -> str:
    """32 hex digits for a short name."""
    return hashlib.md5(str(name).encode()).hexdigest()


def payments_frame(rows: list[dict[str, Any]], batch: Batch, seq: int) -> pd.DataFrame:
    """PAYMENT_COLUMNS from what is unusual about each row; ``trans_num`` is needed, ``body`` stands for the body."""
    full = []
    for row in rows:
        one = DEFAULTS | {"batch_id": batch.batch_id, "landing_seq": seq} | row
        one.setdefault("kind", "refund" if one["amount_cents"] < 0 else "purchase")
        one = {"is_event": one["delivery"] == "event", "occurrence": one["event_time"]} | one
        body = f"{one.pop('body', 'first')} {one['amount_cents']} {one['merchant']} {one['card_token']}"
        full.append(one | {"body_hash": hashlib.sha256(body.encode()).digest()})
    return pd.DataFrame(full, columns=list(PAYMENT_COLUMNS)).astype(PAYMENT_COLUMNS)


def decisions_frame(payments: pd.DataFrame, score: float = 0.125, **unusual: Any) -> pd.DataFrame:
    """A decision for each payment that is no refund and not unchanged; flagged from 0.5 on."""
    scored = payments[(payments["amount_cents"] >= 0) & (payments["delivery"] != "unchanged")]
    flagged = score >= 0.5
    reasons = [{"code": "rapid_payments", "text": "6 payments in an hour", "value": 6.0, "usual": 1.0}]
    rows = [
        {
            "trans_num": name, "raw_score": score, "fraud_probability": score, "threshold": 0.5, "flagged": flagged,
            "reasons": reasons if flagged else None, "model_hash": "m1", "scored_by": "local",
            "features": np.array([0.1, np.nan, 3e7], np.float32),
        } | unusual
        for name in scored["trans_num"]
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=[*DECISION_COLUMNS, "features"])
    return frame.astype({name: kind for name, kind in DECISION_COLUMNS.items() if kind != "object"})


def message_of(work: LoadWork, recipient: str = "ann@example.org") -> Message:
    """One digest about everything that ``work`` flags."""
    told = tuple(work.decisions.loc[work.decisions["flagged"], "trans_num"])
    content: dict[str, object] = {"payments": [{"trans_num": name} for name in told]}
    return Message(f"{work.batch.batch_id}.{len(told)}.{recipient}", "alert", "email", recipient, content, told,
                   work.batch.batch_id)  # fmt: skip


@dataclass
class World:
    """A store and a clock of batches: ``batch(n)`` is the n-th minute."""

    url: str
    store: PostgresStore
    tokens: dict[str, str] = field(default_factory=dict)
    trans_num = staticmethod(trans_num)
    message_of = staticmethod(message_of)
    decisions_frame = staticmethod(decisions_frame)
    payments_frame = staticmethod(payments_frame)

    def batch(self, number: int) -> Batch:
        return Batch.of_minute(START + timedelta(minutes=number))

    def landed(self, number: int, seq: int | None = None, batch: Batch | None = None) -> Batch:
        """Note the landing of a batch and claim it."""
        batch = batch or self.batch(number)
        at = START + timedelta(minutes=number + 1, seconds=5)
        part = Part(0, f"{number}.bin", "0" * 64, 10, 200, "application/json", at, False)
        self.store.note_landed([Completion(batch, seq or number, "landed", (part,), at)])
        self.claim(batch)
        return batch

    def claim(self, batch: Batch) -> str:
        self.tokens[batch.batch_id] = str(uuid.uuid4())
        self.store.claim([batch], self.tokens[batch.batch_id])
        return self.tokens[batch.batch_id]

    def work(
        self, number: int, rows: list[dict[str, Any]], *, score: float = 0.125, batch: Batch | None = None, **more: Any
    ) -> LoadWork:
        """Everything load writes for the n-th minute; ``more`` replaces LoadWork's fields."""
        batch = batch or self.batch(number)
        payments = payments_frame(rows, batch, number)
        values: dict[str, Any] = {
            "batch": batch, "landing_seq": number, "payments": payments, "decisions": decisions_frame(payments, score),
            "quarantine": pd.DataFrame(columns=list(QUARANTINE_COLUMNS)),
            "profiles": pd.DataFrame(columns=list(PROFILE_COLUMNS)), "received": len(rows), "scored_by": "local",
            "fallback_reason": "", "threshold": 0.5, "model_hash": "m1", "seconds": 0.25,
        }  # fmt: skip
        return LoadWork(**(values | more))

    def load(self, work: LoadWork) -> Any:
        return self.store.load(work, self.tokens[work.batch.batch_id])

    def minute(self, number: int, rows: list[dict[str, Any]], **more: Any) -> Any:
        """Land, claim and load the n-th minute."""
        self.landed(number)
        return self.load(self.work(number, rows, **more))

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg2.connect(self.url.replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            found = cursor.fetchall() if cursor.description else []
        connection.close()
        return found

    def physical(self) -> list[tuple[Any, ...]]:
        """Where and by which transaction each row of every table but the ledger was written: any write changes it."""
        tables = (
            "payments_scored", "payment_events", "payment_history", "labels", "merchant_profiles", "merchant_days",
            "quarantine", "outbox", "outbox_payments", "landing_index",
        )  # fmt: skip
        return [
            row
            for table in tables
            for row in self.rows(f"select '{table}', ctid::text, xmin::text from {table} order by ctid")
        ]

    def ledger(self, number: int) -> dict[str, Any]:
        return dict(self.store.recent(1, kinds=["minute", "history"], batches=[self.batch(number)])[0])


@pytest.fixture
def make_world() -> Callable[..., World]:
    """A world on a URL, with the engine's limits if the test needs others."""
    return lambda url, **limits: World(url, PostgresStore(create_store_engine(url, **limits)))


@pytest.fixture
def world(postgres_url: str, make_world: Callable[..., World]) -> World:
    """A world on a fresh database."""
    return make_world(postgres_url)


@pytest.fixture
def one() -> Callable[..., dict[str, Any]]:
    """A payment by its short name and by what is unusual about it."""
    return lambda name, **unusual: {"trans_num": trans_num(name)} | unusual


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        """Move on."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    """A migrated database with two batches in its ledger."""
    engine = create_store_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into run_ledger (batch_id, kind, minute, status, landing_seq, valid, flagged) values"
                " (:batch_id, 'minute', :minute, 'done', 1, 600, 6),"
                " ('history-0123456789ab-2026-11-19', 'history', null, 'done', 2, 400, 14)"
            ),
            {"batch_id": BATCH_ID, "minute": NOW},
        )
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> Clock:
    """The clock of the outbox under test."""
    return Clock()


@pytest.fixture
def outbox(engine: Engine, clock: Clock) -> PostgresOutbox:
    """An outbox whose backoff is not spread."""
    return PostgresOutbox(engine, clock=clock, jitter=lambda: 1.0)


def _alert_of(*trans_nums: str, recipient: str = "analyst@example.org", **changes: object) -> Message:
    """An alert of these payments."""
    message = Message(
        message_id=f"{'-'.join(trans_nums)}.{recipient}",
        kind="alert",
        channel="email",
        recipient=recipient,
        content={"payments": [{"trans_num": trans_num} for trans_num in trans_nums]},
        trans_nums=tuple(sorted(trans_nums)),
        batch_id=BATCH_ID,
    )
    return replace(message, **changes)  # type: ignore[arg-type]


@pytest.fixture
def alert_of() -> Callable[..., Message]:
    """Makes an alert of these payments."""
    return _alert_of


def _statuses(outbox: PostgresOutbox) -> dict[str, str]:
    """Each message's state."""
    rows = outbox.listed(("pending", "sent", "failed", "suppressed"))
    return {str(row["message_id"]): str(row["status"]) for row in rows}


@pytest.fixture
def statuses() -> Callable[[PostgresOutbox], dict[str, str]]:
    """Reads each message's state."""
    return _statuses
