"""Retries quarantined records, after the cause (a field map, a key, our own code) was mended.

Records are judged first: what is bad still stays in quarantine, with the reason it has now. The others are landed as a
batch of their own, which is then transformed, scored and loaded like any landed answer, under a landing sequence later
than all before; live runs take it up if this one dies. An answer that could not be read at all is still in landing:
its batch is replayed. A record is ``retried`` only once its payment is stored, and trying again changes nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog

from fraud_common.errors import LandingError, TransientError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import KEYED, Answer
from fraud_scorer.ingest.batch_reader import BatchReader, RawPart
from fraud_scorer.ingest.decode import decode
from fraud_scorer.ingest.tables import AnyTable, join_key, join_tables
from fraud_scorer.store.quarantine import Quarantined
from fraud_scorer.use_cases.pipeline.landed_batches import landed_batches, read_batches
from fraud_scorer.use_cases.pipeline.landing_order import load_earlier_batches, note_landed
from fraud_scorer.use_cases.pipeline.replay import Progress, silent
from fraud_scorer.use_cases.pipeline.scoring_run import ScoringRun

if TYPE_CHECKING:
    from fraud_scorer.use_cases.pipeline.minute import Pipeline

log = structlog.get_logger()

RECORDS_AT_ONCE = 5000
_COUNTS = ("new", "updated", "unchanged", "flagged", "mails_queued")


@dataclass
class RetryResult:
    """Counts of a retry."""

    tried: int = 0
    retried: int = 0
    still_bad: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    flagged: int = 0
    mails_queued: int = 0
    problems: list[str] = field(default_factory=list)  # a sentence each, for whom there is something to do

    def add(self, done: dict[str, Any]) -> None:
        """Add the counts of one load."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + done[name])


@dataclass(frozen=True)
class _ValidRecords:
    """Records of one answer that are valid now, as one table."""

    origin: Quarantined  # the first of them
    ids: dict[int, str]  # quarantine_id to trans_num
    table: AnyTable

    @property
    def body(self) -> bytes:
        """Decoding it gives these rows again."""
        return self.table.body()


def retry_records(
    pipeline: Pipeline,
    ids: Sequence[int] | None = None,
    *,
    reason: str | None = None,
    progress: Progress = silent,
) -> RetryResult:
    """Try the open records again: those named, or of a reason, or (neither given) all. Who asks is audited.

    Raises:
        TransientError: another run took the retried batch over and has not loaded it yet, or the disk is full, or
            ``fraud_db`` cannot be reached. The same command again goes on where this one stopped.
    """
    pipeline.parts.database.audit.note("quarantine retry", records=None if ids is None else list(ids), reason=reason)
    done = RetryResult()
    total = len(ids) if ids is not None else _open_records(pipeline, reason)
    answers: dict[str, list[int]] = {}
    progress(0, total)
    for records in _pages(pipeline, ids, reason):
        whole = [record for record in records if record.row_index is None]
        for record in whole:
            answers.setdefault(record.batch.batch_id, []).append(record.quarantine_id)
        _retry_rows(pipeline, [record for record in records if record.row_index is not None], done)
        done.tried += len(records)
        progress(done.tried - sum(map(len, answers.values())), total)
    for batch_id, answer_ids in answers.items():
        _retry_answers(pipeline, Batch.of_id(batch_id), answer_ids, done)
    progress(total, total)
    return done


def _open_records(pipeline: Pipeline, reason: str | None) -> int:
    reasons = pipeline.parts.database.quarantine.reasons()
    return sum(reasons.values()) if reason is None else reasons.get(reason, 0)


def _pages(pipeline: Pipeline, ids: Sequence[int] | None, reason: str | None) -> Iterator[list[Quarantined]]:
    after = 0
    while records := pipeline.parts.database.quarantine.take(ids, reason=reason, after=after, limit=RECORDS_AT_ONCE):
        yield records
        after = records[-1].quarantine_id


# --- single records -----------------------------------------------------------------------------------------------
def _retry_rows(pipeline: Pipeline, records: Sequence[Quarantined], done: RetryResult) -> None:
    """Land the valid records, live ones and imported history in a batch each, and load the batches."""
    bad: dict[int, tuple[str, str]] = {}
    good: dict[bool, list[_ValidRecords]] = {False: [], True: []}
    for one in _valid_records(pipeline, records, bad):
        good[one.origin.batch.kind == "history"].append(one)
    pipeline.parts.database.quarantine.still_bad(bad)
    done.still_bad += len(bad)
    for is_history, judged in good.items():
        if judged:
            done.add(_run_steps(pipeline, _land(pipeline, judged, is_history=is_history)))
            done.retried += _mark_retried(pipeline, judged)


def _valid_records(
    pipeline: Pipeline, records: Sequence[Quarantined], bad: dict[int, tuple[str, str]]
) -> Iterator[_ValidRecords]:
    """The records that are payments now, by answer and columns; the others go to ``bad``."""
    readable = sorted(_decode_records(pipeline, records, bad), key=lambda pair: _origin(*pair))
    for _, group in itertools.groupby(readable, key=lambda pair: _origin(*pair)):
        yield from _validate_together(pipeline, list(group), bad)


