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
from fraud_scorer.payments.tables import Table
from fraud_scorer.payments.validate import Rules, Validated, validate

MOST_RECORD_BYTES = 1_048_576  # of an unreadable answer, so much is kept in quarantine; all of it is in landing


@dataclass(frozen=True)
class RawPart:
    """One answer, read only when its turn comes; a file of past payments gives a table at once."""

    number: int
    received_at: datetime  # aware: an event more than 5 minutes later is quarantined
    read: Callable[[], bytes | Table]  # may raise LandingError
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
        body: bytes | Table = b""
        try:
            body = part.read()
            if isinstance(body, bytes):
                table = decode(body, http_status=part.http_status, truncated=part.truncated)
            else:
                table = body
        except PayloadError as error:
            self._refuse(part, "answer_unreadable", str(error), body)
        except LandingError as error:
            self._refuse(part, "landing_unreadable", str(error), b"")
        else:
            self._judge(part, table)

    def no_payments(self) -> pd.DataFrame:
        """The frame of an empty batch."""
        return self._validated(Table((), []), datetime.now(UTC)).payments

    def _judge(self, part: RawPart, table: Table) -> None:
        judged = self._validated(table, part.received_at)
        self.received += len(table)
        self.valid.append(judged.payments)
        for bad in judged.rejects:
            reason, detail = bad.reason, bad.detail
            if bad.row_index in table.odd:
                reason, detail = "not_a_record", "stands where a record was expected"
            self._quarantine(part, bad.row_index, reason, detail, table.record_body(bad.row_index))

    def _validated(self, table: Table, received_at: datetime) -> Validated:
        columns = self._fields.apply(table)
        return validate(columns, len(table), rules=self._rules, received_at=received_at)

    def _refuse(self, part: RawPart, reason: str, detail: str, body: bytes | Table) -> None:
        """A whole answer: one record without a row index."""
        assert isinstance(body, bytes)
        self.received += 1
        self.errors.append(detail)
        self._quarantine(part, None, reason, detail, body[:MOST_RECORD_BYTES])

    def _quarantine(self, part: RawPart, row_index: int | None, reason: str, detail: str, record: bytes) -> None:
        self.quarantined.append({
            "batch_id": self._batch.batch_id, "part": part.number, "row_index": row_index, "reason": reason,
            "detail": detail, "record": self._encrypt(record),
        })  # fmt: skip
