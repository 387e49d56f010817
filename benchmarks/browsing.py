"""The dashboard as `make run` starts it, opened in Chromium: how long each page takes from its address to its foot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fraud_stack.embedded_postgres import free_port

DASHBOARD = Path(__file__).parents[1] / "fraud-dashboard"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PAGES = {"the day": "/", "Review": "/review", "Model": "/model", "Pipeline": "/pipeline"}
START_SECONDS = 60
SHOWN_MS = 60_000
FOOT = "No sign-in is set up"
# what an earlier run of the page drew is grey until this run has drawn it anew
DRAWN = """() => !document.querySelectorAll(
    '[data-stale="true"], [data-testid="stSkeleton"], [data-testid="stAppSkeleton"], [data-testid="stSpinner"]'
).length"""


def opened(db_url: str) -> Iterator[tuple[str, float]]:
    """Each page twice, in seconds: the first time with nothing kept from before, then once more.

    Args:
        db_url: the dashboard's role on ``fraud_db``.
    """
    from playwright.sync_api import sync_playwright

    with served(db_url) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        reader = browser.new_context(viewport={"width": 1200, "height": 2400})
        _seconds(reader, f"{address}/payment")  # what browser and Streamlit load once is in nobody's time
        for name, path in PAGES.items():
            for _ in range(2):
                yield name, _seconds(reader, address + path)
        browser.close()


def _seconds(reader: Any, address: str) -> float:
    page = reader.new_page()
    began = time.perf_counter()
    page.goto(address)
    page.get_by_text(FOOT).first.wait_for(timeout=SHOWN_MS)
    page.wait_for_function(DRAWN, timeout=SHOWN_MS)
    took = time.perf_counter() - began
    page.close()
    return took


@contextmanager
def served(db_url: str) -> Iterator[str]:
    """The dashboard's address while it runs."""
    port = free_port()
    environment = {**os.environ, "DASHBOARD_DB_URL": db_url, "DASHBOARD_AUTHOR": "benchmark"}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--logger.level=warning", "--server.port", str(port)]
    server = subprocess.Popen(command, cwd=DASHBOARD, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=2)  # noqa: S310 - our own address
            return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
