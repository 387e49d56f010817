"""The five steps with their stage and ledger around them: what a task of the DAG and a command of the CLI run.

A *run* is named after the minute that started it, but works on every batch that waits, lowest landing sequence first.
Between its steps lie stage files and a claim in the ledger; whatever is lost between them is made again from landing.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import structlog

from fraud_scorer.batches import Batch
from fraud_scorer.errors import TerminalError, TransientError
from fraud_scorer.features import compute_features
from fraud_scorer.messages.compose import compose_alerts
from fraud_scorer.ports import Message
from fraud_scorer.replay import Progress, replay, silent
from fraud_scorer.steps.alert import alert
from fraud_scorer.steps.extract import extract, extract_missed
from fraud_scorer.steps.load import BatchToLoad, Scored, load, totals
from fraud_scorer.steps.score import Scores, score
from fraud_scorer.steps.transform import Transformed, Work, transform, waiting_work

if TYPE_CHECKING:
    from fraud_scorer.wiring import Parts

log = structlog.get_logger()
HOPELESS_ATTEMPTS = 5  # runs that tried a batch before it is passed


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

    def transform(self, run: str, batches: Sequence[Batch] | None = None, *, rescore: bool = False) -> dict[str, Any]:
        """Claim ``batches`` (None: all that wait) and prepare them for score."""
        self.note_landed()
        chosen = self._waiting(run) if batches is None else self.landed(batches)
        work = waiting_work(chosen, self.parts.landing)
        return _told_transform(run, self.prepare(run, list(work), rescore=rescore))

    def score(self, run: str) -> dict[str, Any]:
        """Decide about what transform prepared."""
        scores = self.decide(run)
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
        token, transformed, scores, seconds = self._decided(run)
        batches = _to_load(transformed.batches, seconds)
        try:
            results = load(
                batches,
                transformed.payments,
                _with_inputs(scores.decisions, transformed),
                transformed.quarantine,
                transformed.profiles,
                scored=self._scored(scores),
                token=token,
                store=self.parts.store,
                compose=self._compose,
            )
        except TerminalError as error:
            self._pass_if_hopeless([one.batch for one in batches], error)
            raise
        for result in results:
            log.info(f"Loaded {result.sentence}.", action="load", batch_id=result.batch.batch_id, run=run)
        return {"run": run, **totals(results)}

    def alert(self, run: str) -> dict[str, Any]:
        """Send the messages that wait, this run's and earlier ones."""
        with self.parts.mailers() as mailers:
            counts = alert(self.parts.outbox, mailers)
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
        """Run the steps again over landed bytes: see ``fraud_scorer.replay``."""
        return replay(self, start, end, rescore=rescore, dry_run=dry_run, progress=progress)

    # --- between the steps -------------------------------------------------------------------------------------
    def note_landed(self) -> None:
        """Make the ledger know every batch that landed since it was last told, imported days among them."""
        store, landing = self.parts.store, self.parts.landing
        if fresh := landing.completions(store.highest_landed_seq()):
            store.note_landed(fresh)

    def prepare(self, run: str, work: Sequence[Work], *, rescore: bool = False, claim: bool = True) -> Transformed:
        """Transform ``work`` under a new claim, and keep the result for score and load."""
        parts, token, began = self.parts, str(uuid.uuid4()), time.monotonic()
        if claim:
            parts.store.claim([one.batch for one in work], token)
        parts.stage.begin(run, token)
        transformed = transform(
            work,
            store=parts.store,
            tokens=parts.tokens,
            model=parts.model,
            compute_features=compute_features,
            encrypt=parts.cipher.encrypt,
            recipe=parts.recipe,
            rescore=rescore,
        )
        about = pd.DataFrame({"model_hash": [parts.model.model_hash], "seconds": [time.monotonic() - began]})
        parts.stage.write(run, token, "transform", transformed.frames() | {"about": about})
        return transformed

    def decide(self, run: str) -> Scores:
        """Score what ``prepare`` kept (or prepare it again, if it is lost), and keep the decisions for load."""
        token, transformed, _ = self._prepared(run)
        parts, began = self.parts, time.monotonic()
        scores = score(
            transformed.payments["trans_num"].loc[transformed.features.index],
            transformed.features,
            transformed.matrix,
            model=parts.model,
            scorer=parts.scorer,
            threshold=parts.threshold,
            reference=run,
        )
        about = pd.DataFrame({
            "scored_by": [scores.scored_by], "fallback_reason": [scores.fallback_reason],
            "variant": [scores.variant], "calls": [scores.calls], "seconds": [time.monotonic() - began],
        })  # fmt: skip
        parts.stage.write(run, token, "score", {"decisions": scores.decisions, "about": about})
        return scores

    def _pass_if_hopeless(self, batches: Sequence[Batch], error: TerminalError) -> None:
        """Mark the batch that the store refused as failed once several runs tried it, so that others get through."""
        known = self.parts.store.recent(len(batches), kinds=("minute", "retry"), batches=batches)
        lines = sorted(known, key=lambda line: int(str(line["landing_seq"])))
        refused = next((line for line in lines if line["status"] == "landed"), None)
        if refused and int(str(refused["attempts"])) >= HOPELESS_ATTEMPTS:
            batch = Batch.of_id(str(refused["batch_id"]))
            log.error(
                "Passed a batch that the store refuses.", action="load", batch_id=batch.batch_id, error=error.what
            )
            self.parts.store.mark_failed(batch, str(error))

    def _compose(self, batch: Batch, payments: pd.DataFrame, decisions: pd.DataFrame) -> list[Message]:
        """The messages about what is flagged; nothing is asked of the store where nothing is."""
        if batch.kind == "history" or not decisions["flagged"].any():
            return []
        return compose_alerts(
            batch,
            payments,
            decisions,
            policy=self.parts.policy,
            snoozed=self.parts.outbox.snoozed(),
            usual_share=self.parts.outbox.usual_share(int(payments["landing_seq"].iloc[0])),
            now=self.parts.clock.now(),
        )

    def _scored(self, scores: Scores) -> Scored:
        if scores.scored_by is None:
            return Scored()
        return Scored(scores.scored_by, scores.fallback_reason, self.parts.threshold, self.parts.model.model_hash)

    def _waiting(self, run: str) -> list[tuple[Batch, int]]:
        """What waits, lowest landing sequence first; if nothing does, the run's own batch (a cleared task)."""
        waiting = self.parts.store.unloaded(self.parts.settings.fraud_batches_per_run)
        return waiting or self.landed([Batch.of_id(run)])

    def landed(self, batches: Sequence[Batch]) -> list[tuple[Batch, int]]:
        """Those of ``batches`` that have landed, with their landing sequence, lowest first."""
        closed = [done for batch in batches if (done := self.parts.landing.completion(batch)) is not None]
        return sorted(
            ((done.batch, done.landing_seq) for done in closed if done.status == "landed"), key=lambda one: one[1]
        )

    def _prepared(self, run: str) -> tuple[str, Transformed, float]:
        """The token, what transform made under it with the model in force, and the seconds it took."""
        stage = self.parts.stage
        for _ in range(2):
            token = stage.current(run)
            frames = stage.read(run, token, "transform") if token else None
            if token and frames and frames["about"]["model_hash"][0] == self.parts.model.model_hash:
                return token, Transformed.of_frames(frames), float(frames["about"]["seconds"][0])
            log.info("Nothing usable is staged: transforming again.", action="transform", run=run)
            self.transform(run)
        raise TransientError(f"the work of run {run} is taken away as soon as it is made", "Is another run at it?")

    def _decided(self, run: str) -> tuple[str, Transformed, Scores, float]:
        """The token, what transform and score made under it, and the seconds they took; made again if lost."""
        for _ in range(2):
            token, transformed, seconds = self._prepared(run)
            if frames := self.parts.stage.read(run, token, "score"):
                about = frames["about"].iloc[0]
                scores = Scores(
                    frames["decisions"],
                    about["scored_by"],
                    about["fallback_reason"],
                    about["variant"],
                    int(about["calls"]),
                )
                return token, transformed, scores, seconds + float(about["seconds"])
            log.info("No decisions are staged: scoring again.", action="score", run=run)
            self.decide(run)
        raise TransientError(
            f"the decisions of run {run} are taken away as soon as they are made", "Is another run at it?"
        )


