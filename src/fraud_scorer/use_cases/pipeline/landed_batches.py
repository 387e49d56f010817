"""Reads landed batches: which of them have landed, and their parts as the input of ``steps.transform``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial

from fraud_common.errors import LandingError, SettingsError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import Landing
from fraud_scorer.ingest.batch_reader import RawPart
from fraud_scorer.steps.transform import BatchInput


def landed_batches(landing: Landing, batches: Iterable[Batch]) -> list[tuple[Batch, int]]:
    """Those of ``batches`` whose bytes have landed, with their landing sequence, lowest first."""
    closed = [done for batch in batches if (done := landing.completion(batch)) is not None]
    there = [(done.batch, done.landing_seq) for done in closed if done.status == "landed"]
    return sorted(there, key=lambda entry: entry[1])


def read_batches(batches: Iterable[tuple[Batch, int]], landing: Landing) -> Iterator[BatchInput]:
    """Each batch (with its landing sequence) with its landed parts; bytes are read only when a part is used.

    A batch whose completion marker is missing gives one part that raises LandingError when it is read: it is not an
    empty batch.

    Raises:
        SettingsError: this landing knows neither that batch nor any before it: the batch landed in another landing.
    """
    for batch, landing_seq in batches:
        completion = landing.completion(batch)
        if completion is None:
            _require_begun(landing, batch, landing_seq)
            lost = RawPart(1, datetime.fromtimestamp(landing_seq, UTC), partial(_raise_lost, batch))
            yield BatchInput(batch, landing_seq, [lost])
            continue
        reads = [(part, partial(landing.read, batch, part)) for part in completion.parts]
        raw = [RawPart(part.number, part.received_at, read, part.http_status, part.truncated) for part, read in reads]
        yield BatchInput(batch, landing_seq, raw)


def _require_begun(landing: Landing, batch: Batch, landing_seq: int) -> None:
    """Refuse a landing whose first batch is later than this batch: it is new or the wrong landing."""
    first = landing.first_sequence()
    if first is None or first > landing_seq:
        raise SettingsError(
            f"{batch.batch_id} landed, but not in this landing, which knows of nothing that early",
            "Mend FRAUD_LANDING or mount its volume; on a new machine `fraud-scorer landing rebuild`, and with "
            "--pass-lost if the bytes are lost for good",
        )


def _raise_lost(batch: Batch) -> bytes:
    raise LandingError(
        f"{batch.batch_id} landed, but not in this landing, which has what landed before it",
        "Restore the landing (`fraud-scorer landing rebuild` where it is a bucket), then replay the batch",
    )
