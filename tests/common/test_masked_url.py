"""Addresses are shown without what opens a door."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from pathlib import Path

import pytest

import fraud_common.masked_url
from fraud_common.errors import SettingsError
from fraud_common.masked_url import masked_url, masked_urls
from fraud_scorer.sources.payments_api import HttpPaymentsApi

OPENS = "hunter2Zq"
HOLDING = [
    f"https://ana:{OPENS}@api.example/payments",
    f"https://{OPENS}@api.example/payments",
    f"https://ana:{OPENS}/1@api.example/payments",
    f"https://ana:1?{OPENS}@api.example/payments",
    f"https://ana:1#{OPENS}@api.example/payments",
    f"https://ana:a@{OPENS}@api.example/payments",
    f"HTTPS://ana:{OPENS}@api.example/payments",
    f"https://[::1:{OPENS}@api.example/payments",
    *(f"https://api.example/p?start={{start}}&{name}={OPENS}&end={{end}}" for name in (
        "apikey", "api_key", "API-Key", "token", "access_token", "x", "sig", "password", "subscription-key", "code")),
    f"https://api.example/p?apikey=short;token={OPENS}",
    f"https://api.example/p?{OPENS}",
    f"https://api.example/p?a={OPENS}=&b==",
    f"https://api.example/p#access_token={OPENS}",
    f"https://hooks.example/services/T000/{OPENS}01234567890123",
    f"postgresql+psycopg2://u:{OPENS}@h:5432/d?password={OPENS}",
]  # fmt: skip


def test_the_docstrings_examples_hold() -> None:
    """What is shown and what is not."""
    assert doctest.testmod(fraud_common.masked_url).failed == 0


@pytest.mark.parametrize("url", HOLDING)
def test_nothing_that_opens_a_door_is_shown(url: str) -> None:
    """Login, key, token, wherever it stands; alone and within a sentence. Where it leads stays readable."""
    assert OPENS not in masked_url(url)
    assert OPENS not in masked_urls(f"GET {url} failed twice: {url}, then gave up")
    assert "example" in masked_url(url) or "@h:5432/d" in masked_url(url)


@pytest.mark.parametrize("name", ["token", "apikey", "pass", "pw", "auth", "session", "user"])
def test_short_words_are_hidden_under_names_of_secrets(name: str) -> None:
    """A password may be a word."""
    assert masked_url(f"https://h/p?{name}=hunter") == f"https://h/p?{name}=**********"


def test_what_is_no_secret_is_shown() -> None:
    """Placeholders, numbers, short words; what is no address is left alone."""
    for url in ("http://127.0.0.1:8090/current-transactions?start={start}&end={end}", "https://h/p?limit=500&sort=desc",
                "s3://bucket/prefix", "analyst@localhost", "http://127.0.0.1:8501"):  # fmt: skip
        assert masked_url(url) == url


@pytest.mark.parametrize("how", [[], ["--json"]])
def test_settings_show_no_secret_of_an_address(tmp_path: Path, how: list[str]) -> None:
    """As a table and as JSON, whichever setting holds the address."""
    names = ("PAYMENTS_API_URL", "DASHBOARD_URL", "DASHBOARD_CHECK_URL", "ALERT_SLACK_WEBHOOK")
    environment = dict.fromkeys(names, f"https://ana:{OPENS}@h.example/p?apikey={OPENS}")
    environment["FRAUD_DB_URL"] = f"postgresql+psycopg2://u:{OPENS}@h:5432/d"
    program = [str(Path(sys.executable).with_name("fraud-scorer")), "settings", *how]
    shown = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert OPENS not in shown
    assert "h.example/p?apikey=" in shown
    if how:
        assert json.loads(shown)["PAYMENTS_API_URL"]["value"] == "https://**********@h.example/p?apikey=**********"


@pytest.mark.parametrize("url", [f"http://ana:{OPENS}/x@h/p", f"http://[{OPENS}/p", f"http://h:{OPENS}", "http://h:0/"])
def test_an_address_that_is_none_is_refused_without_being_told(url: str) -> None:
    """The parser's own error quotes what it took for a port."""
    with pytest.raises(SettingsError) as refused:
        HttpPaymentsApi(url)
    assert OPENS not in f"{refused.value}"
    assert "%40" in refused.value.cure
