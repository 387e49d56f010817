"""Landing order: which batch is loaded when, and what becomes of a batch that cannot be loaded.

Rules:

1. Each batch gets a landing sequence number as it lands. A batch that was never loaded is loaded after every waiting
   batch with a lower number. So scores, times and labels are as if each batch had been loaded as it landed.
2. A run takes the waiting batches with the lowest numbers first, a limited count. A run that is told its batches
   (backfill, replay, import, retry) takes the waiting batches before them too.
3. A run claims its batches with a token. Only the holder of the newest token may load a batch; an older run is fenced.
4. A claimed batch is unanswered until its run ends, be it with an error. Each run in a row that never ended (killed,
   out of memory or time) halves how many batches the next run takes, down to one.
5. A poison batch is passed, so that the batches behind it go on (``poison_batches`` says when). Its bytes stay in
   landing. If it was passed because runs died, it is tried once more by itself after another batch was loaded. An
   operator may pass a batch too, or load a passed one (``fraud-scorer batch pass | retry``).
6. A batch that is loaded after its turn gives its payments the times and labels of their turn (a late load, in SQL).
7. A day of an imported file waits for its import alone. While the import is at work (it holds the day for two minutes
   at a time) what landed after the day waits. A day whose import was cut off, and after which another batch was loaded,
   is forgotten and imported again under a new number.

`TRANSITIONS` is the state diagram (drawn in docs/landing-order.md); a test holds it to what the pipeline does. In the
run ledger, *claimed* is a ``landed`` row with unanswered claims, and *passed* is a ``failed`` row that says for what.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from fraud_common.errors import FraudScorerError, SettingsError, StoreUnavailable, TransientError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.steps.transform import BatchInput
from fraud_scorer.use_cases.pipeline.landed_batches import landed_batches, read_batches
from fraud_scorer.use_cases.pipeline.poison_batches import pass_if_runs_died
from fraud_scorer.use_cases.pipeline.scoring_run import ScoringRun

if TYPE_CHECKING:
    from fraud_scorer.wiring import Parts

log = structlog.get_logger()
BATCHES_AT_ONCE = 30  # where no task's time-out bounds them
KINDS_OF_RUNS = ("minute", "retry", "again")  # the kinds that runs load; imported history is loaded by its import
RETRY_SECONDS = 20.0  # no passed batch is begun after; the next run goes on


class State(StrEnum):
    """The state of a batch in the run ledger."""

    UNKNOWN = "unknown"  # no row
    LANDED = "landed"  # waits, and no run is at it
    CLAIMED = "claimed"  # waits, and a run took it that has not ended
    DONE = "done"  # its payments are stored
    FAILED = "failed"  # nothing of it could be read
    PASSED = "passed"  # the others go on without it
    MISSED = "missed"  # its minute was never asked for in time: there are no bytes


TRANSITIONS: Mapping[tuple[State, State], str] = {
    (State.UNKNOWN, State.LANDED): "the ledger learns that it landed",
    (State.UNKNOWN, State.MISSED): "the ledger learns that it was missed",
    (State.UNKNOWN, State.FAILED): "its bytes were purged before the ledger knew it",
    (State.LANDED, State.CLAIMED): "a run takes it",
    (State.CLAIMED, State.LANDED): "its run ends with an error",
    (State.CLAIMED, State.DONE): "loaded",
    (State.LANDED, State.DONE): "loaded by a step that is run again",
    (State.CLAIMED, State.FAILED): "loaded, nothing readable",
    (State.LANDED, State.FAILED): "loaded by a step that is run again, nothing readable",
    (State.CLAIMED, State.PASSED): "5 refusals, 3 lone runs that died, or an operator",
    (State.LANDED, State.PASSED): "an operator, or the fifth refusal of a step that is run again",
    (State.PASSED, State.DONE): "loaded late",
    (State.FAILED, State.DONE): "loaded from a restored landing",
    (State.FAILED, State.PASSED): "an operator",
    (State.LANDED, State.UNKNOWN): "an imported day that missed its turn is forgotten",
    (State.CLAIMED, State.UNKNOWN): "an imported day whose import died is forgotten",
}


def batch_state(row: Mapping[str, object]) -> State:
    """The state that a row of the run ledger says (status, passed_for, unanswered); no row is UNKNOWN."""
    if not row:
        return State.UNKNOWN
    if row["status"] == "landed" and int(str(row["unanswered"])):
        return State.CLAIMED
    if row["status"] == "failed" and row["passed_for"]:
        return State.PASSED
    return State(str(row["status"]))


# --- what landed ------------------------------------------------------------------------------------------------------
def note_landed(parts: Parts) -> None:
    """Tell the ledger of every batch that landed since it was last told, days of imported files among them.

    Also of the runs that ended with an answer while the ledger could not be reached.
    """
    for token, batch_ids in parts.files.stage.answered().items():
        parts.database.store.answered([Batch.of_id(name) for name in batch_ids], token)
        parts.files.stage.forget_answered(token)
    if fresh := parts.files.landing.completions(parts.database.store.highest_landed_seq()):
        parts.database.store.note_landed(fresh)


# --- which batches a run takes ----------------------------------------------------------------------------------------
def waiting_batches(parts: Parts, own: Batch) -> list[BatchInput]:
    """The batches that wait, up to a run's limit; if none waits, the run's own batch (a cleared task)."""
    queue = _head_of_queue(parts, lambda: parts.database.store.unloaded(parts.settings.fraud_batches_per_run))
    if not queue and _may_repeat(_ledger_row(parts, own)):
        queue = landed_batches(parts.files.landing, [own])
    return list(read_batches(queue, parts.files.landing))


def requested_batches(parts: Parts, batches: Iterable[Batch], *, is_asked: bool) -> list[BatchInput]:
    """As `all_requested_batches`, up to a run's limit: the rest is left to later runs.

    ``is_asked``: somebody asked for these batches. If not, those that were given up meanwhile are left out.
    """
    if not is_asked:
        batches = [batch for batch in batches if not _is_given_up(_ledger_row(parts, batch))]
    return list(read_batches(_head_of_queue(parts, lambda: _with_earlier(parts, batches)), parts.files.landing))


def all_requested_batches(parts: Parts, batches: Iterable[Batch]) -> list[BatchInput]:
    """Those of ``batches`` that have landed, and what waits before those of them that were never loaded."""
    return list(read_batches(_with_earlier(parts, batches), parts.files.landing))


def _with_earlier(parts: Parts, batches: Iterable[Batch]) -> list[tuple[Batch, int]]:
    requested = landed_batches(parts.files.landing, batches)
    earlier = parts.database.store.ahead([batch for batch, _ in requested])
    return sorted({*requested, *earlier}, key=lambda entry: entry[1])


def _head_of_queue(parts: Parts, look: Callable[[], Sequence[tuple[Batch, int]]]) -> Sequence[tuple[Batch, int]]:
    """The first batches of the queue, up to a run's limit; a first batch over which too many runs died is passed."""
    while queue := look():
        first = _ledger_row(parts, queue[0][0])
        if not pass_if_runs_died(parts.database.store, first):
            return queue[: _batch_limit(parts.settings.fraud_batches_per_run, first)]
    return []


