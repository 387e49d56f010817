"""Records that could not become payments, as the operator sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Engine

from fraud_scorer.domain.batches import Batch
from fraud_scorer.store.audit import note
from fraud_scorer.store.bulk import rows, without_nul
from fraud_scorer.store.engine import transaction


@dataclass(frozen=True)
class Quarantined:
    """One open record, as it is taken out to be tried again."""

    quarantine_id: int
    batch: Batch
    part: int
    row_index: int | None  # None: the whole answer
    reason: str
    record: bytes  # encrypted
    received_at: datetime  # when its answer came (UTC)


class PostgresQuarantine:
    """The table ``quarantine``. Every method raises StoreUnavailable if ``fraud_db`` cannot be asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open_records(self) -> int:
        """How many records nobody has dealt with."""
        return int(self._run("quarantine/count")[0]["records"])

    def reasons(self) -> dict[str, int]:
        """The open records by reason, the most frequent first."""
        return {row["reason"]: int(row["records"]) for row in self._run("quarantine/reasons")}

    def listed(
        self,
        limit: int = 50,
        *,
        statuses: Sequence[str] = ("open",),
        batch: Batch | None = None,
        reason: str | None = None,
    ) -> list[dict[str, Any]]:
        """Records, latest first, without their bytes (the columns of quarantine/list.sql)."""
        batch_id = batch.batch_id if batch else None
        return self._run("quarantine/list", at_most=limit, statuses=list(statuses), batch_id=batch_id, reason=reason)

    def record(self, quarantine_id: int) -> dict[str, Any] | None:
        """One record with ``record``, its encrypted bytes (empty once purged); None if there is none of that number."""
        found = self._run("quarantine/record", quarantine_id=quarantine_id)
        return found[0] | {"record": bytes(found[0]["record"])} if found else None

    def take(
        self, ids: Sequence[int] | None = None, *, reason: str | None = None, after: int = 0, limit: int = 500
    ) -> list[Quarantined]:
        """Open records above the number ``after``, lowest first: those named, or of a reason, or (neither given) all.

        Nothing is changed or locked.
        """
        found = self._run("quarantine/take", ids=_ids(ids), reason=reason, after=after, at_most=limit)
        return [_quarantined(row) for row in found]

    def states(self, ids: Sequence[int]) -> dict[int, str]:
        """``open``, ``retried`` or ``dropped`` of these records; unknown numbers are left out."""
        return {int(row["quarantine_id"]): row["status"] for row in self._run("quarantine/states", ids=list(ids))}

    def mark_retried(self, ids: Sequence[int]) -> int:
        """These are payments now; how many were open until now."""
        return len(self._run("quarantine/retried", ids=list(ids)))

    def still_bad(self, why: Mapping[int, tuple[str, str]]) -> None:
        """These were tried again and stay open: number to reason and detail."""
        reasons = [without_nul(reason) for reason, _ in why.values()]
        details = [without_nul(detail) for _, detail in why.values()]
        self._run("quarantine/still_bad", ids=list(why), reasons=reasons, details=details)

    def drop(self, ids: Sequence[int] | None = None, *, reason: str | None = None) -> int:
        """Give up those named, or the open ones of a reason (neither: all); how many were open until now. Audited."""
        with transaction(self._engine) as cursor:
            dropped = [
                row["quarantine_id"] for row in rows(cursor, "quarantine/drop", {"ids": _ids(ids), "reason": reason})
            ]
            note(cursor, "quarantine drop", reason=reason, records=dropped)
        return len(dropped)

    def _run(self, name: str, **values: object) -> list[dict[str, Any]]:
        with transaction(self._engine) as cursor:
            return cast("list[dict[str, Any]]", rows(cursor, name, values))


def _ids(ids: Sequence[int] | None) -> list[int] | None:
    return None if ids is None else list(ids)


def _quarantined(row: Mapping[str, Any]) -> Quarantined:
    return Quarantined(
        quarantine_id=int(row["quarantine_id"]),
        batch=Batch.of_id(row["batch_id"]),
        part=int(row["part"]),
        row_index=row["row_index"],
        reason=row["reason"],
        record=bytes(row["record"]),
        received_at=row["received_at"],
    )
