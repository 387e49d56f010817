"""The dashboard in a real browser: Chromium, the app as `make run` starts it, two weeks of invented payments."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
DASHBOARD = ROOT / "fraud-dashboard"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 60
SHOWN_MS = 60_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder needs Chromium."""
    needed = pytest.mark.skipif(
        not CHROMIUM, reason="needs Chromium: apt-get install chromium, or CHROMIUM=/path/to/it"
    )
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)
            item.add_marker(needed)


@pytest.fixture
def browser() -> Iterator[Any]:
    """Chromium, headless."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture
def serve(dashboard_url: str, signing_key: str) -> Iterator[Callable[..., str]]:
    """Start the app as `make run` does; gives its address."""
    servers: list[subprocess.Popen[bytes]] = []

    def started(*options: str, port: int | None = None) -> str:
        port = port or free_port()
        environment = {**os.environ, "DASHBOARD_DB_URL": dashboard_url, "DASHBOARD_AUTHOR": "ana"}
        environment["DASHBOARD_SIGNING_KEY"] = signing_key
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), *options]
        servers.append(subprocess.Popen(command, cwd=DASHBOARD, env=environment))
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        return f"http://127.0.0.1:{port}"

    yield started
    for server in servers:
        server.terminate()
        server.wait(timeout=20)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@pytest.fixture
def busy(store: Any) -> Any:
    """Two weeks of invented payments, flags, verdicts and minutes; the clock is the real one."""
    store.cursor.execute("select current_database()")
    store.cursor.execute(f"alter database {store.cursor.fetchone()[0]} reset fraud_report.now")
    now = datetime.now(UTC)
    for number in range(400):
        at = now - timedelta(hours=13 + number * 0.8, minutes=number * 7 % 60)
        flagged = number % 9 == 3
        store.payment(
            f"p{number}", at.isoformat(), amount_cents=1500 + number * 977 % 90000, flagged=flagged,
            merchant=["Kuhn LLC", "Lind-Buckridge", "Schumm PLC", "Boyer-Kertzmann"][number % 4],
            category=["grocery_pos", "travel", "shopping_net"][number % 3], payload_is_fraud=number % 18 == 3,
            card_token=str(number % 25).zfill(64), merch_lat=30 + number % 15, merch_long=-118.0 + number % 40,
        )  # fmt: skip
    for ago in range(3, 300):
        minute = (now - timedelta(minutes=ago)).replace(second=0, microsecond=0)
        store.minute(f"{minute:%Y-%m-%dT%H:%M:00Z}", "missed" if ago == 40 else "done", loaded_at=now)
    store.label("p12", "fraud", known_at=now)
    return store


@pytest.fixture
def open_in() -> Callable[[Any, str], None]:
    """Go to an address and wait until the page is drawn to its foot."""

    def opened(page: Any, address: str) -> None:
        page.goto(address)
        page.get_by_text("No sign-in is set up").or_(page.get_by_text("Signed in as")).first.wait_for(timeout=SHOWN_MS)

    return opened
