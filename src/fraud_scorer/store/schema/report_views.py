"""The report views and their functions, in the schema `report`; `migrate` replaces them each time."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg2
import psycopg2.extensions
from psycopg2 import sql

_MADE = re.compile(r"^create or replace (view|function) (\w+)", re.MULTILINE)


def apply_views(cursor: psycopg2.extensions.cursor, files: list[Path]) -> tuple[str, ...]:
    """Replace the report views. Where a column changed its type or went, all are dropped first, in this transaction."""
    texts = [path.read_text() for path in files]
    made = [(kind, name) for text in texts for kind, name in _MADE.findall(text)]
    cursor.execute("create schema if not exists report")
    cursor.execute("set local search_path = report, public")
    _move_from_public(cursor, [name for _, name in made])
    cursor.execute("savepoint views")
    try:
        for text in texts:
            cursor.execute(text)
    except psycopg2.errors.InvalidTableDefinition:
        cursor.execute("rollback to savepoint views")
        cursor.execute(r"select viewname from pg_views where schemaname = 'report' and viewname like 'v\_%'")
        for (name,) in cursor.fetchall():
            cursor.execute(sql.SQL("drop view if exists report.{} cascade").format(sql.Identifier(name)))
        for text in texts:
            cursor.execute(text)
    return tuple(path.name for path in files)


def _move_from_public(cursor: psycopg2.extensions.cursor, names: list[str]) -> None:
    """Release 0.1 had them in `public`. Moved, not made anew: views that somebody built on them live on."""
    cursor.execute(
        """
        select format('alter view %%s set schema report', pg_class.oid::regclass)
        from pg_class
        where relnamespace = 'public'::regnamespace and relkind = 'v' and relname = any(%(names)s)
        union all
        select format('alter function %%s set schema report', pg_proc.oid::regprocedure)
        from pg_proc
        where pronamespace = 'public'::regnamespace and proname = any(%(names)s)
        """,
        {"names": names},
    )
    for (statement,) in cursor.fetchall():
        cursor.execute(statement)
