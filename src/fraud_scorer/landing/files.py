"""The files of the landing folder: how a part and a marker are written and read."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from fraud_common.errors import LandingError, TransientError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import Answer, Completion, Part
from fraud_scorer.landing.cipher import Cipher

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_LONGEST_HEADER = 4096
_MEDIA_TYPE = re.compile(r"[a-z]{1,20}/(?:[a-z.+-]|\d{1,2}(?!\d)){1,60}")
MARKS = re.compile(r'(?<="sha256": ")[0-9a-fA-F]+')


def media_type(content_type: str) -> str:
    """The media type alone, in lower case; empty for any other text, which may hold whatever the server wrote there.

    >>> media_type("Application/JSON; charset=utf-8"), media_type("application/vnd.api.v2+json"), media_type("x; a=1")
    ('application/json', 'application/vnd.api.v2+json', '')
    """
    kind = content_type.partition(";")[0].strip().lower()
    return kind if _MEDIA_TYPE.fullmatch(kind) else ""


@dataclass(frozen=True)
class Header:
    """What a part's first line says of its body."""

    sha256: str  # keyed: see Cipher.mark; of earlier versions plain
    byte_count: int
    http_status: int
    content_type: str
    received_at: str
    truncated: bool
    removed: int = 0

    @classmethod
    def of(cls, answer: Answer, mark: str, removed: int = 0) -> Header:
        """The header of an answer that lacks so many values; its mark and size are those of the body as landed."""
        return cls(
            sha256=mark,
            byte_count=len(answer.body),
            http_status=answer.http_status,
            content_type=media_type(answer.content_type),
            received_at=answer.received_at.isoformat(),
            truncated=answer.truncated,
            removed=removed,
        )

    def line(self) -> bytes:
        """The header as the file's first line, its own checksum in front."""
        text = json.dumps(_told(self))
        return f"{_checksum(text)} {text}\n".encode()

    def part(self, number: int, path: Path) -> Part:
        """The part that this header describes."""
        fields = asdict(self) | {"received_at": datetime.fromisoformat(self.received_at)}
        return Part(number=number, path=str(path), **fields)


@dataclass(frozen=True)
class WholeFile:
    """A file that is complete and on disk, and only lacks its name."""

    temporary: Path

    def rename_to(self, name: str) -> Path:
        """Give it its name, durably."""
        target = self.temporary.with_name(name)
        self.temporary.rename(target)
        _fsync_folder(target.parent)
        return target