def _batch_limit(most: int, first: Mapping[str, object]) -> int:
    """How many batches a run takes: half as many for each run in a row that took the first and never ended.

    From the second such run on, a batch that a run had claimed alone is taken alone again: if that run dies too, it
    died of this batch.
    """
    unanswered, lone = (int(str(first.get(name, 0))) for name in ("unanswered", "lone_unanswered"))
    if unanswered >= 2 and lone:
        return 1
    return max(1, most >> unanswered)


def _may_repeat(row: Mapping[str, object]) -> bool:
    """Whether a run may take its own batch again although nobody asked for it."""
    return batch_state(row) not in (State.UNKNOWN, State.LANDED, State.CLAIMED) and not _is_given_up(row)


def _is_given_up(row: Mapping[str, object]) -> bool:
    """Whether only an operator (or the one late try) loads the batch: runs died over it, or somebody passed it."""
    return batch_state(row) is State.PASSED and row["passed_for"] in ("lone_runs", "hand")


def _ledger_row(parts: Parts, batch: Batch) -> Mapping[str, object]:
    found = parts.database.store.recent(1, kinds=KINDS_OF_RUNS, batches=[batch])
    return found[0] if found else {}


# --- one batch in its turn: imports and retries -----------------------------------------------------------------------
def load_earlier_batches(parts: Parts, batch: Batch) -> None:
    """Load what waits and landed before ``batch`` (known to the ledger), if that was never loaded itself.

    Raises:
        TransientError: another run took all of it over and has not loaded it yet.
    """
    while queue := [entry for entry in parts.database.store.ahead([batch]) if entry[0] != batch][:BATCHES_AT_ONCE]:
        parts.database.store.hold(batch)
        log.info("What landed before and waits goes first.", action="load", batch_id=batch.batch_id, batches=len(queue))
        if not _load_batches(parts, f"ahead-{uuid4().hex[:12]}", queue)["batches"]:
            raise TransientError(f"another run is at {queue[0][0].batch_id}", "Try again when it is done")


