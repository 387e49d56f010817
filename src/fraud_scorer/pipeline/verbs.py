"""The five verbs of a minute, as a task of the DAG and a command of the CLI run them.

A run is named after the minute that started it, but works on every batch that waits, lowest landing sequence first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from fraud_scorer.batches import Batch
from fraud_scorer.errors import FraudScorerError
from fraud_scorer.pipeline.replay import Progress, replay, silent
from fraud_scorer.pipeline.run import Run
from fraud_scorer.pipeline.waiting import asked_for, note_landed, waiting
from fraud_scorer.steps.alert import alert
from fraud_scorer.steps.extract import extract, extract_missed
from fraud_scorer.steps.transform import Work

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
        made_up = []
        try:
            done = extract(batch, parts.api, parts.landing, parts.clock, parts.limits)
        finally:  # also while the API is down: half-done minutes are closed, lost ones recorded
            made_up = extract_missed(parts.api, parts.landing, parts.clock, parts.limits)
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

    def transform(self, run: str, batches: Sequence[Batch] | None = None) -> dict[str, Any]:
        """Claim ``batches`` and what has to be loaded before them (None: all that wait); prepare them for score."""
        note_landed(self.parts)
        chosen = None if batches is None else partial(asked_for, self.parts, batches)
        transformed = self._run(run, chosen).transform()
        taken = transformed.batches
        return {
            "run": run,
            "batches": len(taken),
            "received": int(taken["received"].sum()),
            "valid": int(taken["valid"].sum()),
            "quarantined": int(taken["quarantined"].sum()),
            "to_score": len(transformed.features),
        }

    def score(self, run: str) -> dict[str, Any]:
        """Decide about what transform prepared."""
        scores = self._run(run).score()
        return {
            "run": run,
            "scored": len(scores.decisions),
            "flagged": int(scores.decisions["flagged"].sum()),
            "scored_by": scores.scored_by,
            "fallback_reason": scores.fallback_reason,
            "calls": scores.calls,
        }

    def load(self, run: str) -> dict[str, Any]:
        """Write what was decided, one transaction a batch; what another run took over is left to it."""
        return {"run": run, **self._run(run).load()}

    def alert(self, run: str) -> dict[str, Any]:
        """Send the messages that wait, this run's and earlier ones; after them, copy to the bucket what has landed."""
        try:
            with self.parts.mailers() as mailers:
                counts = alert(self.parts.outbox, mailers)
        finally:
            self._copy()
        log.info("Sent what waited.", action="alert", run=run, sent=counts.sent, retry_later=counts.retry_later)
        return {"run": run, **vars(counts)}

    def run_minute(self, batch: Batch) -> dict[str, Any]:
        """All five steps; alert also if a step before it failed, as in the DAG."""
        run = batch.batch_id
        try:
            self.extract(batch)
            self.transform(run)
            self.score(run)
            done = self.load(run)
        finally:
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
        """Run the steps again over landed bytes: see ``fraud_scorer.pipeline.replay``."""
        return replay(self.parts, start, end, rescore=rescore, dry_run=dry_run, progress=progress)

    def _copy(self) -> None:
        """Where a bucket is set, copy to it; no step waits for it, and what it misses the next run copies."""
        try:
            if archive := self.parts.archive:
                archive.copy(seconds=COPY_SECONDS)
        except FraudScorerError as error:
            log.warning("The bucket lacks what has landed.", action="copy", what=error.what, cure=error.cure)

    def _run(self, name: str, work: Callable[[], Sequence[Work]] | None = None) -> Run:
        return Run(self.parts, name, work or partial(waiting, self.parts, Batch.of_id(name)))
