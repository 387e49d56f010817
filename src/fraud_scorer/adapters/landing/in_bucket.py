"""Landing in a bucket: landed on this machine's disk as ever, then copied batch by batch once it is closed.

::

    s3://bucket/prefix/
        writer                                              which installation copies here: one at a time
        parts/2026-11-20/1031/0001-3f2a9c0d1e4b5a67.part    one answer, the file as it is on disk; the hash names it
        closed/2026-11-20/1031                              the batch's marker, made once, after its parts

So what lands needs no bucket, and in the bucket a batch is whole or not there. Copying goes by landing sequence;
``copied.json`` beside the landed files holds how far it came. The bytes of a copied batch leave the disk after
``DISK_DAYS`` and are read from the bucket from then on.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from fraud_scorer.adapters.cipher import Cipher
from fraud_scorer.adapters.landing.copied import Copied, keep_copied, read_copied, writer_text, writer_told
from fraud_scorer.adapters.landing.files import alone, completion_of, completion_text, disk_faults, missing, write_whole
from fraud_scorer.adapters.landing.names import batch_named, file_names, old_markers, sequence_of
from fraud_scorer.adapters.landing.on_disk import TEMPORARY, DiskLanding
from fraud_scorer.batches import Batch
from fraud_scorer.errors import SettingsError, TransientError
from fraud_scorer.ports import Completion, Part

if TYPE_CHECKING:
    from fraud_scorer.adapters.landing.bucket import Bucket

log = structlog.get_logger()

DISK_DAYS = 2
AT_ONCE = 16  # markers that are fetched together


class BucketLanding(DiskLanding):
    """A ``DiskLanding`` whose closed batches are copied to ``bucket`` and read from there once they left the disk."""

    def __init__(self, folder: Path, cipher: Cipher, bucket: Bucket) -> None:
        super().__init__(folder, cipher)
        self._bucket = bucket

    # --- copying ------------------------------------------------------------------------------------------------
    def waiting(self) -> list[Completion]:
        """Closed batches that are not copied yet, in order of landing sequence."""
        return self.completions(self._copied().through)

    def uncopied_since(self) -> datetime | None:
        """About when the oldest batch that waits was closed (by its number: fast), None if none waits."""
        through, days = self._copied().through, self._closed_days()
        waiting = (number for day in days for name in file_names(day) if (number := sequence_of(name)) > through)
        oldest = min(waiting, default=None)
        return None if oldest is None else datetime.fromtimestamp(oldest, UTC)

    def copy(self, *, seconds: float = math.inf) -> int:
        """Copy what waits, lowest landing sequence first; gives how many batches were copied.

        Begins no batch after ``seconds``. If another process of this machine is at it, it is left to that one.

        Raises:
            TransientError: the bucket is away or slow; what waits is kept, and the next call goes on from there.
            SettingsError: no such bucket, no rights, no credentials, or another installation copies there.
        """
        ends, done = time.monotonic() + seconds, 0
        with alone(self._folder / "copying") as mine:
            waiting = self.waiting() if mine else []
            if waiting:
                self._claim(take_over=False)
            for completion in waiting:
                if time.monotonic() >= ends:
                    break
                self._copy(completion)
                self._keep(replace(self._copied(), through=completion.landing_seq))
                done += 1
        return done

    def _copy(self, done: Completion) -> None:
        """Parts first, then the marker; one that is there already stays, whoever wrote it."""
        key, text = self._marker_key(done.batch), completion_text(done).encode()
        found = self._bucket.get(key)
        if found is None and done.status != "purged":
            for part in done.parts:
                self._copy_part(part)
            if not self._bucket.put_once(key, text):
                found = self._bucket.get(key)
        if found not in (None, text):
            log.error("Another installation had copied this batch before: the bucket keeps that one.", action="copy",
                      batch_id=done.batch.batch_id, bucket=self._bucket.address)  # fmt: skip

    def _copy_part(self, part: Part) -> None:
        """As the file is on disk; one that is lost is told, and keeps nothing behind it from being copied."""
        try:
            content = (self._folder / part.path).read_bytes()
        except FileNotFoundError:
            log.error("A part was lost before it was copied.", action="copy", part=part.path)
            return
        self._bucket.put_once(_part_key(part), content)

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
            content = self._bucket.get(_part_key(part))
        if content is None:
            raise missing(f"{part.path} (on disk and in {self._bucket.address})")
        return content

    # --- forgetting ---------------------------------------------------------------------------------------------
    def purge(self, finished: Collection[Batch], *, now: datetime, keep_days: int) -> int:
        """As on disk, and in the bucket before; bytes that were copied ``DISK_DAYS`` ago leave the disk.

        Raises:
            TransientError, SettingsError: the bucket cannot be purged; nothing of it is forgotten on disk either.
        """
        going = set(self.purgeable(now=now, keep_days=keep_days)) & set(finished)
        self._forget(going)
        through, before = self._copied().through, now - timedelta(days=DISK_DAYS)
        for day in self._closed_days():
            for name, batch in old_markers(day, before).items():
                if sequence_of(name) <= through:
                    shutil.rmtree(self._parts_folder(batch), ignore_errors=True)
        return super().purge(going, now=now, keep_days=keep_days)

    def _forget(self, batches: Collection[Batch]) -> None:
        """Delete the batches' objects, day by day; those that another installation wrote for them too."""
        if batches:
            self._require_own(self._bucket.get("writer"))
        folders = {str(self._parts_folder(batch).relative_to(self._folder)) for batch in batches}
        for day in sorted({folder.rpartition("/")[0] for folder in folders}):
            self._bucket.delete([key for key in self._bucket.keys(f"{day}/") if key.rpartition("/")[0] in folders])
        self._bucket.delete([self._marker_key(batch) for batch in batches])

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
                own = [done.landing_seq for done in self.waiting() if done.batch not in learnt]
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
        return read_copied(self._folder / "copied.json", self._bucket.address)

    def _keep(self, copied: Copied) -> None:
        keep_copied(self._folder / "copied.json", copied, prefix=TEMPORARY)

    def _marker_key(self, batch: Batch) -> str:
        folder, name = self._marker_place(batch)
        return f"closed/{folder.name}/{name}"


def _part_key(part: Part) -> str:
    """Where the part is in the bucket: named by its hash, so that no two installations mean the same key."""
    return f"{part.path.removesuffix('.part')}-{part.sha256[:16]}.part"


def _batch_of(key: str) -> Batch:
    _, day, name = key.split("/")
    return batch_named(day, name)
