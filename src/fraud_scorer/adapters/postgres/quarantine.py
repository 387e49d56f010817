"""Records that could not become payments, as the operator sees them."""

from __future__ import annotations

from sqlalchemy import Engine

from fraud_scorer.adapters.postgres.bulk import rows
from fraud_scorer.adapters.postgres.engine import transaction


class PostgresQuarantine:
    """The table ``quarantine``. Every method raises StoreUnavailable if ``fraud_db`` cannot be asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open_records(self) -> int:
        """How many records nobody has dealt with."""
        with transaction(self._engine) as cursor:
            return int(str(rows(cursor, "quarantine_open", {})[0]["open_records"]))
