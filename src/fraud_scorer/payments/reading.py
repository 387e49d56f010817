"""One batch's answers, decoded and validated: what is bad goes to quarantine, and the rest goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from fraud_scorer.batches import Batch
from fraud_scorer.errors import LandingError, PayloadError
from fraud_scorer.payments.decode import decode
from fraud_scorer.payments.fields import FieldMap
from fraud_scorer.payments.rows import Reject
from fraud_scorer.payments.tables import AnyTable, Table
from fraud_scorer.payments.validate import Rules, Validated, validate

MOST_RECORD_BYTES = 1_048_576  # of an unreadable answer, so much is kept in quarantine; all of it is in landing


@dataclass(frozen=True)
class RawPart:
    """One answer, read only when its turn comes; a file of past payments gives a table at once."""

    number: int
    received_at: datetime  # aware: an event more than 5 minutes later is quarantined
    read: Callable[[], bytes | AnyTable]  # may raise LandingError
    http_status: int = 200
    truncated: bool = False


class BatchReading:
    """What the parts of one batch gave so far."""

    def __init__(self, batch: Batch, encrypt: Callable[[bytes], bytes], fields: FieldMap, rules: Rules) -> None:
        self._batch, self._encrypt, self._fields, self._rules = batch, encrypt, fields, rules
        self.valid: list[pd.DataFrame] = []
        self.quarantined: list[dict[str, object]] = []
        self.errors: list[str] = []
        self.received = 0

    def take(self, part: RawPart) -> None:
        """Decode and validate one part; what is bad goes to quarantine, row by row or as a whole."""
        try:
            body = part.read()
        except LandingError as error:
            self._refuse(part, "landing_unreadable", str(error), b"")
            return
        try:
            self._judge(part, body if isinstance(body, AnyTable) else _decoded(body, part))
        except PayloadError as error:
            self._refuse(part, "answer_unreadable", str(error), body)
        except Exception as error:  # a fault of ours in one answer must not hold up every batch behind it
            self._refuse(part, "reading_failed", f"reading the answer failed: {type(error).__name__}", body)

    def no_payments(self) -> pd.DataFrame:
        """The frame of an empty batch."""
        return self._validated(Table((), []), datetime.now(UTC)).payments

    def _judge(self, part: RawPart, table: AnyTable) -> None:
        judged = self._validated(table, part.received_at)
        bad = [
            self._record(part, one.row_index, *_why(one, table), table.record_body(one.row_index))
            for one in judged.rejects
        ]
        self.received += len(table)
        self.valid.append(judged.payments)
        self.quarantined += bad

    def _validated(self, table: AnyTable, received_at: datetime) -> Validated:
        columns = self._fields.apply(table)
        return validate(columns, len(table), rules=self._rules, received_at=received_at)

    def _refuse(self, part: RawPart, reason: str, detail: str, body: bytes | AnyTable) -> None:
        """A whole answer: one record without a row index."""
        kept = body[:MOST_RECORD_BYTES] if isinstance(body, bytes) else b""
        self.received += 1
        self.errors.append(detail)
        self.quarantined.append(self._record(part, None, reason, detail, kept))

    def _record(
        self, part: RawPart, row_index: int | None, reason: str, detail: str, record: bytes
    ) -> dict[str, object]:
        return {
            "batch_id": self._batch.batch_id, "part": part.number, "row_index": row_index, "reason": reason,
            "detail": detail, "record": self._encrypt(record),
        }  # fmt: skip


def _decoded(body: bytes, part: RawPart) -> AnyTable:
    return decode(body, http_status=part.http_status, truncated=part.truncated)


def _why(bad: Reject, table: AnyTable) -> tuple[str, str]:
    """Reason and detail."""
    if not table.is_record(bad.row_index):
        return "not_a_record", "stands where a record was expected"
    return bad.reason, bad.detail
