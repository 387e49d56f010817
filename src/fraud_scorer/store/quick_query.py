"""One query on a connection of its own, for what watches from outside: nothing waits longer than 5 s."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, NullPool, create_engine

from fraud_scorer.store.queries import query


def ask(url: str, name: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """The rows of ``sql/queries/<name>.sql``, on a connection of its own; nothing waits longer than 5 s.

    Raises:
        SQLAlchemyError: unreachable, too slow, or refused.
    """
    with _engine(url).connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query(name), dict(parameters or {}))]


def _engine(url: str) -> Engine:
    patience = {"connect_timeout": 5, "tcp_user_timeout": 5000, "options": "-c statement_timeout=5000"}
    return create_engine(url, poolclass=NullPool, connect_args=patience)
