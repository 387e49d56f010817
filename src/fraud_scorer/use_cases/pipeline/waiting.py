"""Which batches a run takes: what landed and waits, in the order of landing, with its landed parts.

A batch that was never loaded is loaded after all that landed before it and waits, whoever asks for it: scores, times
and labels are what they would be had every batch been loaded as it landed. ``load`` refuses it out of its turn; here
what has to come before it is taken along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from fraud_common.errors import LandingError, SettingsError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import Landing
from fraud_scorer.ingest.batch_reader import RawPart
from fraud_scorer.steps.transform import BatchInput
from fraud_scorer.use_cases.pipeline.refusals import passed_if_hopeless

if TYPE_CHECKING:
    from fraud_scorer.wiring import Parts

BATCHES_AT_ONCE = 30  # where no task's time-out bounds them
BATCHES_OF_RUNS = ("minute", "retry", "again")


def note_landed(parts: Parts) -> None:
    """Make the ledger know every batch that landed since it was last told, imported days among them.

    And which runs ended with an answer that it could not be told of at the time.
    """
    for token, batch_ids in parts.stage.answered().items():
        parts.store.answered([Batch.of_id(name) for name in batch_ids], token)
        parts.stage.forget_answered(token)
    if fresh := parts.landing.completions(parts.store.highest_landed_seq()):
        parts.store.note_landed(fresh)


def landed(parts: Parts, batches: Iterable[Batch]) -> list[tuple[Batch, int]]:
    """Those of ``batches`` whose bytes have landed, with their landing sequence, lowest first."""
    closed = [done for batch in batches if (done := parts.landing.completion(batch)) is not None]
    there = [(done.batch, done.landing_seq) for done in closed if done.status == "landed"]
    return sorted(there, key=lambda one: one[1])


def landed_work(parts: Parts, batches: Iterable[Batch]) -> list[BatchInput]:
    """Those of ``batches`` that have landed, with what waits before those of them that were never loaded."""
    return list(waiting_work(_with_those_ahead(parts, batches), parts.landing))


def waiting(parts: Parts, own: Batch) -> list[BatchInput]:
    """What waits, as much of it as one run takes; if nothing does, the run's own batch (a cleared task)."""
    line = _front(parts, lambda: parts.store.unloaded(parts.settings.fraud_batches_per_run))
    if not line and _may_repeat(parts, own):
        line = landed(parts, [own])
    return list(waiting_work(line, parts.landing))


def asked_for(parts: Parts, batches: Iterable[Batch], *, is_asked: bool) -> list[BatchInput]:
    """As ``landed_work``, as much of it as one run takes: the rest is left to later runs.

    Not ``is_asked``: a run's own batches, which nobody asked for. What was passed since then stays passed.
    """
    if not is_asked:
        batches = [batch for batch in batches if not _is_given_up(_ledger(parts, batch))]
    return list(waiting_work(_front(parts, lambda: _with_those_ahead(parts, batches)), parts.landing))


def _with_those_ahead(parts: Parts, batches: Iterable[Batch]) -> list[tuple[Batch, int]]:
    asked = landed(parts, batches)
    ahead = parts.store.ahead([batch for batch, _ in asked])
    return sorted({*asked, *ahead}, key=lambda one: one[1])


def _front(parts: Parts, look: Callable[[], Sequence[tuple[Batch, int]]]) -> Sequence[tuple[Batch, int]]:
    """The front of the line, as much of it as one run takes; over what too many runs died, that is passed first."""
    while line := look():
        first = _ledger(parts, line[0][0])
        if not passed_if_hopeless(parts.store, first):
            return line[: _most(parts, first)]
    return []


def _most(parts: Parts, first: Mapping[str, object]) -> int:
    """How many batches a run takes: half as many for each run in a row that took the first and gave no answer.

    From the second such run on, one that a run took alone is alone: whatever happens next, it tells about that batch.
    """
    unanswered, alone = (int(str(first.get(name, 0))) for name in ("unanswered", "lone_unanswered"))
    if unanswered >= 2 and alone:
        return 1
    return max(1, parts.settings.fraud_batches_per_run >> unanswered)


def _may_repeat(parts: Parts, own: Batch) -> bool:
    """Whether a loaded or failed batch may be run again without being asked for."""
    line = _ledger(parts, own)
    return bool(line) and line["status"] != "landed" and not _is_given_up(line)


def _is_given_up(line: Mapping[str, object]) -> bool:
    """Whether nothing but somebody's word runs it again: runs died over it, or somebody passed it."""
    return bool(line) and line["status"] == "failed" and line["passed_for"] in ("lone_runs", "hand")


def _ledger(parts: Parts, batch: Batch) -> Mapping[str, object]:
    found = parts.store.recent(1, kinds=BATCHES_OF_RUNS, batches=[batch])
    return found[0] if found else {}


def waiting_work(waiting: Iterable[tuple[Batch, int]], landing: Landing) -> Iterator[BatchInput]:
    """The batches that ``Store.unloaded`` names, with their landed parts; bytes are read when their turn comes.

    One whose marker is missing cannot be read: it is no empty batch.

    Raises:
        SettingsError: this landing knows neither that batch nor any before it: it is another one than it landed in.
    """
    for batch, landing_seq in waiting:
        completion = landing.completion(batch)
        if completion is None:
            _require_begun(landing, batch, landing_seq)
            yield BatchInput(
                batch, landing_seq, [RawPart(1, datetime.fromtimestamp(landing_seq, UTC), partial(_gone, batch))]
            )
            continue
        reads = [(part, partial(landing.read, batch, part)) for part in completion.parts]
        raw = [RawPart(part.number, part.received_at, read, part.http_status, part.truncated) for part, read in reads]
        yield BatchInput(batch, landing_seq, raw)


def _require_begun(landing: Landing, batch: Batch, landing_seq: int) -> None:
    """What this landing holds began before the batch landed: else it is new or the wrong one, not short of a batch."""
    first = landing.first_sequence()
    if first is None or first > landing_seq:
        raise SettingsError(
            f"{batch.batch_id} landed, but not in this landing, which knows of nothing that early",
            "Mend FRAUD_LANDING or mount its volume; on a new machine `fraud-scorer landing rebuild`, and with "
            "--pass-lost if the bytes are lost for good",
        )


def _gone(batch: Batch) -> bytes:
    raise LandingError(
        f"{batch.batch_id} landed, but not in this landing, which has what landed before it",
        "Restore the landing (`fraud-scorer landing rebuild` where it is a bucket), then replay the batch",
    )
