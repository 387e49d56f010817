"""The SQL under ``sql/queries``: a folder a topic, one statement a file, read once."""

from __future__ import annotations

from functools import cache

from fraud_scorer.store.sql_files import sql_root


def query_names() -> list[str]:
    """The names of all statements, in order."""
    folder = sql_root() / "queries"
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.glob("*/*.sql"))


@cache
def query(name: str) -> str:
    """The statement of ``sql/queries/<name>.sql``, a name like ``ledger/claim``; its parameters are psycopg2's.

    A parameter stands as ``%(name)s``, a literal percent sign as ``%%``, also in comments.

    Raises:
        FileNotFoundError: there is no such file.

    >>> "%(batch_id)s" in query("ledger/batch")
    True
    """
    return (sql_root() / "queries" / f"{name}.sql").read_text(encoding="utf-8").strip().rstrip(";")
