"""How far this machine's landing is copied to a bucket, and who copies there: two small files of JSON."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from fraud_common.errors import LandingError
from fraud_scorer.landing.files import disk_faults, write_whole


@dataclass(frozen=True)
class Copied:
    """What this installation has copied to ``address``: every batch up to landing sequence ``through``.

    And of the batch with the number ``begun`` the first ``parts`` parts.
    """

    installation: str  # empty: it has never copied anything
    address: str
    through: int = 0
    begun: int = 0
    parts: int = 0


def read_copied(path: Path, address: str) -> Copied:
    """What the file says; from the start for a bucket that is new to it.

    Raises LandingError if it is altered, TransientError if the disk cannot be read.
    """
    try:
        with disk_faults(path, "read"):
            text = _text_in(path)
        known = Copied(**json.loads(text)) if text is not None else Copied("", address)
    except (ValueError, TypeError):
        cure = "Remove it, then `fraud-scorer landing rebuild --take-over`"
        raise LandingError(f"{path} is altered", cure) from None
    return known if known.address == address else Copied(known.installation, address)


def _text_in(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def keep_copied(path: Path, copied: Copied, *, prefix: str) -> None:
    """Write it, durably and in one move."""
    with disk_faults(path):
        write_whole(path.parent, json.dumps(asdict(copied)).encode(), prefix=prefix).rename_to(path.name)


def writer_text(installation: str, since: datetime) -> bytes:
    """What the bucket's object ``writer`` holds: the one installation that copies there."""
    about = {"installation": installation, "host": socket.gethostname(), "since": f"{since:%Y-%m-%d %H:%M} UTC"}
    return json.dumps(about).encode()


def writer_told(content: bytes | None) -> dict[str, str]:
    """What ``writer`` says; question marks where it is missing or none of ours."""
    try:
        told = json.loads(content or b"{}")
    except ValueError:
        told = {}
    return {name: str(told.get(name, "?")) for name in ("installation", "host", "since")}
