"""What ``fraud_db`` forgets for its age: oldest first, some thousand rows in a transaction of their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Engine

from fraud_scorer.store.bulk import rows
from fraud_scorer.store.engine import transaction

AT_ONCE = 5_000  # rows a transaction: loads wait for one that purges payments
_BEGINNING = datetime(1, 1, 2, tzinfo=UTC)


class PostgresPurge:
    """Rows that are kept no longer. Every method raises StoreUnavailable if ``fraud_db`` cannot be asked."""

    def __init__(self, engine: Engine, *, at_once: int = AT_ONCE, seconds: Callable[[], float] = time.monotonic):
        self._engine = engine
        self._at_once = at_once
        self._seconds = seconds

    def purge(self, what: str, before: datetime, *, run: datetime, until: float) -> tuple[int, bool]:
        """Purge rows of this kind (``purge_aged`` in SQL names them) that are older than ``before`` (aware).

        Args:
            what: the kind.
            before: what is younger stays.
            run: when this purge began (aware): its name in the table ``purges``.
            until: when to stop (``seconds``' clock); what is left is the next purge's.

        Returns:
            How many rows went, and whether that were all.
        """
        purged, since = 0, _BEGINNING
        values: dict[str, object] = {"what": what, "before": before, "run": run, "at_most": self._at_once}
        while self._seconds() < until:
            with transaction(self._engine) as cursor:
                (done,) = rows(cursor, "retention/purge_aged", values | {"since": since})
            purged += int(str(done["purged"]))
            if not done["reached"]:
                return purged, True
            since = done["reached"]  # type: ignore[assignment]  # a datetime
        return purged, False
