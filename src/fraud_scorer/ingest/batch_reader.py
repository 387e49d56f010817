"""Decode and validate one batch's answers: bad records go to quarantine, payments go on."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pandas as pd

from fraud_common.errors import LandingError, PayloadError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.ingest.columns import Reject
from fraud_scorer.ingest.decode import decode
from fraud_scorer.ingest.envelope import envelope_sentences
from fraud_scorer.ingest.field_map import FieldMap
from fraud_scorer.ingest.sensitive_data import SensitiveFields, mapped_names, without_sensitive
from fraud_scorer.ingest.tables import AnyTable
from fraud_scorer.ingest.validate import Validated, ValidationRules, validate

MOST_RECORD_BYTES = 1_048_576  # kept in quarantine of one record, or of an unreadable answer; all of it is in landing
_ROWS_AT_ONCE = 50_000  # validated together: bounds the memory of bad rows


@dataclass(frozen=True)
class _KeptLimits:
    """Limits on the bad records of one answer that are kept each; one line counts the others."""

    records: float = 20_000
    record_bytes: float = MOST_RECORD_BYTES
    bytes_together: float = 67_108_864


_UNLIMITED = _KeptLimits(math.inf, math.inf, math.inf)


@dataclass(frozen=True)
class RawPart:
    """One answer, read only when its turn comes; a file of past payments gives a table at once."""

    number: int
    received_at: datetime  # aware: an event more than 5 minutes later is quarantined
    read: Callable[[], bytes | AnyTable]  # may raise LandingError
    http_status: int = 200
    truncated: bool = False


class BatchReader:
    """Reads the parts of one batch: payments, quarantined records and counts so far."""

    def __init__(
        self, batch: Batch, encrypt: Callable[[bytes], bytes], fields: FieldMap, rules: ValidationRules
    ) -> None:
        self._batch, self._encrypt, self._fields, self._rules = batch, encrypt, fields, rules
        self._sensitive = SensitiveFields(tuple(fields.remove), mapped_names(fields.theirs_to_ours))
        self.valid: list[pd.DataFrame] = []
        self.quarantined: list[dict[str, object]] = []
        self.errors: list[str] = []
        self.received = 0
        self.notes: list[str] = []  # more pages, or errors, that the answers announced
        self.dropped: Counter[str] = Counter()  # unusable optional values of valid payments, by field and reason
        self.bad = 0  # records that are no payments, kept apart or not

    def take(self, part: RawPart) -> None:
        """Decode and validate one part; bad records go to quarantine, row by row or as a whole."""
        try:
            body = part.read()
        except LandingError as error:
            self._refuse(part, "landing_unreadable", str(error), b"")
            return
        try:
            if isinstance(body, bytes):
                self._judge(part, _decoded(body, part), _KeptLimits())
            else:  # a file's rows are nowhere else: each bad one is kept
                self._judge(part, body, _UNLIMITED)
        except PayloadError as error:
            self._refuse(part, "answer_unreadable", str(error), body)
        except Exception as error:  # a fault of ours in one answer must not hold up every batch behind it
            self._refuse(part, "reading_failed", f"reading the answer failed: {type(error).__name__}", body)

    def no_payments(self) -> pd.DataFrame:
        """The frame of an empty batch."""
        return self._validated({}, range(0), datetime.now(UTC)).payments

    def _judge(self, part: RawPart, table: AnyTable, limits: _KeptLimits) -> None:
        columns, valid = self._fields.apply(table), []
        bad = _BadRecords(table, limits)
        for start in range(0, len(table) or 1, _ROWS_AT_ONCE):
            judged = self._validated(columns, range(start, min(start + _ROWS_AT_ONCE, len(table))), part.received_at)
            valid.append(judged.payments)
            bad.add(judged.rejects)
            self.dropped.update(one.reason for one in judged.dropped)
        self.received += len(table)
        self.bad += bad.count
        self.notes += [f"an answer {sentence}" for sentence in envelope_sentences(table.envelope)]
        self.valid += valid
        self.quarantined += [self._record(part, row, reason, detail, body) for row, reason, detail, body in bad.lines()]

    def _validated(self, columns: Mapping[str, Sequence[object]], rows: range, received_at: datetime) -> Validated:
        """Judge these of the rows; the row indexes are the table's."""
        some = {name: values[rows.start : rows.stop] for name, values in columns.items()}
        judged = validate(some, len(rows), rules=self._rules, received_at=received_at)
        if not rows.start:
            return judged
        payments = judged.payments.assign(row_index=judged.payments["row_index"] + rows.start)
        rejects = [replace(one, row_index=one.row_index + rows.start) for one in judged.rejects]
        return replace(judged, payments=payments, rejects=rejects)

    def _refuse(self, part: RawPart, reason: str, detail: str, body: bytes | AnyTable) -> None:
        """Quarantine a whole answer, as one record without a row index."""
        kept = body[:MOST_RECORD_BYTES] if isinstance(body, bytes) else b""
        self.received += 1
        self.bad += 1
        self.errors.append(detail)
        self.quarantined.append(self._record(part, None, reason, detail, kept))

    def _record(
        self, part: RawPart, row_index: int | None, reason: str, detail: str, record: bytes
    ) -> dict[str, object]:
        return {
            "batch_id": self._batch.batch_id, "part": part.number, "row_index": row_index, "reason": reason,
            "detail": detail, "record": self._encrypt(without_sensitive(record, self._sensitive).body),
        }  # fmt: skip


def _decoded(body: bytes, part: RawPart) -> AnyTable:
    return decode(body, http_status=part.http_status, truncated=part.truncated)


class _BadRecords:
    """The bad records of one answer: the first ones each with its body, those beyond the limits in one line."""

    def __init__(self, table: AnyTable, limits: _KeptLimits) -> None:
        self._table, self._limits = table, limits
        self._kept: list[tuple[int, str, str, bytes]] = []
        self._others: Counter[str] = Counter()
        self._bytes = 0

    @property
    def count(self) -> int:
        """The number of all bad records."""
        return len(self._kept) + self._others.total()

    def add(self, rejects: Sequence[Reject]) -> None:
        """Add bad records, in the order of their rows."""
        for one in rejects:
            reason, detail = _why(one, self._table)
            body = self._body(one.row_index)
            if body is None:
                self._others[reason] += 1
            else:
                self._kept.append((one.row_index, reason, detail, body))

    def _body(self, row_index: int) -> bytes | None:
        """The record's body; None if it cannot be kept by itself."""
        if len(self._kept) >= self._limits.records or self._bytes >= self._limits.bytes_together:
            return None
        try:
            body = self._table.record_body(row_index, self._limits.record_bytes)
        except PayloadError:
            self._bytes += MOST_RECORD_BYTES  # bounds the cost of records that are not kept, too
            return None
        self._bytes += len(body)
        return body if len(body) <= self._limits.record_bytes else None

    def lines(self) -> list[tuple[int | None, str, str, bytes]]:
        """Row index (None: the line for the others), reason, detail and body."""
        if not self._others:
            return list(self._kept)
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in self._others.most_common(5))
        detail = (
            f"bad records that are too many or too long to be kept apart: {self._others.total():,} ({reasons}); they "
            "are in landing with their answer: mend what is wrong, then replay the batch"
        )
        return [(None, "kept_only_in_landing", detail, b""), *self._kept]


def _why(bad: Reject, table: AnyTable) -> tuple[str, str]:
    """Reason and detail."""
    if not table.is_record(bad.row_index):
        return "not_a_record", "stands where a record was expected"
    return bad.reason, bad.detail
