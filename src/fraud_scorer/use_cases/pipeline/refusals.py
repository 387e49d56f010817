"""Batches that are the trouble themselves: a few runs try one, then it is marked failed and passed; the others get on.

Only what a batch itself did counts: five refusals, or three runs in a row that took it alone and never answered
(killed, out of memory or time). Runs that found no database, or stopped at a setting, a right or the model, say nothing
against their batches: these wait, however often. Whether runs died of the batch or of an outage shows
when others get through: then it is tried once more by itself (`passed.try_again`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from fraud_common.errors import SettingsError, TerminalError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.steps.transform import BatchInput

log = structlog.get_logger()
HOPELESS_REFUSALS = 5
HOPELESS_LONE_RUNS = 3
_NO_ANSWER = f"{HOPELESS_LONE_RUNS} runs in a row took it alone, and none came to an end: killed, out of memory or time"


class RefusalStore(Protocol):
    """The part of ``ports.Store`` that this needs."""

    def count_refusal(self, batch: Batch) -> int:
        """How many by now; 0 if the batch does not wait."""

    def mark_failed(self, batch: Batch, error: str) -> bool:
        """Pass it; whether it was not done by then."""

    def pass_unanswered(self, most: int, error: str) -> list[Batch]:
        """Pass what so many runs in a row took alone and never answered for."""


@dataclass(frozen=True)
class LoneRunOutcome:
    """How one batch alone fares in a run's steps."""

    stopped_at: str = ""  # the step in which it meets an error that nobody foresaw; empty: none
    proves: Collection[str] = ()  # the steps that it got through with payments: these work


def refused(store: RefusalStore, batch: Batch, error: TerminalError) -> None:
    """The store refused what this batch brings. A wrong schema, right or setting is no batch's fault."""
    if not isinstance(error, SettingsError):
        _count(store, batch, "load", str(error))


def stumbled(
    store: RefusalStore, work: Iterable[BatchInput], fate: Callable[[BatchInput], LoneRunOutcome], error: Exception
) -> None:
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


def passed_if_hopeless(store: RefusalStore, line: Mapping[str, object]) -> bool:
    """Pass the batch of this line of the ledger (``recent``) if runs died over it too often; whether it was."""
    if not line or line["status"] != "landed" or int(str(line["lone_unanswered"])) < HOPELESS_LONE_RUNS:
        return False
    passed = store.pass_unanswered(HOPELESS_LONE_RUNS, _NO_ANSWER)
    for batch in passed:
        log.error("Passed a batch after several runs died over it.", action="transform", batch_id=batch.batch_id)
    return bool(passed)


def _count(store: RefusalStore, batch: Batch, step: str, why: str) -> None:
    if store.count_refusal(batch) >= HOPELESS_REFUSALS:
        log.error("Passed a batch after several runs met it.", action=step, batch_id=batch.batch_id, error=why)
        store.mark_failed(batch, why)
