"""Landing on disk: the API's answers as received, compressed, encrypted, fsynced, and never changed.

::

    <data_dir>/landing/
        lock                                    held for milliseconds: part numbers and landing sequence
        parts/2026-11-20/1031/0001.part         one answer: a JSON header line, then ciphertext
        parts/2026-11-20/1031/lock              held by the one extract that works on this minute
        closed/2026-11-20/001795170720-1031     marker: the batch is closed, under landing sequence 1795170720
        closed/history/001795170721-history-…   marker of an imported day: it has a sequence and no parts
        closed/2026-10-01/purged-001790812799   markers of a purged day, a line each, and the highest of them

Everything is written under a temporary name, fsynced, renamed, and its folder fsynced: a file is whole or not there.
A marker's name holds its landing sequence, so one atomic rename gives a batch both its completion and its number,
and the numbers are known by listing names. Nothing else holds state: the landing index can be rebuilt from here.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from fraud_common.errors import LandingError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import Answer, Completion, Part
from fraud_scorer.ingest.sensitive_data import SensitiveFields, without_sensitive
from fraud_scorer.landing.cipher import Cipher
from fraud_scorer.landing.files import (
    Header,
    as_purged,
    body_in,
    completion_of,
    completion_text,
    disk_faults,
    file_lock,
    header_of,
    line_without_marks,
    missing,
    remove_unfinished,
    write_whole,
)
from fraud_scorer.landing.names import (
    TEMPORARY,
    LandingFolder,
    batch_marked,
    batch_named,
    day_minutes,
    file_names,
    folded,
    folders,
    is_folded,
    marker_lines,
    old_markers,
    part_key,
    part_numbers,
    sequence_of,
    tells_marks,
)

if TYPE_CHECKING:
    from fraud_common.object_store import Bucket

log = structlog.get_logger()


class DiskLanding:
    """Implements ``ports.Landing`` under ``folder``; safe for several processes at once.

    Args:
        folder: where it lands; its layout is drawn above.
        cipher: encrypts what lands.
        sensitive: what never lands beside what names and shapes tell; asked at each answer.
        bucket: holds the parts of copied batches whose bytes left the disk (see ``replicator``); None: there is none.
    """

    def __init__(
        self,
        folder: Path,
        cipher: Cipher,
        sensitive: Callable[[], SensitiveFields] = SensitiveFields,
        bucket: Bucket | None = None,
    ) -> None:
        self.places = LandingFolder(folder)
        self._cipher = cipher
        self._sensitive = sensitive
        self._bucket = bucket

    # --- writing ------------------------------------------------------------------------------------------------
    def land(self, batch: Batch, answer: Answer) -> Part:
        """Encrypted on disk and fsynced when this returns, without codes, PINs and track data.

        Raises:
            TransientError: the disk is full or cannot be written; nothing half written is left to be read.
        """
        cleaned = without_sensitive(answer.body, self._sensitive())
        if cleaned.fault:
            log.error("An answer could not be searched for codes, PINs and track data: it lands encrypted, as it is.",
                      action="landing", batch_id=batch.batch_id, error=cleaned.fault)  # fmt: skip
        answer = replace(answer, body=cleaned.body)
        header = Header.of(answer, self._cipher.mark(answer.body), cleaned.count)
        content = header.line() + self._cipher.encrypt(answer.body)
        folder = self.places.parts_of(batch)
        with disk_faults(folder):
            write = write_whole(folder, content, prefix=TEMPORARY)
            with self.places.lock():
                number = max(part_numbers(folder), default=0) + 1
                path = write.rename_to(f"{number:04d}.part")
        return header.part(number, path.relative_to(self.places.path))

    def close(self, batch: Batch, *, now: datetime, status: str = "landed", notes: Sequence[str] = ()) -> Completion:
        """Give the batch its landing sequence: max(last + 1, epoch seconds of ``now``). Idempotent.

        Raises:
            TransientError: the disk is full or cannot be written; the batch is still open then.
        """
        with disk_faults(self.places.path), self.places.lock():
            if (found := self.completion(batch)) is not None:
                return found
            sequence = max(self.last_sequence() + 1, int(now.timestamp()))
            parts, closed_at = tuple(self.parts(batch)), now.astimezone(UTC)
            completion = Completion(batch, sequence, status, parts, closed_at, tuple(notes))
            folder, name = self.places.marker_place(batch)
            written = write_whole(folder, completion_text(completion).encode(), prefix=TEMPORARY)
            written.rename_to(f"{sequence:012d}-{name}")
        return completion

    def lock(self, batch: Batch) -> AbstractContextManager[bool]:
        """Be the only one who extracts this batch; gives False, at once, if someone else is."""
        return file_lock(self.places.parts_of(batch) / "lock")

    def purge(self, finished: Collection[Batch], *, now: datetime, keep_days: int) -> int:
        """Delete what landed more than ``keep_days`` ago of these (loaded or missed) batches; gives how many.

        Their markers stay, folded into one file a day: a purged minute is not asked for again, and the sequence
        goes on from where it was.
        """
        oldest_kept = now - timedelta(days=keep_days)
        purged = 0
        for day in self.places.closed_days():
            names = {name: batch for name, batch in old_markers(day, oldest_kept).items() if batch in finished}
            self._purge_day(day, names)
            purged += len(names)
        self._sweep(oldest_kept)
        return purged

    def purgeable(self, *, now: datetime, keep_days: int) -> list[Batch]:
        """The batches that landed more than ``keep_days`` ago and whose bytes are still here, finished or not."""
        oldest_kept = now - timedelta(days=keep_days)
        return [batch for day in self.places.closed_days() for batch in old_markers(day, oldest_kept).values()]

    # --- reading ------------------------------------------------------------------------------------------------
    def completion(self, batch: Batch) -> Completion | None:
        """The marker that closed the batch, if it is closed."""
        folder, own_name = self.places.marker_place(batch)
        for name in file_names(folder):
            if is_folded(name):
                found = folded(folder / name).get(batch)
            elif name.partition("-")[2] == own_name:
                found = next(iter(self._markers_in(folder / name)), None)
            else:
                continue
            if found is not None and found.batch == batch:
                return found
        return None

    def completions(self, after_seq: int = 0) -> list[Completion]:
        """Every marker above ``after_seq``, in order of landing sequence; only those files are opened."""
        with disk_faults(self.places.path), self.places.lock():  # else a later number is seen before an earlier one
            days = self.places.closed_days()
            paths = [day / name for day in days for name in file_names(day) if sequence_of(name) > after_seq]
        found = {completion.landing_seq: completion for path in paths for completion in self._markers_in(path)}
        return [found[sequence] for sequence in sorted(found) if sequence > after_seq]

    def last_sequence(self) -> int:
        """The highest landing sequence given so far, 0 if none."""
        return max((sequence_of(name) for day in self.places.closed_days() for name in file_names(day)), default=0)

    def first_sequence(self) -> int | None:
        """The lowest landing sequence that is known here (of a purged day its highest), None if nothing ever landed."""
        return min((sequence_of(name) for day in self.places.closed_days() for name in file_names(day)), default=None)

    def closed_minutes(self, since: datetime) -> set[datetime]:
        """The minutes from ``since`` on whose batches are closed (from names alone: fast)."""
        first_day = since.astimezone(UTC).strftime("%Y-%m-%d")
        days = (day for day in self.places.closed_days() if first_day <= day.name < "history")
        return {minute for day in days for minute in day_minutes(day) if minute >= since}

    def first_minute(self) -> datetime | None:
        """The earliest minute that was ever closed or begun, None on a new installation."""
        days = [*self.places.closed_days(), *self.places.part_days()]
        for name in sorted({day.name for day in days if day.name < "history"}):
            minutes = day_minutes(self.places.path / "closed" / name)
            begun = (batch_named(name, folder.name).minute for folder in folders(self.places.path / "parts" / name))
            if minutes := minutes | {minute for minute in begun if minute}:
                return min(minutes)
        return None

    def open_batches(self) -> list[Batch]:
        """Batches with parts and no marker, oldest first."""
        unmarked = []
        for day in self.places.part_days():
            closed = {name.partition("-")[2] for name in file_names(self.places.path / "closed" / day.name)}
            unmarked += [batch_named(day.name, folder.name) for folder in folders(day) if folder.name not in closed]
        begun = [batch for batch in unmarked if part_numbers(self.places.parts_of(batch))]
        return sorted((batch for batch in begun if self.completion(batch) is None), key=lambda batch: batch.batch_id)

    def parts(self, batch: Batch) -> list[Part]:
        """What has landed of the batch, in order; a part with an altered header has no hash, and cannot be read.

        Where there is a bucket, a closed batch's parts are those that its marker names: the bytes may be there alone.
        """
        if self._bucket and (done := self.completion(batch)) is not None:
            return list(done.parts) if done.status == "landed" else []
        folder = self.places.parts_of(batch)
        paths = [(number, folder / f"{number:04d}.part") for number in sorted(part_numbers(folder))]
        return [header_of(path).part(number, path.relative_to(self.places.path)) for number, path in paths]

    def read(self, batch: Batch, part: Part) -> bytes:
        """The body as received. Raises LandingError if it is missing, altered or under an unknown key."""
        path = self.places.parts_of(batch) / f"{part.number:04d}.part"
        return body_in(self._content(path, part), part, self._cipher, place=path)

    def _markers_in(self, path: Path) -> list[Completion]:
        """What a marker file says: of one batch, or of a day's purged ones."""
        done = [self.marked(line, path) for line in marker_lines(path)]
        return [as_purged(one) for one in done] if is_folded(path.name) else done

    def marked(self, text: str, path: Path) -> Completion:
        """The marker ``text`` of ``path``; one that is altered is made again from its name and the batch's parts."""
        try:
            return completion_of(text, path)
        except LandingError:
            if is_folded(path.name) or not (parts := self.parts(batch := batch_marked(path))):
                raise
        log.warning("A marker is altered; the batch is as its parts say.", action="landing", batch_id=batch.batch_id)
        sequence = sequence_of(path.name)
        return Completion(batch, sequence, "landed", tuple(parts), datetime.fromtimestamp(sequence, UTC), ())

    def _content(self, path: Path, part: Part) -> bytes:
        with suppress(FileNotFoundError):
            return path.read_bytes()
        if self._bucket is None:
            raise missing(path)
        if (content := self._bucket.get(part_key(part))) is None:
            raise missing(f"{part.path} (on disk and in {self._bucket.address})")
        return content

    # --- purging ------------------------------------------------------------------------------------------------
    def _purge_day(self, day: Path, names: dict[str, Batch]) -> None:
        """Parts first, then markers: a crash in between is mended by the next purge."""
        for batch in names.values():
            shutil.rmtree(self.places.parts_of(batch), ignore_errors=True)
        if names or tells_marks(day):
            with disk_faults(day), self.places.lock():
                self._fold(day, list(names))

    def _fold(self, day: Path, names: Sequence[str]) -> None:
        """Fold these markers and the day's earlier folds into one file; a crash in between leaves doubles, no gaps."""
        earlier = [name for name in file_names(day) if is_folded(name)]
        folded = [*earlier, *names]
        lines = dict.fromkeys(
            line_without_marks(line, day / name) for name in folded for line in marker_lines(day / name)
        )
        target = f"purged-{max(sequence_of(name) for name in folded):012d}"
        write_whole(day, "".join(f"{line}\n" for line in lines).encode(), prefix=TEMPORARY).rename_to(target)
        for name in folded:
            if name != target:
                (day / name).unlink(missing_ok=True)

    def _sweep(self, oldest_kept: datetime) -> None:
        """Remove emptied days, and what a killed process left half written."""
        for day in self.places.part_days():
            remove_unfinished(day, prefix=TEMPORARY, before=oldest_kept)
            with suppress(OSError):  # not empty, or an extract has just begun in it
                day.rmdir()
