"""Which batches a run takes: what landed and waits, in the order of landing, with its landed parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from fraud_scorer.batches import Batch
from fraud_scorer.errors import LandingError, SettingsError
from fraud_scorer.payments.reading import RawPart
from fraud_scorer.ports import Landing
from fraud_scorer.steps.transform import Work

if TYPE_CHECKING:
    from fraud_scorer.wiring import Parts


def note_landed(parts: Parts) -> None:
    """Make the ledger know every batch that landed since it was last told, imported days among them."""
    if fresh := parts.landing.completions(parts.store.highest_landed_seq()):
        parts.store.note_landed(fresh)


def landed(parts: Parts, batches: Sequence[Batch]) -> list[tuple[Batch, int]]:
    """Those of ``batches`` whose bytes have landed, with their landing sequence, lowest first."""
    closed = [done for batch in batches if (done := parts.landing.completion(batch)) is not None]
    there = [(done.batch, done.landing_seq) for done in closed if done.status == "landed"]
    return sorted(there, key=lambda one: one[1])


def landed_work(parts: Parts, batches: Sequence[Batch]) -> list[Work]:
    """Those of ``batches`` that have landed, as a run takes them."""
    return list(waiting_work(landed(parts, batches), parts.landing))


def waiting(parts: Parts, own: Batch) -> list[Work]:
    """What waits, lowest landing sequence first; if nothing does, the run's own batch (a cleared task)."""
    unloaded = parts.store.unloaded(parts.settings.fraud_batches_per_run)
    return list(waiting_work(unloaded or landed(parts, [own]), parts.landing))


def waiting_work(waiting: Iterable[tuple[Batch, int]], landing: Landing) -> Iterator[Work]:
    """The batches that ``Store.unloaded`` names, with their landed parts; bytes are read when their turn comes.

    One whose marker is missing cannot be read: it is no empty batch.

    Raises:
        SettingsError: this landing knows neither that batch nor any before it: it is another one than it landed in.
    """
    for batch, landing_seq in waiting:
        completion = landing.completion(batch)
        if completion is None:
            _require_begun(landing, batch, landing_seq)
            yield Work(
                batch, landing_seq, [RawPart(1, datetime.fromtimestamp(landing_seq, UTC), partial(_gone, batch))]
            )
            continue
        reads = [(part, partial(landing.read, batch, part)) for part in completion.parts]
        raw = [RawPart(part.number, part.received_at, read, part.http_status, part.truncated) for part, read in reads]
        yield Work(batch, landing_seq, raw)


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
