"""Landing whose closed batches are copied to a bucket.

Copying goes by landing sequence; ``copied.json`` beside the landed files holds how far it came.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from fraud_common.errors import LandingError, SettingsError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import Completion, Part
from fraud_scorer.ingest.sensitive_data import SensitiveFields
from fraud_scorer.landing.cipher import Cipher
from fraud_scorer.landing.copied import Copied, keep_copied, read_copied, writer_text, writer_told
from fraud_scorer.landing.disk import TEMPORARY, DiskLanding
from fraud_scorer.landing.files import alone, completion_of, completion_text, disk_faults
from fraud_scorer.landing.names import (
    batch_marked,
    file_names,
    is_folded,
    marker_lines,
    sequence_of,
)

if TYPE_CHECKING:
    from fraud_common.object_store import Bucket

log = structlog.get_logger()

KEEP_AFTER = 100  # batches: how far it came is written to disk then, and in the end


class CopyingLanding(DiskLanding):
    """A ``DiskLanding`` whose closed batches are copied to ``bucket``."""

    def __init__(
        self,
        folder: Path,
        cipher: Cipher,
        bucket: Bucket,
        monotonic: Callable[[], float] = time.monotonic,
        sensitive: Callable[[], SensitiveFields] = SensitiveFields,
    ) -> None:
        super().__init__(folder, cipher, sensitive)
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
        with disk_faults(self._folder, "read"), self._locked():  # else a later number is seen before an earlier one
            paths = [day / name for day in self._closed_days() for name in file_names(day) if not is_folded(name)]
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
        with alone(self._folder / "copying") as mine:
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
                done = self._marked(line, path)
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
        path = self._folder / part.path
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
        return read_copied(self._folder / "copied.json", self._bucket.address)

    def _keep(self, copied: Copied) -> None:
        keep_copied(self._folder / "copied.json", copied, prefix=TEMPORARY)

    def _marker_key(self, batch: Batch) -> str:
        folder, name = self._marker_place(batch)
        return f"closed/{folder.name}/{name}"


def part_key(part: Part) -> str:
    """Where the part is in the bucket: named by its hash, so that no two installations mean the same key."""
    return f"{part.path.removesuffix('.part')}-{part.sha256[:16]}.part"


def _is_marker_of(done: Completion, text: bytes | None) -> bool:
    """Whether this marker of the bucket is the batch's own: same number, same parts, purged since or not."""
    try:
        found = completion_of(text or b"", "the bucket's")
    except LandingError:
        return False
    return (found.batch, found.landing_seq, found.parts) == (done.batch, done.landing_seq, done.parts)
