"""Import of past payments: scored and stored as a live minute's are, a day a batch, never alerted.

A day's batch is named after the file's keyed hash (a plain one of one payment gives its card number away), so the same
file changes nothing the second time; payments that are known already, from another file or from live minutes, stay as
they are. Beside live minutes a day has its turn as any batch: it is loaded after what landed before it, and what lands
meanwhile waits for it (two minutes a step at most, so that an import that died holds nothing up).
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fraud_common.errors import DataFileError, TransientError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import KEYED
from fraud_scorer.ingest.batch_reader import RawPart
from fraud_scorer.ingest.data_file_columns import TIMES, Warn, refuse_missing_columns, warn_unseen_columns
from fraud_scorer.ingest.data_files import payment_frames
from fraud_scorer.ingest.event_times import EARLIEST, LATEST, event_micros, micros_of
from fraud_scorer.ingest.skipped_records import declared_kinds, warn_skipped
from fraud_scorer.ingest.tables import table_of_frame
from fraud_scorer.ingest.validate import validate
from fraud_scorer.steps.transform import BatchInput, TransformConfig
from fraud_scorer.use_cases.pipeline.landing_order import load_earlier_batches, note_landed
from fraud_scorer.use_cases.pipeline.replay import Progress, silent
from fraud_scorer.use_cases.pipeline.scoring_run import ScoringRun

if TYPE_CHECKING:
    from fraud_scorer.wiring import Parts

_COUNTS = ("payments", "new", "updated", "unchanged", "flagged", "quarantined")


def import_history(
    parts: Parts, path: Path, *, decimal: str | None = None, progress: Progress = silent, warn: Warn = lambda _: None
) -> dict[str, Any]:
    """Import ``path`` (what ``train`` reads, the public columns or others through the field map), oldest day first.

    ``decimal`` says how a CSV writes its amounts (``point`` or ``comma``) where they do not show it; ``warn`` is told,
    a sentence each, which mapped columns the file has not, and how many records are no purchases by type and status.

    Returns:
        Counts over the file: days, payments, new, updated, unchanged, flagged, quarantined.

    Raises:
        DataFileError: the file cannot be read, lacks a required column, holds no row, or every row was refused (they
            are in quarantine).
    """
    days = _days(parts, path, decimal, warn)
    sources = _short_hashes(parts, path)
    total = {"days": len(days)} | dict.fromkeys(_COUNTS, 0)
    progress(0, len(days))
    for number, (day, frame) in enumerate(days, start=1):
        done = _import_day(parts, sources, day, frame)
        for name in _COUNTS:
            total[name] += done[name]
        progress(number, len(days))
    if total["quarantined"] and not total["payments"]:
        raise _all_refused(parts, path, total["quarantined"], days[0][1])
    return total


def _all_refused(parts: Parts, path: Path, count: int, first: pd.DataFrame) -> DataFileError:
    """The file says something else than our names do: told with the first row's reason, never its values."""
    table, config = table_of_frame(first), parts.source.transform_config
    judged = validate(config.fields.apply(table), len(table), rules=config.rules, received_at=parts.clock.now())
    why = f", the first because {judged.rejects[0].detail}" if judged.rejects else ""
    return DataFileError(
        f"{path}: all {count:,} records were refused{why}",
        "Map the file's names to ours (PAYMENTS_API_FIELDS, docs/connect-your-own-api.md) and import it again",
    )


def _import_day(parts: Parts, sources: Sequence[str], day: date, frame: pd.DataFrame) -> dict[str, int]:
    """One day through the steps, in its turn; if it missed that (its import was cut off), under a new number."""
    note_landed(parts)
    source = _source_of(parts, sources, day)
    for attempt in itertools.count(1):
        batch = Batch.of_history(source, day, attempt)
        if parts.files.landing.completion(batch) and not parts.database.store.recent(
            kinds=["history"], batches=[batch]
        ):
            continue  # forgotten
        done = _through_the_steps(parts, batch, frame)
        if done["taken_over"] and not parts.database.store.forget(batch):
            break
        if not done["taken_over"]:
            return done
    raise TransientError(f"another import is at {day}", "Import the file again when it is done")


