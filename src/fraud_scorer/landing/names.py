"""The landing folder's names: days, minutes and sequence numbers, read from file names alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from fraud_common.errors import TransientError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import Completion, Part
from fraud_scorer.landing.files import MARKS, as_purged, completion_of, file_lock

_BEGIN = 1 << 16
FOLDS_REMEMBERED = 4  # of a day each, about 2 MB
TEMPORARY = ".writing-"


@dataclass(frozen=True)
class LandingFolder:
    """Where everything lies in a landing folder (see ``disk``)."""

    path: Path

    def parts_of(self, batch: Batch) -> Path:
        """The folder of the batch's parts."""
        return self.path.joinpath("parts", *names_of(batch))

    def marker_place(self, batch: Batch) -> tuple[Path, str]:
        """The folder of the batch's marker, and the end of the marker's name."""
        day, name = names_of(batch)
        return self.path / "closed" / day, name

    def closed_days(self) -> list[Path]:
        """The folders of markers, a day each, and that of imported history."""
        return folders(self.path / "closed")

    def part_days(self) -> list[Path]:
        """The folders of parts, a day each."""
        return folders(self.path / "parts")

    def lock(self) -> AbstractContextManager[bool]:
        """Hold the folder for milliseconds: who lists markers or gives numbers does so alone."""
        return file_lock(self.path / "lock", wait=True)


def folders(parent: Path) -> list[Path]:
    """The folders in ``parent``, sorted; none if it does not exist."""
    try:
        with os.scandir(parent) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
    except FileNotFoundError:
        return []


def file_names(folder: Path) -> list[str]:
    """The markers in a day's folder, temporary files left out."""
    try:
        return [name for name in os.listdir(folder) if not name.startswith(".")]  # noqa: PTH208 - names only: fast
    except FileNotFoundError:
        return []


def marker_lines(path: Path) -> list[str]:
    """A marker file's lines: one, or one for each purged batch."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
    except FileNotFoundError:  # folded by a purge since it was listed
        return []
    except OSError as error:
        raise TransientError(f"{path} cannot be read: {error.strerror}") from None


def sequence_of(name: str) -> int:
    """The landing sequence in a marker's name (of a purged day: the highest of its batches)."""
    return int(name.removeprefix("purged-").partition("-")[0])


def landed_about(name: str) -> datetime:
    """When a batch without a minute was closed, near enough for purging."""
    return datetime.fromtimestamp(sequence_of(name), UTC)


def part_numbers(folder: Path) -> list[int]:
    """The numbers of the parts in a batch's folder."""
    return [int(name[:-5]) for name in file_names(folder) if name.endswith(".part")]


def part_key(part: Part) -> str:
    """Where the part is in a bucket: named by its hash, so that no two installations mean the same key."""
    return f"{part.path.removesuffix('.part')}-{part.sha256[:16]}.part"


def batch_named(day: str, name: str) -> Batch:
    """The batch that a folder or marker of ``day`` belongs to."""
    return Batch.of_id(name if day == "history" else f"{day}T{name[:2]}:{name[2:]}Z")


def names_of(batch: Batch) -> tuple[str, str]:
    """The day and the name of the batch's folder and marker: what ``batch_named`` reads."""
    if batch.minute is None:
        return "history", batch.batch_id
    return f"{batch.minute:%Y-%m-%d}", f"{batch.minute:%H%M}"


def batch_marked(path: Path) -> Batch:
    """The batch of a single marker, by its name."""
    return batch_named(path.parent.name, path.name.partition("-")[2])


def tells_marks(day: Path) -> bool:
    """Whether a fold of the day still says what proved its bytes; each is written as a whole, so its begin tells."""
    for name in file_names(day):
        if is_folded(name):
            with suppress(FileNotFoundError), (day / name).open(encoding="utf-8", errors="replace") as file:
                if MARKS.search(file.read(_BEGIN)):
                    return True
    return False


def purged_batches(day: Path) -> list[Batch]:
    """The batches whose markers are folded."""
    return [batch for name in file_names(day) if is_folded(name) for batch in folded(day / name)]


def folded(path: Path) -> Mapping[Batch, Completion]:
    """The purged batches of a folded marker file, each with its marker; parsed once while the file stays as it is.

    Raises:
        LandingError: a line of it is altered.
        TransientError: the disk cannot be read.
    """
    try:
        about = path.stat()
    except FileNotFoundError:  # folded anew by a purge since it was listed
        return {}
    except OSError as error:
        raise TransientError(f"{path} cannot be read: {error.strerror}") from None
    return _parsed(path, (about.st_ino, about.st_mtime_ns, about.st_size))


@lru_cache(maxsize=FOLDS_REMEMBERED)
def _parsed(path: Path, _version: tuple[int, int, int]) -> Mapping[Batch, Completion]:
    found = [as_purged(completion_of(line, path)) for line in marker_lines(path)]
    return {one.batch: one for one in reversed(found)}  # a batch that stands there twice: its first marker


def markers(day: Path) -> dict[str, Batch]:
    """The day's single markers, by file name."""
    return {name: batch_marked(day / name) for name in file_names(day) if not is_folded(name)}


def old_markers(day: Path, oldest_kept: datetime) -> dict[str, Batch]:
    """The day's single markers of batches older than ``oldest_kept``, by file name."""
    if day.name > f"{oldest_kept:%Y-%m-%d}" and day.name != "history":
        return {}
    return {name: batch for name, batch in markers(day).items() if (batch.minute or landed_about(name)) < oldest_kept}


def is_folded(name: str) -> bool:
    """Whether a marker file holds the markers of purged batches."""
    return name.startswith("purged-")


def day_minutes(day: Path) -> set[datetime]:
    """The minutes of a day's markers, purged ones included."""
    batches = [*markers(day).values(), *purged_batches(day)]
    return {batch.minute for batch in batches if batch.minute is not None}
