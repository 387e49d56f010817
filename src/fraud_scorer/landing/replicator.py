"""Copies a landing on disk to a bucket, batch by batch, once each is closed.

::

    s3://bucket/prefix/
        writer                                              which installation copies here: one at a time
        parts/2026-11-20/1031/0001-3f2a9c0d1e4b5a67.part    one answer, the file as it is on disk; the hash names it
        closed/2026-11-20/1031                              the batch's marker, made once, after its parts

So what lands needs no bucket, and in the bucket a batch is whole or not there. The bytes of a copied batch leave the
disk after ``DISK_DAYS`` and are read from the bucket from then on. Copying goes by landing sequence; ``copied.json``
beside the landed files holds how far it came.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from fraud_common.errors import LandingError, SettingsError, TransientError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import Completion, Part
from fraud_scorer.landing.copied import Copied, keep_copied, read_copied, writer_text, writer_told
from fraud_scorer.landing.disk import DiskLanding
from fraud_scorer.landing.files import completion_of, completion_text, disk_faults, file_lock, write_whole
from fraud_scorer.landing.names import (
    TEMPORARY,
    batch_marked,
    batch_named,
    file_names,
    is_folded,
    marker_lines,
    old_markers,
    part_key,
    purged_batches,
    sequence_of,
)

if TYPE_CHECKING:
    from fraud_common.object_store import Bucket

log = structlog.get_logger()

KEEP_AFTER = 100  # batches: how far it came is written to disk then, and in the end
DISK_DAYS = 2
AT_ONCE = 16  # markers that are fetched together


class Replicator:
    """Copies the closed batches of ``landing`` to ``bucket``, purges them there, and learns of a bucket's batches."""

    def __init__(self, landing: DiskLanding, bucket: Bucket, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._landing = landing
        self._places = landing.places
        self._bucket = bucket
        self._monotonic = monotonic

    # --- copying ------------------------------------------------------------------------------------------------
    def waiting(self) -> list[Batch]:
        """Closed batches that are not copied yet, in order of landing sequence (by names alone: fast).

        A purged one is in no need of it: its bytes are gone.
        """
        return [batch_marked(path) for _, path in self._waiting()]

    def uncopied_since(self) -> datetime | None:
        """About when the oldest batch that waits was closed (by its number: fast), None if none waits."""
        waiting = self._waiting()
        return datetime.fromtimestamp(waiting[0][0], UTC) if waiting else None

    def _waiting(self) -> list[tuple[int, Path]]:
        """The markers of the batches that wait, each with its landing sequence, lowest first."""
        through = self._copied().through
        with (
            disk_faults(self._places.path, "read"),
            self._places.lock(),
        ):  # else a later number is seen before an earlier one
            paths = [
                day / name for day in self._places.closed_days() for name in file_names(day) if not is_folded(name)
            ]
        numbered = [(sequence_of(path.name), path) for path in paths]
        return sorted(one for one in numbered if one[0] > through)

    def copy(self, *, seconds: float = math.inf) -> int:
        """Copy what waits, lowest landing sequence first; gives how many batches were copied.

        Begins no call to the bucket after ``seconds``; the next call of this goes on from there, within a batch too.
        If another process of this machine is at it, it is left to that one.

        Raises:
            TransientError: the bucket is away or slow; what waits is kept, and the next call goes on from there. Or
                what waits cannot be read from the disk.
            SettingsError: no such bucket, no rights, no credentials, or another installation copies there.
        """
        ends, done = self._monotonic() + seconds, 0
        with file_lock(self._places.path / "copying") as mine:
            waiting = self._waiting() if mine else []
            if waiting:
                self._claim(take_over=False)
            for start in range(0, len(waiting), KEEP_AFTER):
                done += self._copy_until(ends, waiting[start : start + KEEP_AFTER])
                if self._monotonic() >= ends:
                    break
        return done

    def _copy_until(self, ends: float, waiting: Sequence[tuple[int, Path]]) -> int:
        """Copy these batches; how far it came is kept, whatever ends it."""
        before = copied = self._copied()
        try:
            for step in self._steps(waiting, before):
                copied = step
                if self._monotonic() >= ends:
                    break
        finally:
            if copied != before:
                self._keep(copied)
        return sum(number <= copied.through for number, _ in waiting)

    def _steps(self, waiting: Iterable[tuple[int, Path]], copied: Copied) -> Iterator[Copied]:
        """Copy these batches; before each call to the bucket it gives how far it came."""
        for number, path in waiting:
            for line in marker_lines(path):  # none: purged since it was listed
                done = self._landing.marked(line, path)
                yield from self._batch_steps(done, completion_text(done).encode(), copied)
            copied = replace(copied, through=number, begun=0, parts=0)
        yield copied

    def _batch_steps(self, done: Completion, text: bytes, copied: Copied) -> Iterator[Copied]:
        """Parts first, then the marker; one that is there already stays, whoever wrote it."""
        key = self._marker_key(done.batch)
        yield copied
        found = self._bucket.get(key)
        if _is_marker_of(done, found):
            return
        if copied.begun != done.landing_seq:
            copied = replace(copied, begun=done.landing_seq, parts=0)
        for part in done.parts[copied.parts :]:
            yield copied
            self._copy_part(part)
            copied = replace(copied, parts=copied.parts + 1)
        if found is None:
            yield copied
            found = text if self._bucket.put_once(key, text) else self._bucket.get(key)
        if not _is_marker_of(done, found):
            log.error("The bucket has another installation's marker of this batch, and keeps it; the parts are copied.",
                      action="copy", batch_id=done.batch.batch_id, bucket=self._bucket.address)  # fmt: skip

    def _copy_part(self, part: Part) -> None:
        """As the file is on disk; one that is lost is told, and keeps nothing behind it from being copied."""
        path = self._places.path / part.path
        with disk_faults(path, "read"):
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                log.error("A part was lost before it was copied.", action="copy", part=part.path)
                return
        self._bucket.put_once(part_key(part), content)

    def _claim(self, *, take_over: bool) -> None:
        """Be the one installation that copies to the bucket; ``take_over``: in the place of another one."""
        copied = self._copied()
        if not copied.installation:
            self._keep(copied := replace(copied, installation=uuid4().hex))
        found = self._bucket.get("writer")
        if found is None or (take_over and writer_told(found)["installation"] != copied.installation):
            write = self._bucket.put if take_over else self._bucket.put_once
            write("writer", writer_text(copied.installation, datetime.now(UTC)))
            found = self._bucket.get("writer")
        self._require_own(found)

    def _require_own(self, found: bytes | None) -> None:
        writer = writer_told(found)
        if writer["installation"] != self._copied().installation:
            raise SettingsError(
                f"another installation ({writer['host']}, since {writer['since']}) copies to {self._bucket.address}",
                "Give this one a prefix of its own in FRAUD_LANDING; if it takes the other's place: "
                "`fraud-scorer landing rebuild --take-over`",
            )

    def probe(self) -> str:
        """Try every right that copying needs; where and how far it is, in a sentence. Raises as ``copy``."""
        if (found := self._bucket.get("writer")) is not None:
            self._require_own(found)
        key = f"probe-{uuid4().hex}"
        self._bucket.put_once(key, b"probe")
        once = not self._bucket.put_once(key, b"probe")
        self._bucket.delete(self._bucket.keys(key))
        if not once:
            raise SettingsError(
                f"{self._bucket.address} writes over what is there (it ignores If-None-Match)",
                "Use a newer version of this store: two installations could write over each other's batches",
            )
        return f"{self._bucket.address} can be written; {len(self.waiting())} batches wait to be copied there"

    # --- what it remembers --------------------------------------------------------------------------------------
    def _copied(self) -> Copied:
        return read_copied(self._places.path / "copied.json", self._bucket.address)

    def _keep(self, copied: Copied) -> None:
        keep_copied(self._places.path / "copied.json", copied, prefix=TEMPORARY)

    def _marker_key(self, batch: Batch) -> str:
        folder, name = self._places.marker_place(batch)
        return f"closed/{folder.name}/{name}"

    # --- forgetting ---------------------------------------------------------------------------------------------
    def purge(self, finished: Collection[Batch], *, now: datetime, keep_days: int) -> int:
        """As on disk, and then in the bucket; bytes that were copied ``DISK_DAYS`` ago leave the disk.

        Raises:
            TransientError, SettingsError: the bucket cannot be purged. It is on disk then, and the next purge makes
                up for it in the bucket.
        """
        purged = self._landing.purge(finished, now=now, keep_days=keep_days)
        self._free_disk(now - timedelta(days=DISK_DAYS))
        self._forget(now - timedelta(days=keep_days))
        return purged

    def _free_disk(self, before: datetime) -> None:
        """Remove the bytes of copied batches."""
        through = self._copied().through
        for day in self._places.closed_days():
            for name, batch in old_markers(day, before).items():
                if sequence_of(name) <= through:
                    shutil.rmtree(self._places.parts_of(batch), ignore_errors=True)

    def _forget(self, oldest_kept: datetime) -> None:
        """Delete what the bucket holds of batches that are purged on disk, markers first, whoever wrote it."""
        days = {day for kind in ("closed/", "parts/") for day in self._bucket.folders(kind)}
        for day in sorted(day for day in days if day <= f"{oldest_kept:%Y-%m-%d}" or day == "history"):
            purged = {
                self._places.marker_place(batch)[1] for batch in purged_batches(self._places.path / "closed" / day)
            }
            keys = [*self._bucket.keys(f"closed/{day}/"), *self._bucket.keys(f"parts/{day}/")] if purged else []
            if going := [key for key in keys if key.split("/")[2] in purged]:
                self._require_own(self._bucket.get("writer"))
                self._bucket.delete(going)

    # --- another machine ----------------------------------------------------------------------------------------
    def restore(self, *, take_over: bool = False) -> int:
        """Learn of every batch in the bucket that this disk does not know; gives how many.

        Their bytes stay in the bucket. From then on new batches get higher landing sequences than these.

        Raises:
            SettingsError: another installation copies there, and ``take_over`` is not said.
            TransientError: the bucket is away; what was learnt is kept.
        """
        with file_lock(self._places.path / "copying") as mine:
            if not mine:
                raise TransientError("another process is copying to the bucket", "Wait for it to end")
            self._claim(take_over=take_over)
            known, learnt = {done.batch for done in self._landing.completions()}, set[Batch]()
            try:
                self._learn((key for key in self._bucket.keys("closed/") if _batch_of(key) not in known), learnt)
            finally:  # of what it learnt nothing is to be copied; of what landed here, also meanwhile, all
                last = self._landing.last_sequence()
                own = [number for number, path in self._waiting() if batch_marked(path) not in learnt]
                self._keep(replace(self._copied(), through=min(own, default=last + 1) - 1))
        return len(learnt)

    def _learn(self, keys: Iterable[str], learnt: set[Batch]) -> None:
        """Write these markers to disk as they are, unless their number was given here to another batch."""
        given, wanted = {done.landing_seq for done in self._landing.completions()}, sorted(keys)
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            for key, text in zip(wanted, pool.map(self._bucket.get, wanted), strict=True):
                done = completion_of(text or b"", key)
                if done.landing_seq in given:
                    log.error("Two installations gave one landing sequence: this batch stays in the bucket alone.",
                              action="landing", batch_id=done.batch.batch_id, key=key)  # fmt: skip
                    continue
                folder, name = self._places.marker_place(done.batch)
                with disk_faults(folder), self._places.lock():
                    write_whole(folder, text or b"", prefix=TEMPORARY).rename_to(f"{done.landing_seq:012d}-{name}")
                learnt.add(done.batch)
        finally:
            pool.shutdown(cancel_futures=True)  # else each of the rest would still be asked for


def _batch_of(key: str) -> Batch:
    _, day, name = key.split("/")
    return batch_named(day, name)


def _is_marker_of(done: Completion, text: bytes | None) -> bool:
    """Whether this marker of the bucket is the batch's own: same number, same parts, purged since or not."""
    try:
        found = completion_of(text or b"", "the bucket's")
    except LandingError:
        return False
    return (found.batch, found.landing_seq, found.parts) == (done.batch, done.landing_seq, done.parts)
