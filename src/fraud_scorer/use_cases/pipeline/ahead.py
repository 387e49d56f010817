"""What has to be loaded before a batch may be: for imports and retries, which work on one batch at a time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from fraud_common.errors import TransientError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.steps.transform import BatchInput
from fraud_scorer.use_cases.pipeline.run import Run
from fraud_scorer.use_cases.pipeline.waiting import BATCHES_AT_ONCE, waiting_work

if TYPE_CHECKING:
    from fraud_scorer.wiring import Parts

log = structlog.get_logger()


def load_ahead(parts: Parts, batch: Batch) -> None:
    """Load what waits and landed before ``batch`` (known to the ledger), if that was never loaded itself.

    Raises:
        TransientError: another run took all of it over and has not loaded it yet.
    """
    while line := [one for one in parts.store.ahead([batch]) if one[0] != batch][:BATCHES_AT_ONCE]:
        parts.store.hold(batch)
        log.info("What landed before and waits goes first.", action="load", batch_id=batch.batch_id, batches=len(line))
        run = Run(parts, f"ahead-{uuid4().hex[:12]}", partial(_all, parts, line))
        if not run.whole()["batches"]:
            raise TransientError(f"another run is at {line[0][0].batch_id}", "Try again when it is done")


def _all(parts: Parts, line: list[tuple[Batch, int]]) -> list[BatchInput]:
    return list(waiting_work(line, parts.landing))