def _source_of(parts: Parts, sources: Sequence[str], day: date) -> str:
    """The name under which the file's day was imported before; the first if it was not."""
    batches = {Batch.of_history(source, day): source for source in sources}
    known = {line["batch_id"] for line in parts.database.store.recent(kinds=["history"], batches=list(batches))}
    return next((source for batch, source in batches.items() if batch.batch_id in known), sources[0])


def _through_the_steps(parts: Parts, batch: Batch, frame: pd.DataFrame) -> dict[str, int]:
    """The day takes a landing sequence number, but its bytes stay in the file; what lands after it waits for it."""
    completion = parts.files.landing.close(batch, now=parts.clock.now())
    note_landed(parts)
    parts.database.store.hold(batch)
    load_earlier_batches(parts, batch)
    rows = RawPart(1, completion.closed_at, partial(table_of_frame, frame))
    run = ScoringRun(parts, batch.batch_id, lambda: [BatchInput(batch, completion.landing_seq, [rows])])
    return run.run_all(before_step=lambda: parts.database.store.hold(batch))


def _days(parts: Parts, path: Path, decimal: str | None, warn: Warn) -> list[tuple[date, pd.DataFrame]]:
    """The file's rows by local day; rows without a readable time go with the first day, to be quarantined there."""
    config = parts.source.transform_config
    by_day: dict[date, list[pd.DataFrame]] = {}
    said: list[pd.Series] = []
    for frame in payment_frames(path, config.fields, decimal=decimal, currency=config.rules.currency):
        if frame.empty:
            continue
        if not by_day:
            _check_columns(path, frame, config, warn)
        said.append(declared_kinds(config.fields.apply(table_of_frame(frame)), len(frame), config.rules))
        for day, rows in _split(frame, config):
            by_day.setdefault(day, []).append(rows)
    if not by_day:
        raise DataFileError(f"{path} holds no payment", "Give a file with at least one row")
    warn_skipped(pd.concat(said), warn)
    return [(day, pd.concat(frames, ignore_index=True)) for day, frames in sorted(by_day.items())]


def _check_columns(path: Path, frame: pd.DataFrame, config: TransformConfig, warn: Warn) -> None:
    """As ``train`` checks them."""
    table = table_of_frame(frame)
    found, unseen = config.fields.apply(table), config.fields.unseen(table)
    refuse_missing_columns(path, found, unseen, table.columns, label_required=False)
    warn_unseen_columns(path, found, unseen, table.columns, warn)


def _split(frame: pd.DataFrame, config: TransformConfig) -> Iterator[tuple[date, pd.DataFrame]]:
    columns = config.fields.apply(table_of_frame(frame))
    times = {name: columns.get(name, [None] * len(frame)) for name in TIMES}
    micros = event_micros(times, config.rules.time_zone)
    readable = (micros >= micros_of(EARLIEST)) & (micros < micros_of(LATEST))
    moments = pd.to_datetime(
        np.where(readable, micros, micros[readable].min(initial=micros_of(EARLIEST))), unit="us", utc=True
    )
    local_days = pd.Series(moments).dt.tz_convert(config.time_zone).dt.date.to_numpy()
    for day in sorted(set(local_days)):
        yield day, frame[local_days == day]


def _short_hashes(parts: Parts, path: Path) -> list[str]:
    """The file's name under the landing key in force, under older ones, and the plain one of earlier versions."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        marks = [mark.removeprefix(KEYED) for mark in parts.files.cipher.marks(digest)]
        return [mark[:12] for mark in (*marks, digest.hex())]
    except OSError as error:
        raise DataFileError(f"{path} cannot be read ({error.strerror})", "Check the path") from None
