"""Sign-in by OpenID Connect, with a provider of the test's own, in a real browser."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

SHOWN_MS = 60_000
Open = Callable[[Any, str], None]
SignedIn = Callable[..., str]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the mock provider's own


@pytest.fixture
def with_sign_in(serve: Callable[..., str], tmp_path: Path) -> Any:
    """Start the app with a sign-in at which Ben has these roles; gives the app's address."""
    from oidc_provider_mock import User, run_server_in_thread

    with ExitStack() as stack:

        def started(*roles: str) -> str:
            user = User(sub="ben", claims={"email": "ben@example.com", "email_verified": True, "roles": list(roles)})
            provider = stack.enter_context(run_server_in_thread(user_claims=[user]))
            port = _free_port()
            secrets = tmp_path / "secrets.toml"
            secrets.write_text(
                "[auth]\n"
                f'redirect_uri = "http://127.0.0.1:{port}/oauth2callback"\ncookie_secret = "for-tests-only"\n'
                'client_id = "dashboard"\nclient_secret = "for-tests-only"\n'
                f'server_metadata_url = "http://127.0.0.1:{provider.server_port}/.well-known/openid-configuration"\n'
            )
            return serve("--secrets.files", str(secrets), "--server.address", "127.0.0.1", port=port)

        yield started


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def sign_in(page: Any, address: str) -> None:
    """From an address that asks for a sign-in to the page that shows who is there."""
    page.goto(address)
    page.get_by_role("button", name="Sign in").click(timeout=SHOWN_MS)
    page.get_by_role("button", name="ben").click(timeout=SHOWN_MS)
    page.get_by_text(re.compile("Signed in as ben@.?example.com")).wait_for(timeout=SHOWN_MS)


@pytest.mark.parametrize(("roles", "may_review"), [(["reviewer"], True), (["viewer"], False)])
def test_a_sign_in_decides_who_may_judge(
    busy: Any, with_sign_in: SignedIn, browser: Any, open_in: Open, roles: list[str], may_review: bool
) -> None:
    """OpenID Connect from the sign-in page to the author of a verdict; a viewer is offered none."""
    address = with_sign_in(*roles)
    page = browser.new_page()
    sign_in(page, address)
    open_in(page, address + "/review")
    if may_review:
        page.get_by_role("button", name="Not fraud").click(timeout=SHOWN_MS)
        page.get_by_text(re.compile("Recorded: not fraud, by ben@.?example.com")).wait_for(timeout=SHOWN_MS)
        assert busy.rows("select author from labels where trans_num <> 'p12'") == [("ben@example.com",)]
    else:
        page.get_by_text("verdicts need the role reviewer").wait_for(timeout=SHOWN_MS)
        assert page.get_by_role("button", name="Not fraud").count() == 0


@pytest.mark.timeout(300)
def test_a_mails_link_opens_after_the_sign_in(busy: Any, with_sign_in: SignedIn, browser: Any) -> None:
    """A payment, a payment's snooze, a day, a page of its own, a drifted feature: each link leads there, once."""
    address = with_sign_in("reviewer")
    for link, seen in (
        ("/?payment=p3&snooze=card", "No mails about"),
        ("/?day=2026-01-02", "Friday, 2 January 2026"),
        ("/pipeline", "The last minutes"),
        ("/model?feature=amount", "Drift against training"),
        ("/?next=https://elsewhere.example/", "Flagged by us"),
    ):
        context = browser.new_context()
        page = context.new_page()
        sign_in(page, address + link)
        page.get_by_text(seen).first.wait_for(timeout=SHOWN_MS)
        assert page.url == address + (link if "next" not in link else "/")
        page.wait_for_function("!document.cookie.includes('return_link')", timeout=SHOWN_MS)
        page.goto(address)
        page.get_by_role("heading", name=re.compile("^Yesterday")).wait_for(timeout=SHOWN_MS)
        context.close()


def test_a_forged_return_link_leads_to_the_first_page(busy: Any, with_sign_in: SignedIn, browser: Any) -> None:
    """Whatever a cookie says, the sign-in ends on a page of ours."""
    address = with_sign_in("viewer")
    for forged in (
        "page=https%3A%2F%2Felsewhere.example",
        "https://elsewhere.example/",
        "page=%2F%2Felsewhere.example",
    ):
        context = browser.new_context()
        context.add_cookies([{"name": "fraud_report_return_link", "value": forged, "url": address}])
        page = context.new_page()
        sign_in(page, address)
        page.get_by_text("Flagged by us").wait_for(timeout=SHOWN_MS)
        assert page.url == address + "/"
        context.close()
