"""A database in Chicago's calendar to report on, at 7 in the morning of Friday, 20 November 2026."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg2
import psycopg2.extensions
import pytest

from fraud_scorer.settings import Settings
from fraud_scorer.wiring import Parts

Cursor = psycopg2.extensions.cursor
Insert = Callable[..., None]
CHICAGO = ZoneInfo("America/Chicago")
NOW = datetime(2026, 11, 20, 7, 0, 2, tzinfo=CHICAGO)
REASONS = [{"code": "card_1h", "text": "6 payments with this card in the last hour", "value": 6, "usual": 0.3}]
PAYMENT = {
    "first_batch_id": "b", "first_landing_seq": 1, "batch_id": "b", "landing_seq": 1, "body_hash": b"\x00",
    "amount_cents": 1250, "currency": "USD", "card_token": "a" * 64, "card_key_id": "k1", "card_last4": "4512",
    "merchant": "fraud_Kuhn LLC", "fraud_probability": 0.2, "threshold": 0.9, "flagged": False, "scored_by": "local",
}  # fmt: skip


class Clock:
    """A clock that stands still."""

    def __init__(self, now: datetime) -> None:
        self.moment = now

    def now(self) -> datetime:
        """The time."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """No time passes."""


@pytest.fixture
def cursor(postgres_url: str) -> Iterator[Cursor]:
    """A fresh database in Chicago's calendar, each statement a transaction."""
    connection = psycopg2.connect(postgres_url.replace("+psycopg2", ""))
    connection.autocommit = True
    with connection.cursor() as opened:
        opened.execute("update report_settings set time_zone = 'America/Chicago'")
        yield opened
    connection.close()


@pytest.fixture
def insert(cursor: Cursor) -> Insert:
    """Insert one row."""

    def one(table: str, **columns: object) -> None:
        names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
        cursor.execute(f"insert into {table} ({names}) values ({marks})", list(columns.values()))

    return one


@pytest.fixture
def payment(insert: Insert) -> Insert:
    """Insert one payment at a local time; flagged ones have a reason."""

    def one(trans_num: str, at: str, **columns: Any) -> None:
        event_time = datetime.fromisoformat(at).replace(tzinfo=CHICAGO)
        reasons = json.dumps(REASONS) if columns.get("flagged") else None
        insert(
            "payments_scored", **PAYMENT | {"trans_num": trans_num, "event_time": event_time} | columns, reasons=reasons
        )

    return one


def _parts(url: str, now: datetime = NOW, **changes: Any) -> Parts:
    """The real parts, with two recipients."""
    chosen = {
        "fraud_db_url": url,
        "fraud_time_zone": "America/Chicago",
        "alert_recipients": "b@example.org, a@example.org",
        "dashboard_url": "https://fraud.example.org",
    }
    return Parts(Settings(_env_file=None, **(chosen | changes)), Clock(now))  # type: ignore[call-arg, arg-type]


@pytest.fixture
def parts() -> Callable[..., Parts]:
    """The real parts on a database's URL, with two recipients and a clock that stands still."""
    return _parts


def _content(cursor: Cursor) -> dict[str, Any]:
    """What the first message says."""
    cursor.execute("select content from outbox where kind = 'daily' order by recipient limit 1")
    row = cursor.fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


@pytest.fixture
def content() -> Callable[[Cursor], dict[str, Any]]:
    """Reads what the first message says."""
    return _content
