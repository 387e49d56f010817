"""The five verbs of a minute, as a task of the DAG and a command of the CLI run them.

A run is named after the minute that started it, but works on every batch that waits, lowest landing sequence first;
unless it is told which ones are its own (a backfill, an old minute run again).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from fraud_common.errors import FraudScorerError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.steps.alert import alert
from fraud_scorer.steps.extract import extract, extract_again, extract_missed
from fraud_scorer.use_cases.pipeline.landing_order import (
    note_landed,
    requested_batches,
    retry_passed_batches,
    waiting_batches,
)
from fraud_scorer.use_cases.pipeline.replay import Progress, replay, silent
from fraud_scorer.use_cases.pipeline.scoring_run import ScoringRun

if TYPE_CHECKING:
    from fraud_scorer.wiring import Parts

log = structlog.get_logger()
COPY_SECONDS = 5.0  # no call to the bucket begins after; what is left waits for the next run


class Pipeline:
    """The five verbs. Each gives a small dict of what it did: counts and names, never payments."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    # --- the five steps ----------------------------------------------------------------------------------------
    def extract(self, batch: Batch) -> dict[str, Any]:
        """Land the minute, then what earlier runs missed. Needs neither ``fraud_db`` nor another run."""
        parts = self.parts
        missed = partial(extract_missed, parts.source.api, parts.files.landing, parts.clock, parts.source.limits)
        with also_after_an_error(missed):  # while the API is down: half-done minutes are closed, lost ones recorded
            done = extract(batch, parts.source.api, parts.files.landing, parts.clock, parts.source.limits)
        made_up = missed()
        size = sum(part.byte_count for part in done.parts)
        log.info("Landed.", action="extract", batch_id=batch.batch_id, status=done.status, parts=len(done.parts))
        return {
            "batch_id": batch.batch_id,
            "status": done.status,
            "parts": len(done.parts),
            "bytes": size,
            "landing_seq": done.landing_seq,
            "made_up_for": len(made_up),
        }

    def extract_again(self, minutes: Sequence[Batch], *, progress: Progress = silent) -> dict[str, Any]:
        """Ask a windowed API again for these minutes; each answer is a batch of its own, loaded by the next run.

        Stops at the first error: what landed until then is kept, and asking again repeats nothing that matters.
        """
        parts, size, landed = self.parts, 0, []
        progress(0, len(minutes))
        for number, minute in enumerate(minutes, start=1):
            done = extract_again(minute, parts.source.api, parts.files.landing, parts.clock, parts.source.limits)
            landed.append(done.batch.batch_id)
            size += sum(part.byte_count for part in done.parts)
            log.info("Landed again.", action="extract", batch_id=done.batch.batch_id, parts=len(done.parts))
            progress(number, len(minutes))
        return {"asked_again": len(landed), "bytes": size, "first": landed[0], "last": landed[-1]}

    def transform(self, run: str, batches: Sequence[Batch] | None = None, is_asked: bool = True) -> dict[str, Any]:
        """Claim ``batches`` and what has to be loaded before them (None: all that wait); prepare them for score.

        ``score`` and ``load`` of the run are given the same ``batches``: what they find lost is made again of these.
        Not ``is_asked``: nobody asked for these, so those of them that were passed stay passed.
        """
        note_landed(self.parts)
        transformed = self._run(run, batches, is_asked=is_asked).transform()
        taken = transformed.batches
        return {
            "run": run,
            "batches": len(taken),
            "received": int(taken["received"].sum()),
            "valid": int(taken["valid"].sum()),
            "quarantined": int(taken["quarantined"].sum()),
            "to_score": len(transformed.features),
        }

    def score(self, run: str, batches: Sequence[Batch] | None = None, is_asked: bool = True) -> dict[str, Any]:
        """Decide about what transform prepared."""
        scores = self._run(run, batches, is_asked=is_asked).score()
        return {
            "run": run,
            "scored": len(scores.decisions),
            "flagged": int(scores.decisions["flagged"].sum()),
            "scored_by": scores.scored_by,
            "fallback_reason": scores.fallback_reason,
            "calls": scores.calls,
        }

    def load(self, run: str, batches: Sequence[Batch] | None = None, is_asked: bool = True) -> dict[str, Any]:
        """Write what was decided, one transaction a batch; what another run took over is left to it.

        Then batches that runs died over are tried a last time: see ``pipeline.landing_order``.
        """
        done = self._run(run, batches, is_asked=is_asked).load()
        return {"run": run, **done, "tried_again": retry_passed_batches(self.parts)}

    def alert(self, run: str) -> dict[str, Any]:
        """Send the messages that wait, this run's and earlier ones; after them, copy to the bucket what has landed."""
        with also_after_an_error(self._copy), self.parts.alerting.mailers() as mailers:
            counts = alert(self.parts.database.sending_outbox, mailers)
        self._copy()
        log.info("Sent what waited.", action="alert", run=run, sent=counts.sent, retry_later=counts.retry_later)
        return {"run": run, **vars(counts)}

    def run_minute(self, batch: Batch) -> dict[str, Any]:
        """All five steps; alert also if a step before it failed, as in the DAG."""
        run = batch.batch_id
        with also_after_an_error(partial(self.alert, run)):
            self.extract(batch)
            self.transform(run)
            self.score(run)
            done = self.load(run)
        sent = self.alert(run)
        return done | {"mails_sent": sent["sent"]}

    def replay(
        self,
        start: datetime,
        end: datetime,
        *,
        rescore: bool = False,
        dry_run: bool = False,
        progress: Progress = silent,
    ) -> dict[str, Any]:
        """Run the steps again over landed bytes: see ``fraud_scorer.use_cases.pipeline.replay``."""
        return replay(self.parts, start, end, rescore=rescore, dry_run=dry_run, progress=progress)

    def _copy(self) -> None:
        """Where a bucket is set, copy to it; no step waits for it, and what it misses the next run copies."""
        try:
            if replicator := self.parts.files.replicator:
                replicator.copy(seconds=COPY_SECONDS)
        except FraudScorerError as error:
            log.warning("The bucket lacks what has landed.", action="copy", what=error.what, cure=error.cure)

    def _run(self, name: str, batches: Sequence[Batch] | None, *, is_asked: bool) -> ScoringRun:
        if batches is None:
            return ScoringRun(self.parts, name, partial(waiting_batches, self.parts, Batch.of_id(name)))
        return ScoringRun(self.parts, name, partial(requested_batches, self.parts, batches, is_asked=is_asked))


@contextmanager
def also_after_an_error(then: Callable[[], object]) -> Iterator[None]:
    """Do ``then`` also after an error, which goes on: what ``then`` meets besides is noted on it, and hides nothing.

    Not after what ends the process (a time-out, a signal): there is no time for it.
    """
    try:
        yield
    except Exception as first:
        try:
            then()
        except Exception as second:
            first.add_note(f"afterwards also {type(second).__name__}: {_told(second)}")
            log.error("After the first error another one.", action="run", first=type(first).__name__,
                      second=type(second).__name__, error=_told(second))  # fmt: skip
        raise


def _told(error: Exception) -> str:
    """What an error says; of one that nobody foresaw nothing, for it may quote a payment."""
    return str(error) if isinstance(error, FraudScorerError) else "the run's log may say more"