def _validate_together(
    pipeline: Pipeline, pairs: Sequence[tuple[Quarantined, AnyTable]], bad: dict[int, tuple[str, str]]
) -> Iterator[_ValidRecords]:
    """Read records of one answer together; where that fails as a whole, each by itself."""
    first, table = pairs[0][0], join_tables([one for _, one in pairs])
    config = pipeline.parts.source.transform_config
    reading = BatchReader(first.batch, lambda body: body, config.fields, config.rules)
    reading.take(RawPart(first.part, first.received_at, lambda: table))
    if reading.errors and len(pairs) > 1:
        for pair in pairs:
            yield from _validate_together(pipeline, [pair], bad)
        return
    numbers = [record.quarantine_id for record, _ in pairs]
    for line in reading.quarantined:
        row = line["row_index"]
        bad[numbers[0 if row is None else int(str(row))]] = (str(line["reason"]), str(line["detail"]))
    valid = {
        int(row): str(trans_num)
        for frame in reading.valid
        for row, trans_num in zip(frame["row_index"], frame["trans_num"], strict=True)
    }
    if valid:
        yield _ValidRecords(first, {numbers[row]: name for row, name in valid.items()}, table.take(valid))


def _origin(record: Quarantined, table: AnyTable) -> tuple[str, int, datetime, tuple[str, ...]]:
    return record.batch.batch_id, record.part, record.received_at, join_key(table)


def _decode_records(
    pipeline: Pipeline, records: Sequence[Quarantined], bad: dict[int, tuple[str, str]]
) -> Iterator[tuple[Quarantined, AnyTable]]:
    for record in records:
        name = f"quarantined record {record.quarantine_id}"
        try:
            table = decode(pipeline.parts.files.cipher.decrypt(record.record, name=name))
        except LandingError as error:
            bad[record.quarantine_id] = (record.reason, str(error))
        except Exception:
            bad[record.quarantine_id] = (record.reason, "is no record: nothing in it could be mapped")
        else:
            yield record, table


def _land(pipeline: Pipeline, judged: Sequence[_ValidRecords], *, is_history: bool) -> Batch:
    """The records on disk as a closed batch: the same records make the same batch, landed once."""
    landing, bodies = pipeline.parts.files.landing, [one.body for one in judged]
    names = [f"{one.origin.batch.batch_id}/{one.origin.part}".encode() for one in judged]
    # keyed: a plain hash of one payment gives its card number away
    mark = pipeline.parts.files.cipher.mark(b"\x00".join(itertools.chain(names, bodies))).removeprefix(KEYED)[:12]
    batch = Batch.of_retry(mark, history=is_history)
    with landing.lock(batch) as mine:
        if not mine:
            raise TransientError("these records are being tried again by another command", "Wait for it to end")
        if landing.completion(batch) is None:
            for one, body in list(zip(judged, bodies, strict=True))[len(landing.parts(batch)) :]:
                landing.land(batch, Answer(body, 200, "application/json", one.origin.received_at))
            landing.close(batch, now=pipeline.parts.clock.now())
    return batch


def _mark_retried(pipeline: Pipeline, judged: Sequence[_ValidRecords]) -> int:
    """Mark the records whose payment is stored."""
    names = {number: name for one in judged for number, name in one.ids.items()}
    stored = set(pipeline.parts.database.store.known(sorted(set(names.values())))["trans_num"])
    return pipeline.parts.database.quarantine.mark_retried([number for number, name in names.items() if name in stored])


# --- whole answers ------------------------------------------------------------------------------------------------
def _retry_answers(pipeline: Pipeline, batch: Batch, ids: Sequence[int], done: RetryResult) -> None:
    """Replay the batch from landing: its load marks what can be read now."""
    if not landed_batches(pipeline.parts.files.landing, [batch]):
        done.problems.append(f"{batch.batch_id} is not in landing any more: its {len(ids)} unread answers stay")
        done.still_bad += len(ids)
        return
    done.add(_run_steps(pipeline, batch))
    states = pipeline.parts.database.quarantine.states(ids)
    mended = sum(states.get(number) == "retried" for number in ids)
    done.retried += mended
    done.still_bad += len(ids) - mended


def _run_steps(pipeline: Pipeline, batch: Batch) -> dict[str, Any]:
    """Transform, score and load one landed batch; the counts of its load."""
    parts = pipeline.parts
    note_landed(parts)
    name = f"retry-{batch.batch_id}" if batch.kind == "minute" else batch.batch_id
    load_earlier_batches(parts, batch)
    counts = ScoringRun(
        parts, name, lambda: list(read_batches(landed_batches(parts.files.landing, [batch]), parts.files.landing))
    ).run_all()
    if counts["taken_over"]:
        raise TransientError(f"another run took {batch.batch_id} over", "Try again when it is done")
    log.info("Tried again what was in quarantine.", action="retry", batch_id=batch.batch_id, new=counts["new"])
    return counts
