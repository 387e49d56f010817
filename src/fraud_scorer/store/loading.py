"""The transaction of ``load``: one batch, all or nothing, the same again writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

import pandas as pd
import psycopg2.extensions

from fraud_common.errors import Fenced, TerminalError
from fraud_scorer.domain.frames import ARRIVAL, CORRECTION, EVENT, NEW, RESCORE
from fraud_scorer.domain.ports import LoadCounts, LoadWork, Message
from fraud_scorer.ingest.event_kinds import can_be_scored
from fraud_scorer.store.bulk import copy_in, rows, texts, without_nul
from fraud_scorer.store.outbox import write_messages
from fraud_scorer.store.staging import staged, staged_events

RECORDS_AT_ONCE = 2_000  # quarantined records a statement
_PROFILE_COUNTS = ("payments_7d", "payments_30d", "labelled_7d", "labelled_30d", "frauds_7d", "frauds_30d")


@dataclass
class _Written:
    """What the payments' statements wrote."""

    inserted: int = 0
    updated: int = 0
    events: int = 0  # of what is no payment, new ones
    event_rows: int = 0
    flagged: list[str] = field(default_factory=list)  # trans_num, of what was written


def load_batch(cursor: psycopg2.extensions.cursor, work: LoadWork, token: str) -> LoadCounts:
    """Write ``work`` inside the caller's transaction.

    Raises:
        Fenced: ``token`` is not the claim that the ledger holds, or the batch was never loaded and it is not its turn:
            something that landed before it waits, or was taken from this run.
        TerminalError: the ledger does not know the batch, or the frames do not fit.
    """
    line = _locked_line(cursor, work, token)
    written = _write_payments(cursor, work, first=line["status"] != "done")
    labels = _write_labels(cursor, work, cast("datetime", line["landed_at"]))
    quarantined = _write_quarantine(cursor, work)
    profiles = _write_profiles(cursor, work.profiles)
    messages = 0 if work.batch.kind == "history" else write_messages(cursor, _about(written.flagged, work.messages))
    counts = LoadCounts(
        inserted=written.inserted,
        updated=written.updated,
        unchanged=len(work.payments) - written.inserted - written.updated - written.events,
        flagged=len(written.flagged),
        messages=messages,
        quarantined=max(work.bad, len(work.quarantine)),
        events=written.events,
    )
    changed = counts.inserted + counts.updated + written.event_rows + labels + quarantined + profiles
    settled = line["status"] == "done" or (line["status"] == "failed" and bool(work.error))  # as it was, or still bad
    _write_ledger(cursor, work, counts, first=not settled, changed=changed > 0)
    return counts


def _locked_line(cursor: psycopg2.extensions.cursor, work: LoadWork, token: str) -> Mapping[str, object]:
    """The batch's line of the ledger, ours until the transaction ends."""
    rows(cursor, "load/lock_batch", {"batch_id": work.batch.batch_id})
    found = rows(cursor, "ledger/batch", {"batch_id": work.batch.batch_id})
    if not found:
        raise TerminalError(f"the run ledger does not know the batch {work.batch.batch_id}", "Note its landing first")
    if found[0]["claim"] != token.lower():
        raise Fenced(f"another run took the batch {work.batch.batch_id} over")
    if found[0]["has_to_wait"] or found[0]["is_overtaken"] or (work.follows_lost and found[0]["status"] != "done"):
        raise Fenced(f"it is not the turn of the batch {work.batch.batch_id}")
    return found[0]


def _write_payments(cursor: psycopg2.extensions.cursor, work: LoadWork, *, first: bool) -> _Written:
    """``first``: the batch was never loaded. Then deliveries that landed before those stored give them their time."""
    table, events = staged(work), staged_events(work)
    written = _Written()
    if not table.num_rows and not events.num_rows:
        return written
    rows(cursor, "load/stage", {})
    copy_in(cursor, "load/stage_copy", table)
    rows(cursor, "load/drop_purged", {})
    deliveries = set(table["delivery"].unique().to_pylist())
    has_events = bool(events.num_rows) or ARRIVAL in deliveries
    if has_events:
        rows(cursor, "load/events_stage", {})
        copy_in(cursor, "load/events_copy", events)
        rows(cursor, "load/events_displaced", {})
    if deliveries & {NEW, CORRECTION, ARRIVAL}:
        _write(cursor, "load/upsert", written)
    if RESCORE in deliveries:
        _write(cursor, "load/rescore", written)
    if first and written.inserted + written.updated < table.num_rows:
        _write(cursor, "load/late", written)
    if has_events:
        found = rows(cursor, "load/events", {})[0]
        written.events, written.event_rows = int(str(found["events"])), int(str(found["written"]))
    return written