def _load_batches(parts: Parts, name: str, batches: Sequence[tuple[Batch, int]]) -> dict[str, int]:
    return ScoringRun(parts, name, lambda: list(read_batches(batches, parts.files.landing))).run_all()


# --- passed batches ---------------------------------------------------------------------------------------------------
def retry_passed_batches(parts: Parts) -> int:
    """Load the batches that were passed because runs died, each alone and once; how many were loaded.

    After an outage that killed every run this loads all of them. A batch that does kill its worker takes the caller
    along a last time: what the caller itself had to load must be committed by then.
    """
    loaded, ends = 0, time.monotonic() + RETRY_SECONDS
    while time.monotonic() < ends and (due := parts.database.store.to_try_again()):
        log.info("Trying a passed batch a last time.", action="load", batch_id=due[0].batch_id)
        if not _load_passed(parts, due[0]):
            break
        loaded += 1
    return loaded


def _load_passed(parts: Parts, batch: Batch) -> bool:
    """Load a passed batch; whether it is loaded. An error of the batch does not fail the run that tries it."""
    try:
        if not _load_alone(parts, batch)["taken_over"]:
            return True
        parts.database.store.mark_tried(batch, is_tried=False)
    except TransientError as error:
        log.warning("A passed batch is tried again later.", action="load", batch_id=batch.batch_id, error=error.what)
        with suppress(StoreUnavailable):  # then it counts as tried: the watchdog tells, and somebody retries it
            parts.database.store.mark_tried(batch, is_tried=False)
    except Exception as error:  # of an error that nobody foresaw only the kind: its text may quote a payment
        said = str(error) if isinstance(error, FraudScorerError) else type(error).__name__
        log.error("A passed batch cannot be loaded.", action="load", batch_id=batch.batch_id, error=said)
    return False


def retry_batch(parts: Parts, batch: Batch) -> dict[str, int]:
    """Load a batch that waits, failed or was passed, here and now, after what landed before it; the counts of its load.

    Raises:
        SettingsError: there is no such batch, it is loaded already, or its bytes are not in landing.
        TransientError: another run is at it.
    """
    note_landed(parts)
    _require_not_loaded(parts, batch)
    if not landed_batches(parts.files.landing, [batch]):
        raise SettingsError(f"the bytes of {batch.batch_id} are not in landing", "What was purged is gone for good")
    parts.database.audit.note("batch retry", batch_id=batch.batch_id)
    load_earlier_batches(parts, batch)
    parts.database.store.mark_tried(batch, is_tried=True)
    counts = _load_alone(parts, batch)
    if counts["taken_over"]:
        raise TransientError(f"another run took {batch.batch_id} over", "Try again when it is done")
    return counts


def pass_batch(parts: Parts, batch: Batch, *, by: str, why: str) -> None:
    """Pass a batch on an operator's order: nothing waits for it any more, and no run tries it again.

    Raises:
        SettingsError: there is no such batch, it is loaded already, or it is an imported day.
    """
    note_landed(parts)
    _require_not_loaded(parts, batch)
    parts.database.audit.note("batch pass", batch_id=batch.batch_id, by=by, why=why)
    parts.database.store.mark_failed(batch, f"passed by {by}: {why}", passed_for="hand", by=by)
    log.info("Passed a batch by hand.", action="pass", batch_id=batch.batch_id, by=by)


def _load_alone(parts: Parts, batch: Batch) -> dict[str, int]:
    return _load_batches(parts, f"passed-{uuid4().hex[:12]}", landed_batches(parts.files.landing, [batch]))


def _require_not_loaded(parts: Parts, batch: Batch) -> None:
    found = parts.database.store.recent(1, kinds=[batch.kind], batches=[batch])
    if not found:
        raise SettingsError(f"there is no batch {batch.batch_id}", "`fraud-scorer batch list` names those that wait")
    status = found[0]["status"]
    if batch.kind == "history":
        raise SettingsError(
            f"{batch.batch_id} is an imported day", "Import its file again: `fraud-scorer history import`"
        )
    if status not in ("landed", "failed"):
        raise SettingsError(f"{batch.batch_id} is {status}", "To run it again, use `fraud-scorer replay`")
