"""A scoring run: transform, score and load of some batches, with a claim in the ledger and files on the stage.

Each step may run in another process. Its frames lie on the stage, under a token that is also the batches' claim in the
ledger. Frames that are lost, or were made by another model, are made again from landing.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import structlog

from fraud_common.errors import FraudScorerError, StoreTooSlow, StoreUnavailable, TransientError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.steps.load import BatchToLoad, RunScoring, load, totals
from fraud_scorer.steps.score import Scores
from fraud_scorer.steps.transform import BatchInput, Transformed
from fraud_scorer.use_cases.pipeline.landed_batches import read_batches
from fraud_scorer.use_cases.pipeline.poison_batches import count_store_refusal, count_unforeseen_error, try_batch_alone
from fraud_scorer.use_cases.pipeline.run_steps import (
    compose_messages,
    payments_to_score,
    score_payments,
    transform_batches,
)
from fraud_scorer.use_cases.pipeline.shadow import score_with_shadow_model

if TYPE_CHECKING:
    from fraud_scorer.wiring import Parts

log = structlog.get_logger()


class ScoringRun:
    """The scoring run ``name``.

    Args:
        parts: the adapters.
        name: of the run's folder on the stage.
        work: gives the batches to take; called again if the staged frames are lost.
        rescore: decide known payments anew.
        claim: False for a dry run: nothing is claimed, and nothing can be loaded.
    """

    def __init__(
        self,
        parts: Parts,
        name: str,
        work: Callable[[], Sequence[BatchInput]],
        *,
        rescore: bool = False,
        claim: bool = True,
    ) -> None:
        self.parts, self.name = parts, name
        self._work, self._rescore, self._claim = work, rescore, claim

    def transform(self) -> Transformed:
        """Prepare the batches under a new claim.

        In this and the other steps an error that nobody foresaw counts against the batch that alone meets it (see
        ``poison_batches``), and goes on.
        """
        parts, token, began, work = self.parts, str(uuid.uuid4()), time.monotonic(), list(self._work())
        if self._claim:
            parts.database.store.claim([one.batch for one in work], token)
        with self._attributing_errors(token, [one.batch for one in work], lambda: work):
            parts.files.stage.begin(self.name, token)
            transformed = transform_batches(parts, work, rescore=self._rescore)
            if self._claim and transformed.earlier_tokens:
                parts.database.store.note_card_tokens(transformed.earlier_tokens)
            about = pd.DataFrame(
                {"model_hash": [parts.scoring.model.model_hash], "seconds": [time.monotonic() - began]}
            )
            parts.files.stage.write(self.name, token, "transform", transformed.frames() | {"about": about})
        self._note_answer(token, _batches_left_out(work, transformed))
        for batch_id, dropped in transformed.batches[["batch_id", "dropped"]].dropna().itertuples(index=False):
            log.warning("Left unusable optional values out.", action="transform", batch_id=batch_id, dropped=dropped)
        log.info("Transformed.", action="transform", run=self.name, batches=len(transformed.batches),
                 payments=len(transformed.payments))  # fmt: skip
        return transformed

    def score(self) -> Scores:
        """Decide about what transform prepared."""
        token, transformed, _ = self._staged_transform()
        parts, began = self.parts, time.monotonic()
        with self._attributing_errors(token, *self._claimed_batches(transformed)):
            scores = score_payments(parts, transformed, reference=self.name, threshold=parts.scoring.threshold)
        about = pd.DataFrame({
            "scored_by": [scores.scored_by], "fallback_reason": [scores.fallback_reason],
            "variant": [scores.variant], "calls": [scores.calls], "seconds": [time.monotonic() - began],
        })  # fmt: skip
        parts.files.stage.write(self.name, token, "score", {"decisions": scores.decisions, "about": about})
        return scores

    def load(self) -> dict[str, int]:
        """Write what was decided, one transaction a batch; the totals (``steps.load.totals``). Empties the stage.

        Raises:
            SettingsError: the schema, a right or a setting does not fit; every batch waits.
            TerminalError: the store refuses a batch; at the fifth time it is marked failed and passed.
        """
        token, transformed, scores, seconds = self._staged_scores()
        with self._attributing_errors(token, *self._claimed_batches(transformed)):
            results = load(
                _to_load(transformed.batches, seconds),
                transformed.payments,
                _with_inputs(scores.decisions, transformed),
                transformed.quarantine,
                transformed.profiles,
                scored=self._scored_how(scores),
                token=token,
                store=self.parts.database.store,
                compose=partial(compose_messages, self.parts),
                refused=partial(count_store_refusal, self.parts.database.store),
            )
        self._note_answer(token, [result.batch for result in results if result.fenced])
        for result in results:
            log.info(f"Loaded {result.sentence}.", action="load", batch_id=result.batch.batch_id, run=self.name)
        if folder := self.parts.settings.shadow_artifacts:
            signed_by = self.parts.settings.fraud_model_public_key
            to_be_scored = payments_to_score(transformed)["trans_num"]
            score_with_shadow_model(
                folder, self.parts.database.engine, to_be_scored, transformed.features, signed_by=signed_by
            )
        self.parts.files.stage.drop(self.name, token)
        self.parts.files.stage.purge(now=self.parts.clock.now())
        return totals(results)

    def run_all(self, before_step: Callable[[], None] = lambda: None) -> dict[str, int]:
        """The three steps, and nothing left on the stage; what ``load`` gives."""
        try:
            for step in (self.transform, self.score):
                before_step()
                step()
            before_step()
            return self.load()
        finally:
            self.drop()

    def drop(self) -> None:
        """Forget what lies on the stage."""
        self.parts.files.stage.drop(self.name)

    # --- whose fault it is -------------------------------------------------------------------------------------
    @contextmanager
    def _attributing_errors(
        self, token: str, batches: Sequence[Batch], work: Callable[[], Iterable[BatchInput]]
    ) -> Iterator[None]:
        """Count an error that nobody foresaw against the one of ``batches`` that alone meets it; it goes on.

        Whatever error it is, the run has answered: the next one takes as many batches. Not so if memory ran out, if the
        store takes too long, or if the step is killed or out of time (no ``Exception``).
        """
        try:
            yield
        except KeyboardInterrupt:  # somebody's, not the batch's
            self._note_answer(token, batches)
            raise
        except Exception as error:
            if self._claim and not isinstance(error, FraudScorerError):
                trial = partial(try_batch_alone, self.parts, rescore=self._rescore)
                count_unforeseen_error(self.parts.database.store, work(), trial, error)
            if not isinstance(error, MemoryError | StoreTooSlow):
                self._note_answer(token, batches)
            raise

    def _note_answer(self, token: str, batches: Sequence[Batch]) -> None:
        """Tell the store; while it cannot be reached, it is noted on the stage, and the next run tells it."""
        if not (self._claim and batches):
            return
        try:
            self.parts.database.store.answered(batches, token)
        except StoreUnavailable:
            with suppress(TransientError):  # a full disk: the next run takes fewer batches, that is all
                self.parts.files.stage.note_answered(token, [batch.batch_id for batch in batches])

    def _claimed_batches(self, transformed: Transformed) -> tuple[list[Batch], Callable[[], Iterable[BatchInput]]]:
        """The run's batches, and how they landed."""
        taken = transformed.batches
        line = [
            (Batch.of_id(name), int(seq)) for name, seq in zip(taken["batch_id"], taken["landing_seq"], strict=True)
        ]
        return [batch for batch, _ in line], partial(read_batches, line, self.parts.files.landing)

    # --- what lies on the stage --------------------------------------------------------------------------------
    def _staged_transform(self) -> tuple[str, Transformed, float]:
        """The token, what transform made under it with the model in force, and the seconds it took."""
        stage = self.parts.files.stage
        for _ in range(2):
            token = stage.current(self.name)
            frames = stage.read(self.name, token, "transform") if token else None
            if token and frames and frames["about"]["model_hash"][0] == self.parts.scoring.model.model_hash:
                return token, Transformed.of_frames(frames), float(frames["about"]["seconds"][0])
            log.info("Nothing usable is staged: transforming again.", action="transform", run=self.name)
            self.transform()
        raise TransientError(f"the work of run {self.name} is taken away as it is made", "Is another run at it?")

    def _staged_scores(self) -> tuple[str, Transformed, Scores, float]:
        """The token, what transform and score made under it, and the seconds they took."""
        for _ in range(2):
            token, transformed, seconds = self._staged_transform()
            if frames := self.parts.files.stage.read(self.name, token, "score"):
                about = frames["about"].iloc[0]
                how = (about["scored_by"], about["fallback_reason"], about["variant"], int(about["calls"]))
                return token, transformed, Scores(frames["decisions"], *how), seconds + float(about["seconds"])
            log.info("No decisions are staged: scoring again.", action="score", run=self.name)
            self.score()
        raise TransientError(f"the scores of run {self.name} are taken away as they are made", "Is another run at it?")

    # --- what goes with the rows -------------------------------------------------------------------------------
    def _scored_how(self, scores: Scores) -> RunScoring:
        """As it was decided: since then the settings may have changed."""
        if scores.scored_by is None:
            return RunScoring()
        return RunScoring(
            scored_by=scores.scored_by,
            fallback_reason=scores.fallback_reason,
            threshold=float(scores.decisions["threshold"].iloc[0]),
            model_hash=str(scores.decisions["model_hash"].iloc[0]),
            invoked_variant=scores.variant or "",
        )


