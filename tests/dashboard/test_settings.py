"""The dashboard's settings: named in `.env.example`, refused with a cure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fraud_dashboard.settings import NAMES, WrongSetting, read_settings

DASHBOARD = Path(__file__).resolve().parents[2] / "fraud-dashboard"

URL = {"DASHBOARD_DB_URL": "postgresql+psycopg2://u:p@127.0.0.1/fraud_db"}


def test_the_example_lists_every_setting_and_no_other() -> None:
    """`.env.example` is the list."""
    listed = re.findall(r"^([A-Z_]+)=", (DASHBOARD / ".env.example").read_text(), re.MULTILINE)
    assert tuple(listed) == NAMES


def test_the_examples_defaults_are_the_codes() -> None:
    """Copied unchanged it means what leaving it out means, but for the database."""
    lines = re.findall(r"^([A-Z_]+)=(.*)$", (DASHBOARD / ".env.example").read_text(), re.MULTILINE)
    assert read_settings({**dict(lines), **URL}) == read_settings(URL)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "DASHBOARD_DB_URL is not set"),
        ({"DASHBOARD_DB_URL": "postgresql://u@h/d"}, "must start with postgresql"),
        ({**URL, "DASHBOARD_QUERY_SECONDS": "soon"}, "must be a number above 0"),
        ({**URL, "DASHBOARD_SESSION_HOURS": "inf"}, "must be a number above 0"),
        ({**URL, "DASHBOARD_ALLOWED_HOSTS": "https://fraud.example.com"}, "Write names without scheme and port"),
        ({**URL, "DASHBOARD_ALLOWED_HOSTS": "*"}, "Write names without scheme and port"),
        ({**URL, "DASHBOARD_TRUST_NETWORK": "maybe"}, "must be true or false"),
    ],
)
def test_a_wrong_setting_is_named(wrong: dict[str, str], said: str) -> None:
    """Which one, and how to write it."""
    with pytest.raises(WrongSetting, match=said):
        read_settings(wrong)
