"""The list of answers that were handed out, so that a test can prove that no payment was lost."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class HandedOut:
    """One answer.

    Attributes:
        at: when it was given (ISO, UTC).
        window: its ``start`` and ``end`` as asked for; null: a random sample.
        status: HTTP status.
        payments: number of rows.
        trans_nums: the payment in each row.
        malformed: the rows that are no payments: ``trans_num`` to what is wrong with them.
        faults: kinds of the faults it was served with; empty: a plain answer.
        readable: whether a correct client could read the whole of it.
        sha256: of its body, before anything was done to it on the wire; empty: a refusal.
    """

    at: str
    window: list[str] | None
    status: int
    payments: int
    trans_nums: list[str]
    malformed: dict[str, str]
    faults: list[str]
    readable: bool
    sha256: str = ""


class HandedOutList:
    """The list, in ``handed_out.jsonl`` of the state folder, or in memory without one. Numbered from 1."""

    def __init__(self, state: Path | None) -> None:
        self._path = state / "handed_out.jsonl" if state else None
        self._kept: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self.count = 0
        if self._path and self._path.exists():
            with self._path.open() as lines:
                self.count = sum(1 for _ in lines)

    def add(self, answer: HandedOut) -> None:
        """Note one answer. Called before its first byte is sent: nothing goes out that is not listed."""
        with self._lock:
            self.count += 1
            entry = {"number": self.count} | asdict(answer)
            if self._path is None:
                self._kept.append(entry)
                return
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a") as lines:
                lines.write(json.dumps(entry, separators=(",", ":")) + "\n")

    def since(self, number: int, limit: int) -> list[dict[str, Any]]:
        """At most ``limit`` answers with a higher number, in order."""
        with self._lock:
            if self._path is None:
                return self._kept[number : number + limit]
            if not self._path.exists():
                return []
            with self._path.open() as lines:
                return [json.loads(line) for line in islice(lines, number, number + limit)]
