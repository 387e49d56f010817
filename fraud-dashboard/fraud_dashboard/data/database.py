"""The dashboard's access to ``fraud_db``: report views through the read-only role, and four writing functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoneFree

from fraud_dashboard.data.write_claims import claim
from fraud_dashboard.settings import Settings, read_settings

QUERIES = Path(__file__).resolve().parents[2] / "queries"
CONNECT_SECONDS = 3
FREE_SECONDS = 5  # a page waits so long for a connection that another page gives back
CACHED_SECONDS = 600

Parameter = str | int | float | bool | date | datetime | None


class DatabaseTrouble(Exception):
    """``fraud_db`` gave no answer. ``cure`` is what the reader can do."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(what)
        self.what = what
        self.cure = cure


@dataclass(frozen=True)
class ReportState:
    """The state of the report that every page starts from. ``version`` changes when a number on a page may change."""

    time_zone: str
    currency: str
    label_delay_days: float
    today: date
    now_local: datetime
    first_day: date | None  # None: no payment was ever stored
    last_day: date | None
    last_load_at: datetime | None
    version: str


def report_state() -> ReportState:
    """The state now, never cached. Raises DatabaseTrouble."""
    row = ask("report_state").iloc[0]
    version = "|".join(str(row[name]) for name in row.index if name.startswith("last_"))
    return ReportState(
        time_zone=row["time_zone"],
        currency=row["currency"],
        label_delay_days=float(row["label_delay_days"]),
        today=row["today"],
        now_local=row["now_local"].to_pydatetime(),
        first_day=_optional(row["first_day"]),
        last_day=_optional(row["last_day"]),
        last_load_at=_optional(row["last_load_at"]),
        version=version,
    )


def ask(name: str, **parameters: Parameter) -> pd.DataFrame:
    """The rows of ``queries/<name>.sql``, asked now. Raises DatabaseTrouble."""
    return _read(read_settings(), name, parameters)


def ask_cached(name: str, version: str, **parameters: Parameter) -> pd.DataFrame:
    """As ``ask``, cached by query, parameters and ``version``: never another day's or another database's rows."""
    return _kept(read_settings(), name, tuple(sorted(parameters.items())), version)


@st.cache_data(ttl=CACHED_SECONDS, max_entries=256, show_spinner=False)
def _kept(settings: Settings, name: str, parameters: tuple[tuple[str, Parameter], ...], version: str) -> pd.DataFrame:
    del version  # part of the key only
    return _read(settings, name, dict(parameters))


def write(name: str, **parameters: Parameter) -> int | None:
    """Run one of the writing queries in a transaction, its author signed: the new row's id, None if it did nothing."""
    settings = read_settings()
    signed = claim(settings.signing_key, name, parameters)
    try:
        with engine(settings).begin() as connection:
            written = connection.exec_driver_sql(_sql(name), {**parameters, "claim": signed}).scalar()
    except (DBAPIError, NoneFree) as error:
        raise _trouble(error) from error
    return None if written is None else int(written)


def _read(settings: Settings, name: str, parameters: dict[str, Parameter]) -> pd.DataFrame:
    try:
        with engine(settings).connect() as connection:
            return pd.read_sql(_sql(name), connection, params=parameters)
    except (DBAPIError, NoneFree) as error:
        raise _trouble(error) from error


@st.cache_resource(max_entries=4, show_spinner=False)
def engine(settings: Settings) -> Engine:
    """One pool a database; a connection that died in the pool is replaced before use."""
    milliseconds = int(settings.query_seconds * 1000)
    return create_engine(
        settings.db_url,
        pool_pre_ping=True,
        pool_size=4,
        max_overflow=4,
        pool_timeout=FREE_SECONDS,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "fraud-dashboard",
            "options": f"-c statement_timeout={milliseconds} -c timezone=UTC -c search_path=report",
        },
    )


@lru_cache(maxsize=64)
def _sql(name: str) -> str:
    return (QUERIES / f"{name}.sql").read_text()


def _trouble(error: DBAPIError | NoneFree) -> DatabaseTrouble:
    if isinstance(error, NoneFree):
        return DatabaseTrouble("every connection waits for its answer", "See whether PostgreSQL is busy or frozen.")
    code = getattr(error.orig, "pgcode", None) or ""
    if code == "57014":
        return DatabaseTrouble("the query took too long", "Try again in a minute, or raise DASHBOARD_QUERY_SECONDS.")
    if code == "FS001":
        return DatabaseTrouble(
            "it could not check who judges",
            "DASHBOARD_SIGNING_KEY must be the FRAUD_DASHBOARD_SIGNING_KEY that `fraud-scorer migrate` ran with.",
        )
    if code == "FS002":
        return DatabaseTrouble("too many verdicts within a minute", "Go on in a minute.")
    if code == "42501":
        return DatabaseTrouble("this role lacks a right", "Run `fraud-scorer migrate`: it grants what is missing.")
    if isinstance(error, ProgrammingError):
        return DatabaseTrouble("the report views are missing or old", "Run `fraud-scorer migrate`.")
    if isinstance(error, OperationalError) and "password authentication" in str(error.orig):
        return DatabaseTrouble("it refused the login", "Compare DASHBOARD_DB_URL with FRAUD_DASHBOARD_DB_PASSWORD.")
    if isinstance(error, OperationalError):
        return DatabaseTrouble(
            "it cannot be reached", "See that PostgreSQL runs, and that DASHBOARD_DB_URL leads there."
        )
    return DatabaseTrouble("it refused what was asked", "The dashboard's log holds the sentence.")


def _optional(value: Any) -> Any:  # NaT and None are one: nothing there
    return None if pd.isna(value) else value