def _with_inputs(decisions: pd.DataFrame, transformed: Transformed) -> pd.DataFrame:
    """The decisions with what the model saw, and the batch of each: one run may hold a payment and its correction."""
    batch_ids = transformed.payments["batch_id"].loc[transformed.features.index]
    return decisions.assign(batch_id=batch_ids.to_numpy(), features=list(transformed.matrix))


def _to_load(batches: pd.DataFrame, seconds: float) -> list[BatchToLoad]:
    """``BATCH_COLUMNS`` as load takes them; the run's seconds are shared out by the records received."""
    rows: list[dict[str, Any]] = batches.to_dict("records")  # type: ignore[assignment]
    share = (batches["received"] + 1) / (batches["received"] + 1).sum()
    return [
        BatchToLoad(
            Batch.of_id(row["batch_id"]), row["landing_seq"], row["received"], part * seconds, _text(row["error"])
        )
        for row, part in zip(rows, share, strict=True)
    ]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _told_transform(run: str, transformed: Transformed) -> dict[str, Any]:
    batches, payments = transformed.batches, transformed.payments
    log.info("Transformed.", action="transform", run=run, batches=len(batches), payments=len(payments))
    return {
        "run": run,
        "batches": len(batches),
        "received": int(batches["received"].sum()),
        "valid": int(batches["valid"].sum()),
        "quarantined": int(batches["quarantined"].sum()),
        "to_score": len(transformed.features),
    }
