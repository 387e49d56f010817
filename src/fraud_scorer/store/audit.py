"""Who did what beside the pipeline's own runs, in the append-only table ``audit_events``."""

from __future__ import annotations

import getpass
import json
import socket
from functools import cache

import psycopg2.extensions
from sqlalchemy import Engine

from fraud_common.logs import without_card_numbers
from fraud_scorer.store.bulk import rows, without_nul
from fraud_scorer.store.engine import transaction


def note(cursor: psycopg2.extensions.cursor, action: str, **detail: object) -> None:
    """Note ``action`` of whoever runs this program, inside the caller's transaction: done and noted, or neither.

    ``detail``: JSON values and times; card numbers in texts, which a person may have typed, are masked.
    """
    told = json.dumps({name: _masked(value) for name, value in detail.items() if value is not None}, default=str)
    rows(cursor, "audit/note", {"actor": actor(), "action": action, "detail": told})


def _masked(value: object) -> object:
    return without_card_numbers(value) if isinstance(value, str) else value


@cache
def actor() -> str:
    """The user of the operating system and the machine: ``ana@desk-3``."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        user = "somebody"
    return without_nul(f"{user}@{socket.gethostname()}")[:200]


class PostgresAudit:
    """Notes in transactions of their own. Raises StoreUnavailable if ``fraud_db`` cannot be asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(self, action: str, **detail: object) -> None:
        """As `note`, before what takes many transactions begins."""
        with transaction(self._engine) as cursor:
            note(cursor, action, **detail)
