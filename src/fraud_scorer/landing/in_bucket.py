"""Landing in a bucket: landed on this machine's disk as ever, then copied batch by batch once it is closed.

::

    s3://bucket/prefix/
        writer                                              which installation copies here: one at a time
        parts/2026-11-20/1031/0001-3f2a9c0d1e4b5a67.part    one answer, the file as it is on disk; the hash names it
        closed/2026-11-20/1031                              the batch's marker, made once, after its parts

So what lands needs no bucket, and in the bucket a batch is whole or not there. The bytes of a copied batch leave the
disk after ``DISK_DAYS`` and are read from the bucket from then on.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from fraud_common.errors import TransientError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import Part
from fraud_scorer.landing.copying import CopyingLanding, part_key
from fraud_scorer.landing.disk import TEMPORARY
from fraud_scorer.landing.files import alone, completion_of, disk_faults, missing, write_whole
from fraud_scorer.landing.names import batch_marked, batch_named, old_markers, purged_batches, sequence_of

log = structlog.get_logger()

DISK_DAYS = 2
AT_ONCE = 16  # markers that are fetched together


class BucketLanding(CopyingLanding):
    """A landing that is copied to a bucket, and read from there once its bytes left the disk."""

    # --- reading ------------------------------------------------------------------------------------------------
    def parts(self, batch: Batch) -> list[Part]:
        """What has landed of the batch, in order, also if its bytes are in the bucket alone."""
        done = self.completion(batch)
        if done is None:
            return super().parts(batch)
        return list(done.parts) if done.status == "landed" else []

    def _content(self, path: Path, part: Part) -> bytes:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            content = self._bucket.get(part_key(part))
        if content is None:
            raise missing(f"{part.path} (on disk and in {self._bucket.address})")
        return content

    # --- forgetting ---------------------------------------------------------------------------------------------
    def purge(self, finished: Collection[Batch], *, now: datetime, keep_days: int) -> int:
        """As on disk, and then in the bucket; bytes that were copied ``DISK_DAYS`` ago leave the disk.

        Raises:
            TransientError, SettingsError: the bucket cannot be purged. It is on disk then, and the next purge makes
                up for it in the bucket.
        """
        purged = super().purge(finished, now=now, keep_days=keep_days)
        self._free_disk(now - timedelta(days=DISK_DAYS))
        self._forget(now - timedelta(days=keep_days))
        return purged

    def _free_disk(self, before: datetime) -> None:
        """Remove the bytes of copied batches."""
        through = self._copied().through
        for day in self._closed_days():
            for name, batch in old_markers(day, before).items():
                if sequence_of(name) <= through:
                    shutil.rmtree(self._parts_folder(batch), ignore_errors=True)

    def _forget(self, oldest_kept: datetime) -> None:
        """Delete what the bucket holds of batches that are purged on disk, markers first, whoever wrote it."""
        days = {day for kind in ("closed/", "parts/") for day in self._bucket.folders(kind)}
        for day in sorted(day for day in days if day <= f"{oldest_kept:%Y-%m-%d}" or day == "history"):
            purged = {self._marker_place(batch)[1] for batch in purged_batches(self._folder / "closed" / day)}
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
        with alone(self._folder / "copying") as mine:
            if not mine:
                raise TransientError("another process is copying to the bucket", "Wait for it to end")
            self._claim(take_over=take_over)
            known, learnt = {done.batch for done in self.completions()}, set[Batch]()
            try:
                self._learn((key for key in self._bucket.keys("closed/") if _batch_of(key) not in known), learnt)
            finally:  # of what it learnt nothing is to be copied; of what landed here, also meanwhile, all
                last = self.last_sequence()
                own = [number for number, path in self._waiting() if batch_marked(path) not in learnt]
                self._keep(replace(self._copied(), through=min(own, default=last + 1) - 1))
        return len(learnt)

    def _learn(self, keys: Iterable[str], learnt: set[Batch]) -> None:
        """Write these markers to disk as they are, unless their number was given here to another batch."""
        given, wanted = {done.landing_seq for done in self.completions()}, sorted(keys)
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            for key, text in zip(wanted, pool.map(self._bucket.get, wanted), strict=True):
                done = completion_of(text or b"", key)
                if done.landing_seq in given:
                    log.error("Two installations gave one landing sequence: this batch stays in the bucket alone.",
                              action="landing", batch_id=done.batch.batch_id, key=key)  # fmt: skip
                    continue
                folder, name = self._marker_place(done.batch)
                with disk_faults(folder), self._locked():
                    write_whole(folder, text or b"", prefix=TEMPORARY).rename_to(f"{done.landing_seq:012d}-{name}")
                learnt.add(done.batch)
        finally:
            pool.shutdown(cancel_futures=True)  # else each of the rest would still be asked for


def _batch_of(key: str) -> Batch:
    _, day, name = key.split("/")
    return batch_named(day, name)
