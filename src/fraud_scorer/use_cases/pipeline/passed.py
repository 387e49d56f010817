"""Batches that were passed: tried once more by themselves, tried again or passed by somebody's word.

A passed batch stays in the ledger as ``failed`` and its bytes stay in landing. Loaded later, its payments get the times
and labels they would have had in their turn (a late load).
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from fraud_common.errors import FraudScorerError, SettingsError, StoreUnavailable, TransientError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.use_cases.pipeline.ahead import load_ahead
from fraud_scorer.use_cases.pipeline.run import Run
from fraud_scorer.use_cases.pipeline.waiting import landed, note_landed, waiting_work

if TYPE_CHECKING:
    from fraud_scorer.wiring import Parts

log = structlog.get_logger()
TRY_SECONDS = 20.0  # no passed batch is begun after; the next run goes on


def try_again(parts: Parts) -> int:
    """Load batches that were passed because runs died over them, each alone and once, now that others got through.

    After an outage that killed every run this makes all whole again. A batch that does kill its worker takes the caller
    along a last time: what the caller itself had to load must be committed by then. Gives how many were loaded.
    """
    loaded, ends = 0, time.monotonic() + TRY_SECONDS
    while time.monotonic() < ends and (due := parts.store.to_try_again()):
        log.info("Trying a passed batch a last time.", action="load", batch_id=due[0].batch_id)
        if not _is_loaded(parts, due[0]):
            break
        loaded += 1
    return loaded


def _is_loaded(parts: Parts, batch: Batch) -> bool:
    """Whether it is loaded; no error of its own fails the run that tries it."""
    try:
        if not _load(parts, batch)["taken_over"]:
            return True
        parts.store.mark_tried(batch, is_tried=False)
    except TransientError as error:
        log.warning("A passed batch is tried again later.", action="load", batch_id=batch.batch_id, error=error.what)
        with suppress(StoreUnavailable):  # then it counts as tried: the watchdog tells, and somebody retries it
            parts.store.mark_tried(batch, is_tried=False)
    except Exception as error:  # of an error that nobody foresaw only the kind: its text may quote a payment
        said = str(error) if isinstance(error, FraudScorerError) else type(error).__name__
        log.error("A passed batch cannot be loaded.", action="load", batch_id=batch.batch_id, error=said)
    return False


def retry(parts: Parts, batch: Batch) -> dict[str, int]:
    """Load a batch that waits, failed or was passed, here and now, after what landed before it; the counts of its load.

    Raises:
        SettingsError: there is no such batch, it is loaded already, or its bytes are not in landing.
        TransientError: another run is at it.
    """
    note_landed(parts)
    _require_not_loaded(parts, batch)
    if not landed(parts, [batch]):
        raise SettingsError(f"the bytes of {batch.batch_id} are not in landing", "What was purged is gone for good")
    parts.audit.note("batch retry", batch_id=batch.batch_id)
    load_ahead(parts, batch)
    parts.store.mark_tried(batch, is_tried=True)
    counts = _load(parts, batch)
    if counts["taken_over"]:
        raise TransientError(f"another run took {batch.batch_id} over", "Try again when it is done")
    return counts


def pass_by_hand(parts: Parts, batch: Batch, *, by: str, why: str) -> None:
    """Pass a batch by somebody's word: nothing waits for it any more, and it is not tried again by itself.

    Raises:
        SettingsError: there is no such batch, it is loaded already, or it is an imported day.
    """
    note_landed(parts)
    _require_not_loaded(parts, batch)
    parts.audit.note("batch pass", batch_id=batch.batch_id, by=by, why=why)
    parts.store.mark_failed(batch, f"passed by {by}: {why}", passed_for="hand", by=by)
    log.info("Passed a batch by hand.", action="pass", batch_id=batch.batch_id, by=by)


def _load(parts: Parts, batch: Batch) -> dict[str, int]:
    line = landed(parts, [batch])
    return Run(parts, f"passed-{uuid4().hex[:12]}", lambda: list(waiting_work(line, parts.landing))).whole()


def _require_not_loaded(parts: Parts, batch: Batch) -> None:
    found = parts.store.recent(1, kinds=[batch.kind], batches=[batch])
    if not found:
        raise SettingsError(f"there is no batch {batch.batch_id}", "`fraud-scorer batch list` names those that wait")
    status = found[0]["status"]
    if batch.kind == "history":
        raise SettingsError(
            f"{batch.batch_id} is an imported day", "Import its file again: `fraud-scorer history import`"
        )
    if status not in ("landed", "failed"):
        raise SettingsError(f"{batch.batch_id} is {status}", "To run it again, use `fraud-scorer replay`")
