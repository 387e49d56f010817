"""The dashboard under test: a migrated database, its read-only role, a clock that stands still, pages as `AppTest`s."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions
import psycopg2.extras
import pytest
from sqlalchemy.engine import make_url
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]
DASHBOARD = ROOT / "fraud-dashboard"
sys.path.insert(0, str(DASHBOARD))

NOW = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)  # a Friday
PASSWORD = "for-tests-only"
PAYMENT: dict[str, Any] = {
    "first_batch_id": "2026-11-19T10:31Z",
    "first_landing_seq": 1,
    "batch_id": "2026-11-19T10:31Z",
    "landing_seq": 1,
    "body_hash": b"\x00",
    "amount_cents": 1250,
    "currency": "USD",
    "card_token": "a" * 64,
    "card_key_id": "k1",
    "card_last4": "4512",
    "merchant": "Kuhn LLC",
    "category": "grocery_pos",
    "city": "Houston",
    "state": "TX",
    "merch_lat": 29.8,
    "merch_long": -95.4,
    "fraud_probability": 0.2,
    "threshold": 0.9,
    "flagged": False,
    "model_hash": "b0a1c2d3",
    "scored_by": "local",
}
REASONS = [{"code": "amount_ratio", "text": "Amount is 12 times this card's usual", "value": 800, "usual": 66}]


class Store:
    """`fraud_db` as the pipeline would have filled it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.connection = psycopg2.connect(url.replace("+psycopg2", ""))
        self.connection.autocommit = True
        self.cursor: psycopg2.extensions.cursor = self.connection.cursor()

    def insert(self, table: str, **row: object) -> None:
        """One row."""
        values = [psycopg2.extras.Json(value) if isinstance(value, list) else value for value in row.values()]
        marks = ", ".join(["%s"] * len(row))
        self.cursor.execute(f"insert into {table} ({', '.join(row)}) values ({marks})", values)

    def payment(self, trans_num: str, at: str, **columns: object) -> str:
        """One payment at an ISO time; ``flagged`` ones have a probability and a reason."""
        flagged = {"fraud_probability": 0.95, "reasons": REASONS} if columns.get("flagged") else {}
        self.insert("payments_scored", **{**PAYMENT, **flagged, "trans_num": trans_num, "event_time": at, **columns})
        return trans_num

    def label(self, trans_num: str, verdict: str, source: str = "verdict", known_at: datetime = NOW) -> None:
        """A statement about a payment."""
        row = {"trans_num": trans_num, "source": source, "verdict": verdict, "known_at": known_at, "author": "ana"}
        self.insert("labels", **row)

    def minute(self, minute: str, status: str = "done", **columns: object) -> None:
        """A minute of the run ledger."""
        batch_id = minute.replace(":00Z", "Z")
        row = {"batch_id": batch_id, "kind": "minute", "minute": minute, "status": status, "received": 20, "valid": 20}
        done = {"loaded_at": NOW, "lag_seconds": 5.0, "seconds": 1.0, "scored_by": "local"} if status == "done" else {}
        self.insert("run_ledger", **{**row, **done, **columns})

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The query's rows."""
        self.cursor.execute(query)
        return self.cursor.fetchall()

    def settings(self, **columns: object) -> None:
        """Change the report's settings."""
        for name, value in columns.items():
            self.cursor.execute(f"update report_settings set {name} = %s", (value,))


@pytest.fixture
def store(postgres_url: str) -> Iterator[Store]:
    """An empty `fraud_db` whose reports are made on Friday, 20 November 2026, 07:30 UTC."""
    opened = Store(postgres_url)
    database = make_url(postgres_url).database
    opened.cursor.execute(f"alter database {database} set fraud_report.now = '{NOW.isoformat()}'")
    opened.cursor.execute(f"alter role fraud_dashboard login password '{PASSWORD}'")
    yield opened
    opened.connection.close()


@pytest.fixture
def dashboard_url(store: Store) -> str:
    """SQLAlchemy's URL of the dashboard's own role."""
    url = make_url(store.url).set(username="fraud_dashboard", password=PASSWORD)
    return url.render_as_string(hide_password=False)


@pytest.fixture
def environment(dashboard_url: str, signing_key: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The dashboard's settings in the environment; its connections are closed afterwards."""
    import streamlit as st

    monkeypatch.setenv("DASHBOARD_DB_URL", dashboard_url)
    monkeypatch.setenv("DASHBOARD_AUTHOR", "ana")
    monkeypatch.setenv("DASHBOARD_SIGNING_KEY", signing_key)
    monkeypatch.chdir(DASHBOARD)
    yield
    from fraud_dashboard import settings
    from fraud_dashboard.data import database

    database.engine(settings.read_settings()).dispose()
    st.cache_data.clear()
    st.cache_resource.clear()


def _page(name: str) -> None:
    """One page in its frame, as the app shows it."""
    import importlib

    import streamlit as st

    from fraud_dashboard.components import page_frame

    page = importlib.import_module(f"fraud_dashboard.pages.{name}")
    page_frame.show([st.Page(page.render, title="page", url_path="", default=True)])


@pytest.fixture
def open_page(environment: None) -> Callable[..., AppTest]:
    """Open a page by its module's name (`app`: the whole app), with what stands in the address."""

    def opened(name: str = "app", **address: str) -> AppTest:
        if name == "app":
            test = AppTest.from_file(str(DASHBOARD / "report.py"), default_timeout=60)
        else:
            test = AppTest.from_function(_page, kwargs={"name": name}, default_timeout=60)
        for key, value in address.items():
            test.query_params[key] = value
        return shown(test.run())

    return opened


def shown(test: AppTest) -> AppTest:
    """The test itself, if no error of ours stands on the page."""
    assert not test.exception, test.exception
    return test


@pytest.fixture
def text() -> Callable[[AppTest], str]:
    """All that can be read on a page, HTML included."""

    def read(test: AppTest) -> str:
        kinds = ("title", "subheader", "markdown", "caption", "info", "warning", "error", "success", "html", "button")
        return "\n".join(_text_of(element) for kind in kinds for element in test.get(kind))

    return read


def _text_of(element: Any) -> str:
    return str(getattr(element.proto, "body", "") or getattr(element, "label", "") or getattr(element, "value", ""))
