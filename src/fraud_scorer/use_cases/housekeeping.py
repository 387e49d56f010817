"""Housekeeping, once a day: purges data at the end of its retention. Also rebuilds the ledger from the landing."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from fraud_scorer.settings import Settings
    from fraud_scorer.wiring import Parts

log = structlog.get_logger()
COPY_SECONDS, PURGE_SECONDS = 600.0, 900.0  # of housekeeping's half hour


@dataclass(frozen=True)
class HousekeepingResult:
    """How much one housekeeping run purged and copied, and what it had to keep."""

    stages_dropped: int  # work between two steps that nobody touched for an hour
    records_purged: int  # bytes of quarantined records
    messages_purged: int  # what sent messages said
    payments_purged: int  # with their decisions, events and former bodies
    history_purged: int  # former bodies and decisions of payments that stay
    events_purged: int  # refunds, captures and disputes of payments that are stored no longer
    labels_purged: int  # of payments that are stored no longer
    shadow_purged: int  # shadow scores
    outbox_purged: int  # that messages were sent
    quarantine_purged: int  # why records were quarantined
    index_purged: int  # lines on landed answers
    profiles_purged: int  # merchants' profiles of days
    purge_is_done: bool  # else the time was up: the next housekeeping goes on
    batches_purged: int  # landed bytes of so many batches
    batches_copied: int  # to the bucket, if one is set: what the minutes' runs left
    still_waiting: int  # old batches that are not loaded yet, or were passed and not given up: kept


def run_housekeeping(parts: Parts) -> HousekeepingResult:
    """Purge data older than the settings FRAUD_…_KEEP_DAYS allow; the table ``purges`` records kind, count and time.

    Decisions, labels and reasons stay as long as their payment; the ledger for ever. A batch that still waits to be
    loaded is kept, however old; so is one that was passed, until it is loaded or somebody passes it by hand.

    Raises:
        StoreUnavailable: ``fraud_db`` cannot be reached: without it nobody knows what may be purged.
        TransientError, SettingsError: the bucket cannot be; this machine has forgotten all it should by then, and the
            next housekeeping makes up for it in the bucket.
    """
    now, days = parts.clock.now(), parts.settings.fraud_landing_keep_days
    old = parts.files.landing.purgeable(now=now, keep_days=days)
    finished = parts.database.store.finished(old)
    parts.database.store.count_labels()
    purged, is_done = _purge_rows(parts, now)
    done = HousekeepingResult(
        stages_dropped=parts.files.stage.purge(now=now),
        **purged,
        purge_is_done=is_done,
        batches_purged=(parts.files.replicator or parts.files.landing).purge(finished, now=now, keep_days=days),
        batches_copied=parts.files.replicator.copy(seconds=COPY_SECONDS) if parts.files.replicator else 0,
        still_waiting=len(set(old) - finished),
    )
    log.info("Kept house.", action="housekeeping", **vars(done))
    return done


def _purge_rows(parts: Parts, now: datetime) -> tuple[dict[str, int], bool]:
    """Purge each kind of row by its age: counts by the fields of HousekeepingResult, and whether all were purged."""
    until, purged, is_done = time.monotonic() + PURGE_SECONDS, {}, True
    for field, (what, days) in _kept_days(parts.settings).items():
        before = now - timedelta(days=days)
        purged[field], all_went = parts.database.purge.purge(what, before, run=now, until=until)
        is_done = is_done and all_went
    return purged, is_done


def _kept_days(settings: Settings) -> dict[str, tuple[str, int]]:
    """The kind of row by the field of HousekeepingResult, and its retention in days. Possible card data goes first."""
    landed = settings.fraud_landing_keep_days
    return {
        "records_purged": ("quarantined records", landed),
        "messages_purged": ("message texts", landed),
        "payments_purged": ("payments", settings.fraud_payments_keep_days),
        "history_purged": ("payment_history", settings.fraud_history_keep_days),
        "events_purged": ("payment_events", settings.fraud_payments_keep_days),
        "labels_purged": ("labels", settings.fraud_labels_keep_days),
        "shadow_purged": ("shadow_scores", settings.fraud_shadow_keep_days),
        "outbox_purged": ("outbox", settings.fraud_outbox_keep_days),
        "quarantine_purged": ("quarantine", max(landed, settings.fraud_quarantine_keep_days)),
        "index_purged": ("landing_index", max(landed, settings.fraud_landing_index_keep_days)),
        "profiles_purged": ("merchant_profiles", settings.fraud_payments_keep_days),
    }


NO_LIMIT = 2**31  # batches


@dataclass(frozen=True)
class LedgerRebuild:
    """What a rebuild of the ledger from the landing found, in batches."""

    fetched: int  # of the bucket, if one is set: batches that this machine did not know
    markers: int  # batches that ever closed, as the folder says
    waiting: int  # batches that wait to be loaded now
    lost: int = 0  # of them, those of which this landing knows nothing; with ``pass_lost`` these were passed


def rebuild_ledger(parts: Parts, *, take_over: bool = False, pass_lost: bool = False) -> LedgerRebuild:
    """Enter every batch of the landing into ledger and landing index. Existing rows stay as they are.

    After ``fraud_db`` was lost: the next runs load every batch again, oldest first. On a new machine: the landing
    itself first learns what the bucket holds; ``take_over`` if another machine copied there until now.
    ``pass_lost``: batches that wait and whose bytes are lost for good are marked failed, so that the others get on.
    """
    fetched = parts.files.replicator.restore(take_over=take_over) if parts.files.replicator else 0
    markers = parts.files.landing.completions()
    parts.database.store.note_landed(markers)
    known = {done.batch for done in markers}
    lost = [batch for batch, _ in parts.database.store.unloaded(NO_LIMIT) if batch not in known]
    if lost and pass_lost:
        parts.database.audit.note("landing rebuild --pass-lost", batches=[batch.batch_id for batch in lost])
    for batch in lost if pass_lost else ():
        why = "landed in a landing that is lost: restore it, then replay the batch"
        parts.database.store.mark_failed(batch, why, passed_for="hand", by="landing rebuild --pass-lost")
    rebuilt = LedgerRebuild(fetched, len(markers), len(parts.database.store.unloaded(NO_LIMIT)), len(lost))
    log.info("LedgerRebuild the landing index.", action="landing", **vars(rebuilt))
    return rebuilt
