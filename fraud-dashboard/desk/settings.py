"""The dashboard's settings, from the environment. ``.env.example`` beside ``app.py`` says what each is for."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

NAMES = (
    "DASHBOARD_DB_URL",
    "DASHBOARD_SIGNING_KEY",
    "DASHBOARD_QUERY_SECONDS",
    "DASHBOARD_AUTHOR",
    "DASHBOARD_PUBLISHED_ON",
    "DASHBOARD_TRUST_NETWORK",
    "DASHBOARD_ROLE_CLAIM",
    "DASHBOARD_VIEWER_ROLES",
    "DASHBOARD_REVIEWER_ROLES",
)
DRIVER = "postgresql+psycopg2://"


class WrongSetting(Exception):
    """A setting is missing or wrong; the message says which and how to mend it."""


@dataclass(frozen=True)
class Settings:
    """What the environment says."""

    db_url: str = field(repr=False)
    signing_key: str = field(repr=False)
    query_seconds: float
    author: str
    published_on: str
    trust_network: bool
    role_claim: str
    viewer_roles: frozenset[str]
    reviewer_roles: frozenset[str]


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings in force.

    Raises:
        WrongSetting: DASHBOARD_DB_URL is missing or not a psycopg2 URL, or a number or yes-no is none.
    """

    def value(name: str, default: str) -> str:
        return environment.get(name, "").strip() or default

    return Settings(
        db_url=_db_url(value("DASHBOARD_DB_URL", "")),
        signing_key=value("DASHBOARD_SIGNING_KEY", ""),
        query_seconds=_seconds(value("DASHBOARD_QUERY_SECONDS", "15")),
        author=value("DASHBOARD_AUTHOR", _user_name()),
        published_on=value("DASHBOARD_PUBLISHED_ON", ""),
        trust_network=_yes_no(value("DASHBOARD_TRUST_NETWORK", "false")),
        role_claim=value("DASHBOARD_ROLE_CLAIM", "roles"),
        viewer_roles=_names(value("DASHBOARD_VIEWER_ROLES", "viewer")),
        reviewer_roles=_names(value("DASHBOARD_REVIEWER_ROLES", "reviewer")),
    )


def _db_url(text: str) -> str:
    if not text:
        raise WrongSetting(
            f"DASHBOARD_DB_URL is not set. Write it as {DRIVER}fraud_dashboard:password@host:5433/fraud_db."
        )
    if not text.startswith(DRIVER):
        raise WrongSetting(f"DASHBOARD_DB_URL must start with {DRIVER}")
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if seconds <= 0:
        raise WrongSetting(f"DASHBOARD_QUERY_SECONDS must be a number above 0, not {text!r}.")
    return seconds


def _yes_no(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise WrongSetting(f"DASHBOARD_TRUST_NETWORK must be true or false, not {text!r}.")
    return text.lower() == "true"


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "someone at this machine"
