"""The dashboard's health check: it answers, and it can read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from health import trouble


class Streamlit(BaseHTTPRequestHandler):
    """Says that it is there."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/_stcore/health" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """Where it answers."""
    server = HTTPServer(("127.0.0.1", 0), Streamlit)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def test_it_answers_and_reads(environment: None, port: int) -> None:
    """Nothing is wrong where the server answers and its role reads the report's views."""
    assert trouble(port) == ""


def test_what_is_wrong_is_said(environment: None, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No server, or no database."""
    assert trouble(1).startswith("port 1 does not answer")
    monkeypatch.setenv("DASHBOARD_DB_URL", "postgresql+psycopg2://fraud_dashboard:wrong@127.0.0.1:1/fraud_db")
    assert trouble(port) == "the report cannot be read: OperationalError"