def write_whole(folder: Path, content: bytes, *, prefix: str) -> WholeFile:
    """Write and fsync ``content`` under a temporary name; on any fault nothing is left."""
    make_folder(folder)
    temporary = folder / f"{prefix}{uuid4().hex}"
    try:
        with temporary.open("xb") as file:
            temporary.chmod(0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    return WholeFile(temporary)


def remove_unfinished(folder: Path, *, prefix: str, before: datetime) -> None:
    """Remove what a killed process left half written; a file that gets its name meanwhile is finished, and stays."""
    for path in folder.rglob(f"{prefix}*"):
        with suppress(FileNotFoundError):
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
                path.unlink()


@contextmanager
def file_lock(path: Path, *, wait: bool = False) -> Iterator[bool]:
    """Hold the lock of this file; gives False, at once, if someone else does (``wait``: in the end it is ours)."""
    with disk_faults(path):
        make_folder(path.parent)
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            mine = True
        except BlockingIOError:
            mine = False
        yield mine
    finally:
        os.close(handle)


@contextmanager
def disk_faults(place: Path, doing: str = "written") -> Iterator[None]:
    """Turn the disk's errors into ours; ``doing``: what was to be done there."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise TransientError(
                f"the disk of {place} is full", "Free space there, or shorten FRAUD_LANDING_KEEP_DAYS"
            ) from None
        raise TransientError(
            f"{place} cannot be {doing}: {error.strerror}", "Check FRAUD_DATA_DIR, FRAUD_LANDING and their owner"
        ) from None


def missing(place: object) -> LandingError:
    """A part is not where it landed."""
    return LandingError(f"{place} is missing", "Restore it from a backup; the batch cannot be replayed without it")


def header_of(path: Path) -> Header:
    """A part's header; of an altered one only the size and the time of the file are known."""
    try:
        with path.open("rb") as file:
            line, about = file.readline(_LONGEST_HEADER), os.fstat(file.fileno())
        return _header_in(line, path)
    except FileNotFoundError:
        raise missing(path) from None
    except LandingError:
        written_at = datetime.fromtimestamp(about.st_mtime, UTC).isoformat()
        return Header("", about.st_size, http_status=0, content_type="", received_at=written_at, truncated=False)


def body_in(content: bytes, part: Part, cipher: Cipher, *, place: object) -> bytes:
    """The body as received that a part's file holds, proved by its hash; ``place`` is named if it cannot be read."""
    line, _, secret = content.partition(b"\n")
    _header_in(line, place)
    body = cipher.decrypt(secret, name=str(place))
    if not cipher.proves(part.sha256, body):
        raise LandingError(f"{place} is not what landed: its sha256 differs", "Restore it from a backup")
    return body


def _header_in(line: bytes, place: object) -> Header:
    try:
        checksum, _, text = line.decode().removesuffix("\n").partition(" ")
        if checksum != _checksum(text):
            raise ValueError
        return Header(**json.loads(text))
    except (ValueError, TypeError):
        raise LandingError(f"{place} has an altered header", "Restore it from a backup") from None


def completion_text(completion: Completion) -> str:
    """A marker's content: one line of JSON."""
    parts = [_told(part) | {"received_at": part.received_at.isoformat()} for part in completion.parts]
    return json.dumps(
        {
            "batch_id": completion.batch.batch_id,
            "landing_seq": completion.landing_seq,
            "status": completion.status,
            "closed_at": completion.closed_at.isoformat(),
            "notes": completion.notes,
            "parts": parts,
        }
    )


def completion_of(text: str | bytes, path: object) -> Completion:
    """The marker that ``text`` holds; ``path`` is named if it cannot be read."""
    try:
        content = json.loads(text)
        parts = [
            Part(**part | {"received_at": datetime.fromisoformat(part["received_at"])}) for part in content["parts"]
        ]
        return Completion(
            batch=Batch.of_id(content["batch_id"]),
            landing_seq=int(content["landing_seq"]),
            status=str(content["status"]),
            parts=tuple(parts),
            closed_at=datetime.fromisoformat(content["closed_at"]),
            notes=tuple(content["notes"]),
        )
    except (ValueError, KeyError, TypeError):
        raise LandingError(f"the marker {path} is altered", "Restore it from a backup") from None


def as_purged(completion: Completion) -> Completion:
    """The marker of a batch whose bytes were purged: it landed once, and cannot be read again; nothing is to prove."""
    status = "purged" if completion.status == "landed" else completion.status
    return replace(without_marks(completion), status=status)


def without_marks(completion: Completion) -> Completion:
    """The same without what proves its bytes: of earlier versions a plain hash, which gives a card number away."""
    return replace(completion, parts=tuple(replace(part, sha256="") for part in completion.parts))


def line_without_marks(line: str, path: Path) -> str:
    """A marker's line without them; one that cannot be read loses what looks like a hash."""
    try:
        return completion_text(without_marks(completion_of(line, path)))
    except LandingError:
        return MARKS.sub("", line)


def _told(about: Header | Part) -> dict[str, object]:
    """Its fields; of one that nothing was taken out of as earlier versions write and read it."""
    return {name: value for name, value in asdict(about).items() if name != "removed" or value}


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def make_folder(folder: Path) -> None:
    """Make the folder and its parents, each made durable in its parent."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    _fsync_folder(folder.parent)


def _fsync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
