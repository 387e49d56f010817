"""What is done once a day: forget what was kept long enough; and the ledger made anew from the landing folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from fraud_scorer.wiring import Parts

log = structlog.get_logger()


@dataclass(frozen=True)
class Kept:
    """What one housekeeping forgot, and what it could not."""

    batches_purged: int  # landed bytes of so many batches
    still_waiting: int  # old batches that are not loaded yet: kept
    stages_dropped: int  # work between two steps that nobody touched for a day
    records_purged: int  # quarantined records
    messages_purged: int  # what sent messages said


def keep_house(parts: Parts) -> Kept:
    """Purge what is older than FRAUD_LANDING_KEEP_DAYS: landed bytes, quarantined records, what sent messages said.

    Decisions, ledger, labels and reasons stay. A batch that still waits to be loaded is kept, however old.

    Raises:
        StoreUnavailable: ``fraud_db`` cannot be reached: without it nobody knows what may be purged.
    """
    now, days = parts.clock.now(), parts.settings.fraud_landing_keep_days
    old = parts.landing.purgeable(now=now, keep_days=days)
    finished = parts.store.finished(old)
    before = now - timedelta(days=days)
    done = Kept(
        batches_purged=parts.landing.purge(finished, now=now, keep_days=days),
        still_waiting=len(set(old) - finished),
        stages_dropped=parts.stage.purge(now=now),
        records_purged=parts.quarantine.purge(before),
        messages_purged=parts.outbox.purge(before),
    )
    log.info("Kept house.", action="housekeeping", **vars(done))
    return done


@dataclass(frozen=True)
class Rebuilt:
    """What the ledger learnt from the landing folder."""

    markers: int  # batches that ever closed, as the folder says
    waiting: int  # of them, those that wait to be loaded now


def rebuild_ledger(parts: Parts) -> Rebuilt:
    """Make ledger and landing index know every batch that the landing folder holds. What they know is left as it is.

    After ``fraud_db`` was lost: the next runs load every batch again, oldest first.
    """
    markers = parts.landing.completions()
    parts.store.note_landed(markers)
    waiting = len(parts.store.unloaded(len(markers) + 1))
    log.info("Rebuilt the landing index.", action="landing", markers=len(markers), waiting=waiting)
    return Rebuilt(len(markers), waiting)
