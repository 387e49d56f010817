"""Replay: the steps again over landed bytes, for a minute, a range, or everything.

A plain replay keeps every recorded decision and writes nothing; minutes that never made it into the store are loaded.
``rescore`` decides anew and moves the old decision to the history. ``dry_run`` says what would change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pandas as pd
import structlog

from fraud_common.errors import SettingsError
from fraud_scorer.domain.batches import minutes_between
from fraud_scorer.domain.frames import ARRIVAL, CORRECTION, NEW, RESCORE, UNCHANGED
from fraud_scorer.steps.score import Scores
from fraud_scorer.steps.transform import BatchInput, Transformed
from fraud_scorer.use_cases.pipeline.landing_order import BATCHES_AT_ONCE, all_requested_batches, note_landed
from fraud_scorer.use_cases.pipeline.scoring_run import ScoringRun

if TYPE_CHECKING:
    from fraud_scorer.wiring import Parts

log = structlog.get_logger()
Progress = Callable[[int, int], None]  # done, total


def silent(_done: int, _total: int) -> None:
    """Tell nobody."""


def replay(
    parts: Parts,
    start: datetime,
    end: datetime,
    *,
    rescore: bool = False,
    dry_run: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Replay what landed for the minutes from ``start`` (included) to ``end`` (excluded), oldest landing first.

    Records that were taken out of quarantine between these times are replayed too: their batches landed then. Where
    one of the batches was never loaded, what landed before it and waits is loaded first, and counted as well. Who asked
    for a rescore is audited.

    Returns:
        Counts over the range: minutes, not_landed, payments, new, updated, unchanged, flagged, mails_queued, and, if
        any, taken_along (batches of other times that are loaded first); with ``dry_run`` what they would be, and
        ``flag_changes`` (decisions that would turn).

    Raises:
        SettingsError: the range is empty.
    """
    minutes = list(minutes_between(start, end))
    if not minutes:
        raise SettingsError("--to is not later than --from", "Give the first minute, and the first one left out")
    if rescore and not dry_run:
        parts.database.audit.note("replay --rescore", first=start, until=end)
    note_landed(parts)
    asked = {*minutes, *parts.database.store.retries(start, end)}
    work = all_requested_batches(parts, asked)
    found = sum(one.batch.kind == "minute" for one in work if one.batch in asked)
    total = {"minutes": found, "not_landed": len(minutes) - found} | dict.fromkeys(_COUNTS, 0)
    if taken_along := sum(one.batch not in asked for one in work):
        log.info("What landed before and waits goes first.", action="replay", batches=taken_along)
        total["taken_along"] = taken_along
    progress(0, len(work))
    done = 0
    while done < len(work):
        counts, taken = _replay_some(parts, work[done : done + BATCHES_AT_ONCE], rescore=rescore, dry_run=dry_run)
        for name, count in counts.items():
            total[name] = total.get(name, 0) + count
        done += taken
        progress(done, len(work))
    return total


_COUNTS = ("payments", "new", "updated", "unchanged", "flagged", "mails_queued")


def _replay_some(
    parts: Parts, work: Sequence[BatchInput], *, rescore: bool, dry_run: bool
) -> tuple[dict[str, int], int]:
    """Counts of the batches that one run took, and how many these were."""
    run = ScoringRun(parts, f"replay-{uuid4().hex[:12]}", lambda: work, rescore=rescore, claim=not dry_run)
    try:
        transformed = run.transform()
        scores = run.score()
        done = _would_change(parts, transformed, scores) if dry_run else run.load()
    finally:
        run.drop()
    counted = _COUNTS if not dry_run else done.keys()
    return {name: done[name] for name in counted}, len(transformed.batches)


def _would_change(parts: Parts, transformed: Transformed, scores: Scores) -> dict[str, int]:
    deliveries = transformed.payments["delivery"].value_counts()
    decisions = scores.decisions
    before = parts.database.store.decided(decisions["trans_num"].tolist())
    arrivals = transformed.payments.loc[transformed.payments["delivery"] == ARRIVAL, "trans_num"]
    kept = before[before["trans_num"].isin(arrivals)]  # a decision made of a capture stays
    if len(kept):
        decisions = pd.concat([decisions[~decisions["trans_num"].isin(kept["trans_num"])], kept], ignore_index=True)
    both = decisions.merge(before, on="trans_num", suffixes=("", "_before"))
    changed = both[~_same_decision(both)]
    return {
        "payments": len(transformed.payments),
        "new": int(deliveries.get(NEW, 0)),
        "updated": int(deliveries.get(CORRECTION, 0) + deliveries.get(ARRIVAL, 0))
        + (len(changed) if deliveries.get(RESCORE, 0) else 0),
        "unchanged": int(deliveries.get(UNCHANGED, 0)) + int(deliveries.get(RESCORE, 0)) - len(changed),
        "flagged": int(decisions["flagged"].sum()),
        "flag_changes": int((both["flagged"] != both["flagged_before"]).sum()),
    }


def _same_decision(both: pd.DataFrame) -> pd.Series:
    """Whether the decision is the recorded one: what was decided, not when or by which run."""
    same = pd.Series(True, index=both.index)
    for name in ("raw_score", "fraud_probability", "threshold", "flagged", "model_hash"):
        same &= both[name] == both[f"{name}_before"]
    return same
