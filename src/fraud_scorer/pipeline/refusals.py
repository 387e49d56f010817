"""Batches that are the trouble themselves: five runs try one, then it is marked failed and passed; the others get on.

Only what a batch itself did counts. Runs that were killed, found no database, or stopped at a setting, a right or the
model say nothing against their batches: these wait, however often.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from fraud_scorer.batches import Batch
from fraud_scorer.errors import FraudScorerError, SettingsError, TerminalError
from fraud_scorer.steps.transform import Transformed, Work

log = structlog.get_logger()
HOPELESS_REFUSALS = 5


class RefusalStore(Protocol):
    """The part of ``ports.Store`` that this needs."""

    def count_refusal(self, batch: Batch) -> int:
        """How many by now; 0 if the batch does not wait."""

    def mark_failed(self, batch: Batch, error: str) -> None:
        """Pass it."""


def refused(store: RefusalStore, batch: Batch, error: TerminalError) -> None:
    """The store refused what this batch brings. A wrong schema, right or setting is no batch's fault."""
    if not isinstance(error, SettingsError):
        _count(store, batch, str(error))


def stumbled(
    store: RefusalStore, work: Sequence[Work], attempt: Callable[[Sequence[Work]], Transformed], error: Exception
) -> None:
    """A run met an error that nobody foresaw: count it against the batch that alone meets it, if another one does not.

    Where every batch meets it, the fault is ours or the installation's, and all of them wait. One that brings nothing
    to score (an empty minute, an HTML page) gets through whatever the fault, and proves nothing.
    """
    guilty, proven = None, False
    for one in work:
        scorable = _scorable(attempt, one)
        proven |= bool(scorable)
        guilty = guilty or (one.batch if scorable is None else None)
        if guilty and proven:
            # its text may quote what the payment said: only its kind is kept
            _count(store, guilty, f"{type(error).__name__} while its payments were prepared; the run's log says more")
            return


def _scorable(attempt: Callable[[Sequence[Work]], Transformed], one: Work) -> int | None:
    """How many payments the batch alone brings to score, None if it does not get through.

    Errors of ours (no database, no model) go on: they are no batch's fault.
    """
    try:
        return len(attempt([one]).features)
    except FraudScorerError:
        raise
    except Exception:
        return None


def _count(store: RefusalStore, batch: Batch, why: str) -> None:
    if store.count_refusal(batch) >= HOPELESS_REFUSALS:
        log.error("Passed a batch after several runs met it.", action="load", batch_id=batch.batch_id, error=why)
        store.mark_failed(batch, why)