def _batches_left_out(work: Sequence[BatchInput], transformed: Transformed) -> list[Batch]:
    """Claimed, but too much for this run."""
    taken = set(transformed.batches["batch_id"])
    return [one.batch for one in work if one.batch.batch_id not in taken]


# --- frames into what load takes --------------------------------------------------------------------------------------
def _with_inputs(decisions: pd.DataFrame, transformed: Transformed) -> pd.DataFrame:
    """The decisions with what the model saw, and the batch of each: one run may hold a payment and its correction."""
    batch_ids = payments_to_score(transformed)["batch_id"].to_numpy()
    return decisions.assign(batch_id=batch_ids, features=list(transformed.matrix))


def _to_load(batches: pd.DataFrame, seconds: float) -> list[BatchToLoad]:
    """``BATCH_COLUMNS`` as load takes them; the run's seconds are shared out by the records received."""
    rows: list[dict[str, Any]] = batches.to_dict("records")  # type: ignore[assignment]
    share = (batches["received"] + 1) / (batches["received"] + 1).sum()
    return [
        BatchToLoad(
            Batch.of_id(row["batch_id"]),
            row["landing_seq"],
            row["received"],
            part * seconds,
            error=_text(row["error"]),
            note=_text(row["note"]),
            bad=row["quarantined"],
            dropped=_text(row["dropped"]),
        )
        for row, part in zip(rows, share, strict=True)
    ]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
