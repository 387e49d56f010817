"""Labels that come from outside: chargebacks and other people's verdicts. Appended, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from fraud_scorer.adapters.postgres.bulk import rows
from fraud_scorer.adapters.postgres.engine import transaction


@dataclass(frozen=True)
class Said:
    """One statement about one payment."""

    trans_num: str
    verdict: str  # fraud, not_fraud, unsure, withdrawn
    known_at: datetime  # aware
    note: str | None = None


class PostgresLabels:
    """The table ``labels``. Every method raises StoreUnavailable if ``fraud_db`` cannot be asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def unknown(self, trans_nums: Sequence[str]) -> list[int]:
        """The positions in ``trans_nums`` of payments that are not stored, ascending."""
        with transaction(self._engine) as cursor:
            found = rows(cursor, "labels_unknown", {"trans_nums": list(trans_nums)})
        return [int(str(row["place"])) - 1 for row in found]

    def append(self, said: Sequence[Said], *, source: str, author: str) -> int:
        """Append what was not said before (same payment, source, verdict and moment), all or nothing; how many."""
        values: dict[str, object] = {
            "trans_nums": [one.trans_num for one in said],
            "verdicts": [one.verdict for one in said],
            "known_at": [one.known_at for one in said],
            "notes": [one.note for one in said],
            "source": source,
            "author": author,
        }
        with transaction(self._engine) as cursor:
            rows(cursor, "labels_lock", {})
            rows(cursor, "labels_import", values)
            return int(cursor.rowcount)
