"""The dashboard in a real browser: how it looks, a verdict from click to row, a file, the sign-in.

Pictures are written to ``screenshots/`` for someone to look at.
"""

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

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
DASHBOARD = ROOT / "fraud-dashboard"
SCREENSHOTS = ROOT / "screenshots"
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
LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
PAGES = {"yesterday": "/", "payment": "/?payment=p3", "review": "/review", "model": "/model", "pipeline": "/pipeline"}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: apt-get install chromium, or CHROMIUM=/path/to/it"),
]


@pytest.fixture
def browser() -> Iterator[Any]:
    """Chromium, headless."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture
def serve(dashboard_url: str) -> Iterator[Callable[..., str]]:
    """Start the app as `make run` does; gives its address."""
    servers: list[subprocess.Popen[bytes]] = []

    def started(*options: str, port: int | None = None) -> str:
        port = port or free_port()
        environment = {**os.environ, "DASHBOARD_DB_URL": dashboard_url, "DASHBOARD_AUTHOR": "ana"}
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


def _open(page: Any, address: str) -> None:
    page.goto(address)
    page.get_by_text("No sign-in is set up").or_(page.get_by_text("Signed in as")).first.wait_for(timeout=SHOWN_MS)


@pytest.mark.timeout(600)
def test_every_page_fits_and_asks_nobody_else(busy: Any, serve: Callable[..., str], browser: Any) -> None:
    """Desktop and phone, light and dark: no horizontal scroll, no request that leaves the machine, no error."""
    address = serve()
    SCREENSHOTS.mkdir(exist_ok=True)
    outside: list[str] = []
    for width, scheme in LOOKS:
        context = browser.new_context(viewport={"width": width, "height": 2400}, color_scheme=scheme)
        page = context.new_page()
        page.on("request", lambda request: outside.append(request.url))
        for name, path in PAGES.items():
            _open(page, address + path)
            page.wait_for_timeout(700)
            page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{scheme}.png")
            needed = page.evaluate(
                "Math.max(...[...document.querySelectorAll('html, section')].map(e => e.scrollWidth))"
            )
            assert needed <= width, f"{name} needs {needed} pixels of {width}"
            assert page.get_by_test_id("stException").count() == 0
        context.close()
    assert [url for url in outside if not url.startswith((address, "data:", "blob:"))] == []


def test_a_verdict_goes_from_click_to_row(busy: Any, serve: Callable[..., str], browser: Any) -> None:
    """By mouse and by key, and back again."""
    page = browser.new_page()
    _open(page, serve() + "/review")
    page.get_by_role("button", name="Not fraud").click()
    page.get_by_text("Recorded: not fraud").wait_for(timeout=SHOWN_MS)
    said = "select verdict, author from labels where trans_num <> 'p12' order by label_id"
    assert busy.rows(said) == [("not_fraud", "ana")]
    page.keyboard.press("f")
    page.get_by_text("Recorded: fraud").wait_for(timeout=SHOWN_MS)
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Taken back.").wait_for(timeout=SHOWN_MS)
    assert [verdict for verdict, _ in busy.rows(said)] == ["not_fraud", "fraud", "withdrawn"]


def test_the_flagged_list_is_downloaded(busy: Any, serve: Callable[..., str], browser: Any, tmp_path: Path) -> None:
    """As CSV and as Excel, every row that is listed."""
    page = browser.new_page(viewport={"width": 1440, "height": 2400})
    _open(page, serve())
    flagged = busy.rows("select count(*) from v_daily_fraud_report where flagged")[0][0]
    for button, read in (("CSV", pd.read_csv), ("Excel", pd.read_excel)):
        with page.expect_download(timeout=SHOWN_MS) as download:
            page.get_by_role("button", name=button).click()
        download.value.save_as(tmp_path / download.value.suggested_filename)
        assert len(read(tmp_path / download.value.suggested_filename)) == flagged > 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the mock provider's own
@pytest.mark.parametrize(("roles", "may_review"), [(["reviewer"], True), (["viewer"], False)])
def test_a_sign_in_decides_who_may_judge(
    busy: Any, serve: Callable[..., str], browser: Any, tmp_path: Path, roles: list[str], may_review: bool
) -> None:
    """OpenID Connect from the sign-in page to the author of a verdict; a viewer is offered none."""
    from oidc_provider_mock import User, run_server_in_thread

    port = free_port()
    user = User(sub="ben", claims={"email": "ben@example.com", "roles": roles})
    with run_server_in_thread(user_claims=[user]) as provider:
        secrets = tmp_path / "secrets.toml"
        secrets.write_text(
            "[auth]\n"
            f'redirect_uri = "http://127.0.0.1:{port}/oauth2callback"\ncookie_secret = "for-tests-only"\n'
            'client_id = "dashboard"\nclient_secret = "for-tests-only"\n'
            f'server_metadata_url = "http://127.0.0.1:{provider.server_port}/.well-known/openid-configuration"\n'
        )
        address = serve("--secrets.files", str(secrets), "--server.address", "127.0.0.1", port=port)
        page = browser.new_page()
        page.goto(address)
        page.get_by_role("button", name="Sign in").click(timeout=SHOWN_MS)
        page.get_by_role("button", name="ben").click(timeout=SHOWN_MS)
        page.get_by_text("Signed in as ben@example.com").wait_for(timeout=SHOWN_MS)
        _open(page, address + "/review")
        if may_review:
            page.get_by_role("button", name="Not fraud").click(timeout=SHOWN_MS)
            page.get_by_text("Recorded: not fraud, by ben@example.com").wait_for(timeout=SHOWN_MS)
            assert busy.rows("select author from labels where trans_num <> 'p12'") == [("ben@example.com",)]
        else:
            page.get_by_text("verdicts need the role reviewer").wait_for(timeout=SHOWN_MS)
            assert page.get_by_role("button", name="Not fraud").count() == 0
