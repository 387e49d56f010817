"""The SQL under ``sql/queries``: one statement a file, read once."""

from __future__ import annotations

import re
from functools import cache

from fraud_scorer.store.sql_files import sql_root

_COMMENT = re.compile(r"^\s*--.*$|\s--\s.*$", re.MULTILINE)
_NAMED = re.compile(r"(?<![:\w]):([a-z_]\w*)")


@cache
def query(name: str) -> str:
    """The statement of ``sql/queries/<name>.sql`` for psycopg2: ``:name`` has become ``%(name)s``, comments are gone.

    Raises:
        FileNotFoundError: there is no such file.

    >>> "%(batch_id)s" in query("ledger_batch")
    True
    """
    statement = (sql_root() / "queries" / f"{name}.sql").read_text(encoding="utf-8")
    return _NAMED.sub(r"%(\1)s", _COMMENT.sub("", statement)).strip().rstrip(";")
