"""What `migrate` replaces each time: the report views, and the roles with their rights."""

from __future__ import annotations

from pathlib import Path

import psycopg2
import psycopg2.extensions
from psycopg2 import sql

DASHBOARD_ROLE = "fraud_dashboard"


def apply_views(cursor: psycopg2.extensions.cursor, files: list[Path]) -> tuple[str, ...]:
    """Replace the report views. Where a column changed its type or went, all are dropped first, in this transaction."""
    cursor.execute("savepoint views")
    try:
        for path in files:
            cursor.execute(path.read_text())
    except psycopg2.errors.InvalidTableDefinition:
        cursor.execute("rollback to savepoint views")
        cursor.execute(r"select viewname from pg_views where schemaname = 'public' and viewname like 'v\_%'")
        for (name,) in cursor.fetchall():
            cursor.execute(sql.SQL("drop view if exists {} cascade").format(sql.Identifier(name)))
        for path in files:
            cursor.execute(path.read_text())
    return tuple(path.name for path in files)


def apply_roles(cursor: psycopg2.extensions.cursor, files: list[Path], dashboard_password: str) -> tuple[str, ...]:
    """Make the roles and their rights; a database user that may not make roles is told so, not stopped."""
    cursor.execute("savepoint roles")
    try:
        for path in files:
            cursor.execute(path.read_text())
        if dashboard_password:
            _give_login(cursor, dashboard_password)
    except psycopg2.errors.InsufficientPrivilege as error:
        cursor.execute("rollback to savepoint roles")
        return (f"the role {DASHBOARD_ROLE} was not made ({first_line(error)}): have an owner of the server make it",)
    return ()


def _give_login(cursor: psycopg2.extensions.cursor, password: str) -> None:
    """The password goes over the wire, and into any server log, as its SCRAM verifier only."""
    verifier = psycopg2.extensions.encrypt_password(password, DASHBOARD_ROLE, cursor.connection, "scram-sha-256")
    statement = sql.SQL("alter role {} login password {}")
    cursor.execute(statement.format(sql.Identifier(DASHBOARD_ROLE), sql.Literal(verifier)))


def first_line(error: BaseException) -> str:
    """PostgreSQL's own sentence, without the context that follows it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].removeprefix("FATAL:").strip() if lines else type(error).__name__
