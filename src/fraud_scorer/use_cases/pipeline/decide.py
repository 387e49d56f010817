"""What a run does with its batches before anything is written: prepare, decide, compose; also for one batch alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import structlog

from fraud_common.errors import FraudScorerError
from fraud_scorer.alerting.compose import compose_alerts
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import Message
from fraud_scorer.features import compute_features
from fraud_scorer.steps.score import Scores, score
from fraud_scorer.steps.transform import BatchInput, Transformed, transform
from fraud_scorer.use_cases.pipeline.refusals import LoneRunOutcome

if TYPE_CHECKING:
    from fraud_scorer.wiring import Parts

log = structlog.get_logger()


def prepared(parts: Parts, work: Sequence[BatchInput], *, rescore: bool) -> Transformed:
    """``steps.transform`` on ``parts``."""
    return transform(
        work,
        store=parts.store,
        tokens=parts.tokens,
        model=parts.model,
        compute_features=compute_features,
        encrypt=parts.cipher.encrypt,
        config=parts.transform_config,
        rescore=rescore,
    )


def decided(parts: Parts, transformed: Transformed, *, reference: str, threshold: float) -> Scores:
    """``steps.score`` on ``parts``."""
    payments = to_score(transformed)
    return score(
        payments["trans_num"],
        transformed.features,
        transformed.matrix,
        payments["currency"],
        model=parts.model,
        scorer=parts.scorer,
        threshold=threshold,
        reference=reference,
    )


def composed(parts: Parts, batch: Batch, payments: pd.DataFrame, decisions: pd.DataFrame) -> list[Message]:
    """The messages about what is flagged; nothing is asked of the store where nothing is."""
    if batch.kind == "history" or not decisions["flagged"].any():
        return []
    return compose_alerts(
        batch,
        payments,
        decisions,
        policy=parts.policy,
        snoozed=parts.outbox.snoozed(),
        usual_share=parts.outbox.usual_share(int(payments["landing_seq"].iloc[0])),
        now=parts.clock.now(),
    )


def to_score(transformed: Transformed) -> pd.DataFrame:
    """The payments that were or will be scored, in the order of the matrix."""
    return transformed.payments.loc[transformed.features.index]


# --- one batch alone --------------------------------------------------------------------------------------------------
def fate(parts: Parts, one: BatchInput, *, rescore: bool) -> LoneRunOutcome:
    """How the batch fares alone; nothing is written.

    Errors of ours (no database, no model) go on: they are no batch's fault.
    """
    step = "transform"
    try:
        transformed = prepared(parts, [one], rescore=rescore)
        step = "score"
        scores = _decided_alone(parts, one, transformed, parts.threshold)
        step = "load"
        composed(parts, one.batch, transformed.payments, scores.decisions)
    except FraudScorerError:
        raise
    except Exception as error:  # told of the whole run too; here it says which batch meets it
        _tell(one, step, error)
        return LoneRunOutcome(stopped_at=step)
    if scores.decisions.empty:
        return LoneRunOutcome()
    return LoneRunOutcome(proves=("transform", *_as_if_flagged(parts, one, transformed, scores.decisions)))


def _decided_alone(parts: Parts, one: BatchInput, transformed: Transformed, threshold: float) -> Scores:
    return decided(parts, transformed, reference=one.batch.batch_id, threshold=threshold)


def _as_if_flagged(parts: Parts, one: BatchInput, transformed: Transformed, decisions: pd.DataFrame) -> tuple[str, ...]:
    """The later steps that it gets through if at least its most suspicious payment is flagged.

    Most batches have nothing flagged: without this they would say nothing about reasons and mails.
    """
    threshold = min(parts.threshold, float(decisions["fraud_probability"].max()))
    proves: tuple[str, ...] = ()
    try:
        flagged = _decided_alone(parts, one, transformed, threshold).decisions
        proves = ("score",)
        return ("score", "load") if composed(parts, one.batch, transformed.payments, flagged) else proves
    except FraudScorerError:
        raise
    except Exception as error:
        _tell(one, "load" if proves else "score", error)
        return proves


def _tell(one: BatchInput, step: str, error: Exception) -> None:
    """Only the error's kind: its text may quote what a payment said."""
    log.warning(
        "This batch alone meets the error.", action=step, batch_id=one.batch.batch_id, error=type(error).__name__
    )