def _write(cursor: psycopg2.extensions.cursor, statement: str, written: _Written) -> None:
    """Run one of the payments' statements and add up what it wrote."""
    seen = rows(cursor, statement, {})[0]
    written.inserted += int(str(seen["inserted"]))
    written.updated += int(str(seen["updated"]))
    written.flagged += cast("list[str]", seen["flagged"])


def _write_labels(cursor: psycopg2.extensions.cursor, work: LoadWork, landed_at: datetime) -> int:
    """What the payload of a known payment says of its label, where it says another thing than before."""
    said = work.payments[
        ~work.payments["delivery"].isin([NEW, ARRIVAL, EVENT]) & work.payments["payload_is_fraud"].notna()
    ]
    said = said[can_be_scored(said)]
    if said.empty:
        return 0
    values = {
        "trans_nums": texts(said["trans_num"]),
        "labels": [bool(label) for label in said["payload_is_fraud"]],
        "landed_at": landed_at,
        "landing_seq": int(work.landing_seq),
    }
    rows(cursor, "load/labels", values)
    return cursor.rowcount


def _write_quarantine(cursor: psycopg2.extensions.cursor, work: LoadWork) -> int:
    """Keep what is bad; what was bad and no longer is, is marked so. The number of rows written."""
    changed = 0
    bad = work.quarantine.sort_values(["part", "row_index"], na_position="first")
    for start in range(0, len(bad), RECORDS_AT_ONCE):
        some = bad.iloc[start : start + RECORDS_AT_ONCE]
        texts_of = {f"{name}s": [without_nul(str(text)) for text in some[name]] for name in ("reason", "detail")}
        records = [psycopg2.Binary(bytes(record)) for record in some["record"]]
        rows(
            cursor, "load/quarantine", {"batch_id": work.batch.batch_id, "records": records} | texts_of | _places(some)
        )
        changed += cursor.rowcount
    rows(cursor, "load/quarantine_mended", {"batch_id": work.batch.batch_id} | _places(bad))
    return changed + cursor.rowcount


def _places(bad: pd.DataFrame) -> dict[str, object]:
    """Part and row of each record; no row: the whole answer."""
    indexes = [None if pd.isna(index) else int(index) for index in bad["row_index"]]
    return {"parts": [int(part) for part in bad["part"]], "row_indexes": indexes}


def _write_profiles(cursor: psycopg2.extensions.cursor, profiles: pd.DataFrame) -> int:
    if profiles.empty:
        return 0
    values: dict[str, object] = {
        "profile_day": [pd.Timestamp(day).date() for day in profiles["profile_day"]],
        "merchant": texts(profiles["merchant"]),
    }
    values |= {name: [int(count) for count in profiles[name]] for name in _PROFILE_COUNTS}
    rows(cursor, "profiles/insert", values)
    return cursor.rowcount


def _about(flagged: Sequence[str], messages: Sequence[Message]) -> list[Message]:
    """The messages, without the payments that this transaction did not write as flagged; empty ones are dropped."""
    written = frozenset(flagged)
    kept = []
    for message in messages:
        told = tuple(trans_num for trans_num in message.trans_nums if trans_num in written)
        if len(told) == len(message.trans_nums):
            kept.append(message)
        elif told:
            kept.append(replace(message, trans_nums=told, content=_only(message.content, frozenset(told))))
    return kept


def _only(content: dict[str, object], trans_nums: frozenset[str]) -> dict[str, object]:
    payments = content.get("payments")
    if not isinstance(payments, list):
        return content
    return content | {"payments": [payment for payment in payments if payment["trans_num"] in trans_nums]}


def _write_ledger(
    cursor: psycopg2.extensions.cursor, work: LoadWork, counts: LoadCounts, *, first: bool, changed: bool
) -> None:
    """What the first load did; of a replay only what it changed, and nothing if that is nothing."""
    if not first and not changed:
        return
    values = {
        **vars(counts),
        "batch_id": work.batch.batch_id,
        "received": work.received,
        "valid": len(work.payments),
        "seconds": work.seconds,
        "error": without_nul(work.error),
        "note": without_nul(work.note),
        "dropped": work.dropped,
        "scored_by": work.scored_by,
        "fallback_reason": without_nul(work.fallback_reason or ""),
        "invoked_variant": without_nul(work.invoked_variant),
        "threshold": work.threshold,
        "model_hash": work.model_hash,
    }
    rows(cursor, "ledger/done" if first else "ledger/changed", values)
