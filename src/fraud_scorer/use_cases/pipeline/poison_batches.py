"""Poison batches: batches that make every run fail. After a few such runs the batch is passed, and the others go on.

Two counts stand against a batch, both in the run ledger:

- **refusals** (5 pass the batch): runs in which the store refused the batch's rows, or in which this batch alone met
  an unforeseen error while another batch got through the same step;
- **lone runs without an answer** (3 in a row pass the batch): runs that had claimed this batch alone and never ended by
  themselves: killed, out of memory or out of time.

A missing database, a wrong setting, right or model counts against no batch: all batches wait, however often. Whether
runs died of the batch or of an outage shows when other batches get through: then a batch that was passed for lone runs
is tried once more (`landing_order.retry_passed_batches`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import structlog

from fraud_common.errors import FraudScorerError, SettingsError, TerminalError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.steps.score import Scores
from fraud_scorer.steps.transform import BatchInput, Transformed
from fraud_scorer.use_cases.pipeline.run_steps import compose_messages, score_payments, transform_batches

if TYPE_CHECKING:
    from fraud_scorer.wiring import Parts

log = structlog.get_logger()
MAX_REFUSALS = 5
MAX_LONE_RUNS = 3
_NO_ANSWER = f"{MAX_LONE_RUNS} runs in a row took it alone, and none came to an end: killed, out of memory or time"


class RefusalStore(Protocol):
    """The methods of ``ports.Store`` that pass a batch."""

    def count_refusal(self, batch: Batch) -> int:
        """Count a refusal; the count by now, 0 if the batch does not wait."""

    def mark_failed(self, batch: Batch, error: str) -> bool:
        """Pass the batch; False if it was done by then."""

    def pass_unanswered(self, most: int, error: str) -> list[Batch]:
        """Pass the batches that ``most`` runs in a row claimed alone and never answered for."""


@dataclass(frozen=True)
class Trial:
    """How one batch alone gets through the steps of a run, with nothing written."""

    failed_step: str = ""  # the step that raises an unforeseen error; empty: none
    proven_steps: Collection[str] = ()  # the steps that this batch's payments got through


def count_store_refusal(store: RefusalStore, batch: Batch, error: TerminalError) -> None:
    """Count that the store refused the batch's rows; not if a schema, right or setting is wrong (SettingsError)."""
    if not isinstance(error, SettingsError):
        _count(store, batch, "load", str(error))


def count_unforeseen_error(
    store: RefusalStore, work: Iterable[BatchInput], trial: Callable[[BatchInput], Trial], error: Exception
) -> None:
    """Count a run's unforeseen error against the first batch that alone meets it, if another batch does not meet it.

    If no other batch gets through the same step, the fault is in the code or the installation, and all batches wait. A
    batch with nothing to score (an empty minute, an HTML page) gets through whatever the fault, and proves nothing.
    """
    failed: list[tuple[Batch, str]] = []
    proven: set[str] = set()
    for one in work:
        outcome = trial(one)
        proven |= set(outcome.proven_steps)
        failed += [(one.batch, outcome.failed_step)] if outcome.failed_step else []
        for batch, step in failed:
            if step in proven:
                # the error's text may quote a payment: only its class is kept
                _count(store, batch, step, f"{type(error).__name__} in {step}; the run's log says more")
                return


def pass_if_runs_died(store: RefusalStore, row: Mapping[str, object]) -> bool:
    """Pass the batch of this ledger row (``recent``) if `MAX_LONE_RUNS` runs died over it; whether it was passed."""
    if not row or row["status"] != "landed" or int(str(row["lone_unanswered"])) < MAX_LONE_RUNS:
        return False
    passed = store.pass_unanswered(MAX_LONE_RUNS, _NO_ANSWER)
    for batch in passed:
        log.error("Passed a batch after several runs died over it.", action="transform", batch_id=batch.batch_id)
    return bool(passed)


def _count(store: RefusalStore, batch: Batch, step: str, why: str) -> None:
    if store.count_refusal(batch) >= MAX_REFUSALS:
        log.error("Passed a batch after several runs met it.", action=step, batch_id=batch.batch_id, error=why)
        store.mark_failed(batch, why)


# --- one batch alone --------------------------------------------------------------------------------------------------
def try_batch_alone(parts: Parts, one: BatchInput, *, rescore: bool) -> Trial:
    """Take one batch through the steps; nothing is written.

    Raises:
        FraudScorerError: no database, no model: no batch's fault.
    """
    step = "transform"
    try:
        transformed = transform_batches(parts, [one], rescore=rescore)
        step = "score"
        scores = _score_alone(parts, one, transformed, parts.scoring.threshold)
        step = "load"
        compose_messages(parts, one.batch, transformed.payments, scores.decisions)
    except FraudScorerError:
        raise
    except Exception as error:  # the run raises it too; this names the batch
        _log_failed_trial(one, step, error)
        return Trial(failed_step=step)
    if scores.decisions.empty:
        return Trial()
    highest = float(scores.decisions["fraud_probability"].max())
    return Trial(proven_steps=("transform", *_steps_proven_if_flagged(parts, one, transformed, highest)))


def _score_alone(parts: Parts, one: BatchInput, transformed: Transformed, threshold: float) -> Scores:
    return score_payments(parts, transformed, reference=one.batch.batch_id, threshold=threshold)


def _steps_proven_if_flagged(
    parts: Parts, one: BatchInput, transformed: Transformed, highest: float
) -> tuple[str, ...]:
    """The later steps that the batch gets through with a threshold so low that at least one payment is flagged.

    Most batches have no flagged payment: without this they would prove nothing about reason codes and messages.
    """
    proven: tuple[str, ...] = ()
    try:
        flagged = _score_alone(parts, one, transformed, min(parts.scoring.threshold, highest)).decisions
        proven = ("score",)
        return ("score", "load") if compose_messages(parts, one.batch, transformed.payments, flagged) else proven
    except FraudScorerError:
        raise
    except Exception as error:
        _log_failed_trial(one, "load" if proven else "score", error)
        return proven


def _log_failed_trial(one: BatchInput, step: str, error: Exception) -> None:
    """Log the error's class only: its text may quote a payment."""
    log.warning(
        "This batch alone meets the error.", action=step, batch_id=one.batch.batch_id, error=type(error).__name__
    )
