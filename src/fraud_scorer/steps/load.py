"""load: write payments and decisions to the store, batch by batch, each in one transaction, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from fraud_common.errors import Fenced, TerminalError
from fraud_common.text import count_text
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import LoadCounts, LoadWork, Message

Compose = Callable[[Batch, pd.DataFrame, pd.DataFrame], list[Message]]
OnRefused = Callable[[Batch, TerminalError], None]


class LoadStore(Protocol):
    """The part of ``ports.Store`` that load uses."""

    def load(self, work: LoadWork, token: str) -> LoadCounts:
        """One batch in one transaction. Raises Fenced if ``token`` lost its claim, or out of turn."""


@dataclass(frozen=True)
class BatchToLoad:
    """One batch of the run, without its frames."""

    batch: Batch
    landing_seq: int
    received: int  # records in its answers, good or bad
    seconds: float  # work on the run so far, this batch's share
    error: str = ""  # why nothing of the batch could be read
    note: str = ""  # more pages, or an error, that its answers announced
    bad: int = 0  # records that are no payments
    dropped: str = ""  # JSON: how many unusable optional values its payments lost, by reason


@dataclass(frozen=True)
class RunScoring:
    """The run's scorer, for the ledger. All None if nothing had to be scored."""

    scored_by: str | None = None
    fallback_reason: str = ""
    threshold: float | None = None
    model_hash: str | None = None
    invoked_variant: str = ""


@dataclass(frozen=True)
class LoadResult:
    """The result of loading one batch. ``counts`` is None where the batch is left to another run."""

    batch: Batch
    counts: LoadCounts | None

    @property
    def fenced(self) -> bool:
        """Another run claimed the batch since this one began, or one before it: that run's result stands."""
        return self.counts is None

    @property
    def sentence(self) -> str:
        """The result in one sentence, for the log and the task's result."""
        counts = self.counts
        if counts is None:
            return f"{self.batch.batch_id}: another run took it over, nothing written"
        if not (counts.inserted or counts.updated or counts.events):
            return f"{self.batch.batch_id}: {count_text(counts.unchanged, 'payment')} unchanged, nothing written"
        return (
            f"{self.batch.batch_id}: {counts.inserted} new, {counts.updated} updated, {counts.unchanged} unchanged, "
            + (f"{count_text(counts.events, 'event')}, " if counts.events else "")
            + f"{counts.flagged} flagged, {count_text(counts.messages, 'message')}"
        )


def _ignore(_batch: Batch, _error: TerminalError) -> None:
    """Report nothing."""


def totals(results: Sequence[LoadResult]) -> dict[str, int]:
    """The changes of a run's loads, added up."""
    counts = [result.counts for result in results if result.counts is not None]
    return {
        "batches": len(counts),
        "taken_over": len(results) - len(counts),
        "payments": sum(count.inserted + count.updated + count.unchanged for count in counts),
        "events": sum(count.events for count in counts),
        "new": sum(count.inserted for count in counts),
        "updated": sum(count.updated for count in counts),
        "unchanged": sum(count.unchanged for count in counts),
        "quarantined": sum(count.quarantined for count in counts),
        "flagged": sum(count.flagged for count in counts),
        "mails_queued": sum(count.messages for count in counts),
    }


def load(
    batches: Sequence[BatchToLoad],
    payments: pd.DataFrame,
    decisions: pd.DataFrame,
    quarantine: pd.DataFrame,
    profiles: pd.DataFrame,
    *,
    scored: RunScoring,
    token: str,
    store: LoadStore,
    compose: Compose,
    refused: OnRefused = _ignore,
) -> list[LoadResult]:
    """Load a run's batches, lowest landing sequence first; one result a batch, in that order.

    Args:
        batches: the run's batches.
        payments: PAYMENT_COLUMNS of all of them.
        decisions: DECISION_COLUMNS and ``features`` of the scored payments. A payment that two batches of the run bring
            has one row a batch, told apart by a column ``batch_id``; without it ``trans_num`` must be unique.
        quarantine: QUARANTINE_COLUMNS of all of them.
        profiles: merchant profiles that this run computed; written with the first batch that is loaded.
        scored: how it was scored.
        token: the run's fencing token.
        store: where it goes.
        compose: a batch, its payments and its decisions to the messages that are written with them.
        refused: told which batch the store refuses, before the error goes on.

    Raises:
        StoreUnavailable: the store gave up at one batch; those before it are done, loading all again changes nothing.
        TerminalError: the store refused a batch; likewise.
    """
    results: list[LoadResult] = []
    left = profiles
    for one in sorted(batches, key=lambda batch: batch.landing_seq):
        work = _work(one, payments, decisions, quarantine, left, scored)
        work.messages = compose(one.batch, work.payments, work.decisions)
        work.follows_lost = any(result.fenced for result in results)
        try:
            results.append(LoadResult(one.batch, store.load(work, token)))
        except Fenced:
            results.append(LoadResult(one.batch, None))
        except TerminalError as error:
            refused(one.batch, error)
            raise
        else:
            left = profiles.iloc[:0]
    return results


def _work(
    one: BatchToLoad,
    payments: pd.DataFrame,
    decisions: pd.DataFrame,
    quarantine: pd.DataFrame,
    profiles: pd.DataFrame,
    scored: RunScoring,
) -> LoadWork:
    """The batch's slice of the run's frames."""
    mine = payments[payments["batch_id"] == one.batch.batch_id].reset_index(drop=True)
    return LoadWork(
        batch=one.batch,
        landing_seq=one.landing_seq,
        payments=mine,
        decisions=_decisions_of(one.batch, mine, decisions),
        quarantine=quarantine[quarantine["batch_id"] == one.batch.batch_id].reset_index(drop=True),
        profiles=profiles,
        received=one.received,
        scored_by=scored.scored_by,
        fallback_reason=scored.fallback_reason,
        threshold=scored.threshold,
        model_hash=scored.model_hash,
        seconds=one.seconds,
        invoked_variant=scored.invoked_variant,
        error=one.error,
        note=one.note,
        bad=one.bad,
        dropped=one.dropped,
    )


def _decisions_of(batch: Batch, payments: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    if "batch_id" in decisions.columns:
        mine = decisions[decisions["batch_id"] == batch.batch_id]
        return mine.drop(columns="batch_id").reset_index(drop=True)
    return decisions[decisions["trans_num"].isin(payments["trans_num"])].reset_index(drop=True)
