"""Batches that are the trouble themselves: five runs try one, then it is marked failed and passed; the others get on.

Only what a batch itself did counts. Runs that were killed, found no database, or stopped at a setting, a right or the
model say nothing against their batches: these wait, however often.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

import structlog

from fraud_scorer.batches import Batch
from fraud_scorer.errors import SettingsError, TerminalError
from fraud_scorer.steps.transform import Work

log = structlog.get_logger()
HOPELESS_REFUSALS = 5


class RefusalStore(Protocol):
    """The part of ``ports.Store`` that this needs."""

    def count_refusal(self, batch: Batch) -> int:
        """How many by now; 0 if the batch does not wait."""

    def mark_failed(self, batch: Batch, error: str) -> None:
        """Pass it."""


@dataclass(frozen=True)
class Fate:
    """How one batch alone fares in a run's steps."""

    stopped_at: str = ""  # the step in which it meets an error that nobody foresaw; empty: none
    proves: Collection[str] = ()  # the steps that it got through with payments: these work


def refused(store: RefusalStore, batch: Batch, error: TerminalError) -> None:
    """The store refused what this batch brings. A wrong schema, right or setting is no batch's fault."""
    if not isinstance(error, SettingsError):
        _count(store, batch, "load", str(error))


def stumbled(store: RefusalStore, work: Iterable[Work], fate: Callable[[Work], Fate], error: Exception) -> None:
    """A run met an error that nobody foresaw: count it against the batch that alone meets it, if another one does not.

    Where no other one gets through the same step, the fault is ours or the installation's, and all of them wait. One
    that brings nothing to score (an empty minute, an HTML page) gets through whatever the fault, and proves nothing.
    """
    stopped: list[tuple[Batch, str]] = []
    works: set[str] = set()
    for one in work:
        found = fate(one)
        works |= set(found.proves)
        stopped += [(one.batch, found.stopped_at)] if found.stopped_at else []
        for batch, step in stopped:
            if step in works:
                # its text may quote what the payment said: only its kind is kept
                _count(store, batch, step, f"{type(error).__name__} in {step}; the run's log says more")
                return


def _count(store: RefusalStore, batch: Batch, step: str, why: str) -> None:
    if store.count_refusal(batch) >= HOPELESS_REFUSALS:
        log.error("Passed a batch after several runs met it.", action=step, batch_id=batch.batch_id, error=why)
        store.mark_failed(batch, why)
