"""The watchdog's state on disk: which incidents are open, and which channels were told."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from fraud_common.errors import TransientError
from fraud_scorer.landing.files import disk_faults, write_whole
from fraud_scorer.monitoring.incidents import Finding

log = structlog.get_logger()

STATE, LOCK = "watch.json", "watch.lock"


@dataclass
class Incident:
    """One incident, from its first look to the mail that says it is over."""

    name: str
    since: datetime
    finding: Finding  # as it was when it began: a message that has to be sent again says the same
    told: list[str] = field(default_factory=list)  # channels that took the message that it began
    fine_since: datetime | None = None  # it has not been seen since
    over_told: list[str] = field(default_factory=list)  # channels that took the message that it is over
    over_at: datetime | None = None

    @property
    def label(self) -> str:
        """Its name in Message-IDs: the same as long as it lasts."""
        return f"watch-{self.name}-{self.since:%Y%m%dT%H%M%S}"


@dataclass
class WatchdogState:
    """The watchdog's state: its times, and the open incidents by name."""

    watching_since: datetime | None = None
    last_look: datetime | None = None
    unreachable_since: datetime | None = None
    incidents: dict[str, Incident] = field(default_factory=dict)


class StateFile:
    """``<data_dir>/watch.json``, replaced as a whole; unreadable or missing, it is a new one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> WatchdogState:
        """The state; a new one if the file is missing or unreadable."""
        path = self._folder / STATE
        try:
            return _memory(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return WatchdogState()
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning(
                "The watchdog's memory is unreadable: it begins anew.", action="watch", fault=type(error).__name__
            )
            return WatchdogState()

    def keep(self, memory: WatchdogState) -> None:
        """On disk when this returns. Raises TransientError if the disk is full or cannot be written."""
        with disk_faults(self._folder):
            content = json.dumps(asdict(memory), indent=1, default=datetime.isoformat).encode()
            write_whole(self._folder, content, prefix=".watch-").rename_to(STATE)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only watchdog of this data folder. Raises TransientError if another one is at it."""
        with disk_faults(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise TransientError(
                    f"another watchdog is at work on {self._folder}", "One is enough: end it, or leave it be"
                ) from None
            yield
        finally:
            os.close(handle)


def _memory(content: dict[str, Any]) -> WatchdogState:
    incidents = {name: _incident(kept) for name, kept in content["incidents"].items()}
    times = {name: _time(content[name]) for name in ("watching_since", "last_look", "unreachable_since")}
    return WatchdogState(incidents=incidents, **times)


def _incident(kept: dict[str, Any]) -> Incident:
    times = {name: _time(kept[name]) for name in ("since", "fine_since", "over_at")}
    finding = Finding(**(kept["finding"] | {"lines": tuple(kept["finding"]["lines"])}))
    return Incident(**(kept | times | {"finding": finding}))


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a naive time")
    return moment
