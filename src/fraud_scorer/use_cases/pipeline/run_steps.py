"""Calls the steps ``transform`` and ``score`` and composes messages with the adapters in ``parts``; writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from fraud_scorer.alerting.compose import compose_alerts
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import Message
from fraud_scorer.features import compute_features
from fraud_scorer.steps.score import Scores, score
from fraud_scorer.steps.transform import BatchInput, Transformed, transform

if TYPE_CHECKING:
    from fraud_scorer.wiring import Parts


def transform_batches(parts: Parts, work: Sequence[BatchInput], *, rescore: bool) -> Transformed:
    """Call ``steps.transform`` with the adapters in ``parts``."""
    return transform(
        work,
        store=parts.database.store,
        tokens=parts.source.tokens,
        model=parts.scoring.model,
        compute_features=compute_features,
        encrypt=parts.files.cipher.encrypt,
        config=parts.source.transform_config,
        rescore=rescore,
    )


def score_payments(parts: Parts, transformed: Transformed, *, reference: str, threshold: float) -> Scores:
    """Call ``steps.score`` with the adapters in ``parts``; ``reference`` is the InferenceId for the endpoint."""
    payments = payments_to_score(transformed)
    return score(
        payments["trans_num"],
        transformed.features,
        transformed.matrix,
        payments["currency"],
        model=parts.scoring.model,
        scorer=parts.scoring.scorer,
        threshold=threshold,
        reference=reference,
    )


def compose_messages(parts: Parts, batch: Batch, payments: pd.DataFrame, decisions: pd.DataFrame) -> list[Message]:
    """The alert messages about the flagged payments; without any, no database is asked."""
    if batch.kind == "history" or not decisions["flagged"].any():
        return []
    return compose_alerts(
        batch,
        payments,
        decisions,
        policy=parts.alerting.policy,
        snoozed=parts.database.outbox.snoozed(),
        usual_share=parts.database.outbox.usual_share(int(payments["landing_seq"].iloc[0])),
        now=parts.clock.now(),
    )


def payments_to_score(transformed: Transformed) -> pd.DataFrame:
    """The payments that the model scores, in the order of the matrix."""
    return transformed.payments.loc[transformed.features.index]
