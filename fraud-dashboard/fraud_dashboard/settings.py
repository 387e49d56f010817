"""The dashboard's settings, from the environment. ``.env.example`` beside ``app.py`` says what each is for."""

from __future__ import annotations

import getpass
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

NAMES = (
    "DASHBOARD_DB_URL",
    "DASHBOARD_SIGNING_KEY",
    "DASHBOARD_QUERY_SECONDS",
    "DASHBOARD_AUTHOR",
    "DASHBOARD_PUBLISHED_ON",
    "DASHBOARD_TRUST_NETWORK",
    "DASHBOARD_ALLOWED_HOSTS",
    "DASHBOARD_SESSION_HOURS",
    "DASHBOARD_NAME_CLAIM",
    "DASHBOARD_ROLE_CLAIM",
    "DASHBOARD_VIEWER_ROLES",
    "DASHBOARD_REVIEWER_ROLES",
)
DRIVER = "postgresql+psycopg2://"


class WrongSetting(Exception):
    """A setting is missing or wrong; the message says which and how to mend it."""


@dataclass(frozen=True)
class Settings:
    """The settings, as the environment has them."""

    db_url: str = field(repr=False)
    signing_key: str = field(repr=False)
    query_seconds: float
    author: str
    published_on: str
    trust_network: bool
    allowed_hosts: frozenset[str]
    session_hours: float
    name_claim: str
    role_claim: str
    viewer_roles: frozenset[str]
    reviewer_roles: frozenset[str]


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings in force.

    Raises:
        WrongSetting: DASHBOARD_DB_URL is missing or not a psycopg2 URL, or a number, a yes-no or a host name is none.
    """

    def value(name: str, default: str) -> str:
        return environment.get(name, "").strip() or default

    return Settings(
        db_url=_db_url(value("DASHBOARD_DB_URL", "")),
        signing_key=value("DASHBOARD_SIGNING_KEY", ""),
        query_seconds=_above_0("DASHBOARD_QUERY_SECONDS", value("DASHBOARD_QUERY_SECONDS", "15")),
        author=value("DASHBOARD_AUTHOR", _user_name()),
        published_on=value("DASHBOARD_PUBLISHED_ON", ""),
        trust_network=_yes_no(value("DASHBOARD_TRUST_NETWORK", "false")),
        allowed_hosts=_host_names(value("DASHBOARD_ALLOWED_HOSTS", "")),
        session_hours=_above_0("DASHBOARD_SESSION_HOURS", value("DASHBOARD_SESSION_HOURS", "12")),
        name_claim=value("DASHBOARD_NAME_CLAIM", "email"),
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


def _above_0(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise WrongSetting(f"{name} must be a number above 0, not {text!r}.")
    return number


def _host_names(text: str) -> frozenset[str]:
    names = frozenset(name.lower().strip("[]") for name in _names(text))
    if wrong := sorted(name for name in names if not re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:.]+", name)):
        raise WrongSetting(
            f"DASHBOARD_ALLOWED_HOSTS holds {wrong[0]!r}. Write names without scheme and port, separated by commas: "
            "fraud.example.com."
        )
    return names


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
