"""The two PostgreSQL servers: fraud_db's, and Airflow's own, which lives on while the other is down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, NullPool, create_engine, text

from fraud_scorer.operations.database.embedded_postgres import EmbeddedPostgres, data_folder
from fraud_scorer.operations.database.migrate import sql_root
from fraud_scorer.operations.stack.options import StackOptions

AIRFLOW = "airflow-db"
FRAUD = "fraud-db"


def databases(options: StackOptions, values: Mapping[str, str]) -> dict[str, EmbeddedPostgres]:
    """Both servers, not started."""
    home = data_folder(options.data_dir)
    return {
        FRAUD: EmbeddedPostgres(home / FRAUD, options.ports[FRAUD], values["STACK_FRAUD_DB_PASSWORD"]),
        AIRFLOW: EmbeddedPostgres(
            home / AIRFLOW, options.ports[AIRFLOW], values["STACK_AIRFLOW_DB_PASSWORD"], user="airflow"
        ),
    }


def create_database(server: EmbeddedPostgres, name: str) -> None:
    """Make the database ``name`` if it is missing."""
    engine = _engine(server.url("postgres")).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if connection.execute(text("select 1 from pg_database where datname = :name"), {"name": name}).first() is None:
            quoted = connection.dialect.identifier_preparer.quote(name)
            connection.execute(text(f"create database {quoted}"))


def ask(url: str, query: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """The rows of ``sql/queries/stack_<query>.sql``, on a connection of its own; nothing waits longer than 5 s.

    Raises:
        SQLAlchemyError: unreachable, too slow, or refused.
    """
    statement = (sql_root() / "queries" / f"stack_{query}.sql").read_text()
    with _engine(url).connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement), parameters or {})]


def _engine(url: str) -> Engine:
    patience = {"connect_timeout": 5, "tcp_user_timeout": 5000, "options": "-c statement_timeout=5000"}
    return create_engine(url, poolclass=NullPool, connect_args=patience)
