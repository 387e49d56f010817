"""A watchdog with a ledger, a clock and a mail server that a test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fraud_common.errors import MailServerDown, StoreUnavailable
from fraud_scorer.alerting.render import render_email
from fraud_scorer.domain.ports import Mailer, Message
from fraud_scorer.monitoring.step_failures import Failure
from fraud_scorer.monitoring.watchdog import Operator, Watchdog
from fraud_scorer.monitoring.watchdog_state import StateFile
from fraud_scorer.store.health import LedgerSnapshot

START = datetime(2026, 11, 20, 10, 31, tzinfo=UTC)


class Post:
    """A mail server that can be down."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.down = False

    def send(self, message: Message) -> None:
        if self.down:
            raise MailServerDown("no connection")
        render_email(message, sender="Fraud scorer <fraud@example.org>")
        self.sent.append(message)


class Scene:
    """A ledger that says what a test wants, a clock, and a watchdog that may be started anew."""

    quiet = LedgerSnapshot(
        0, None, None, None, 0, "", 0, (), 0, None, 0, ""
    )  # nothing ever completed, nothing is wrong

    def __init__(self, folder: Path) -> None:
        self.now, self.folder, self.post = START, folder, Post()
        self.seen: LedgerSnapshot | None = None  # None: as it should be; the minute before has completed
        self.down = False
        self.uncopied: Callable[[], datetime | None] = lambda: None
        self.rules_fault = ""
        self.failures: Callable[[], list[Failure]] = list
        self.channels: dict[str, Mailer] = {"email": self.post}
        self.start()

    def start(self) -> None:
        self.dog = Watchdog(
            self, self.open_channels, StateFile(self.folder), Operator("op@example.org", "example.org"),
            silent_after=timedelta(minutes=15), uncopied_since=lambda: self.uncopied(),
            rules_fault=lambda: self.rules_fault, failures=lambda: self.failures(),
        )  # fmt: skip

    @contextmanager
    def open_channels(self) -> Iterator[Mapping[str, Mailer]]:
        yield self.channels

    def look(self, now: datetime, *, fallback_seconds: float) -> LedgerSnapshot:
        if self.down:
            raise StoreUnavailable("fraud_db cannot be reached (connection refused)")
        return self.seen or replace(
            self.quiet, last_completed_at=now - timedelta(seconds=55), last_minute=now, last_minute_with_payments=now
        )

    def pass_time(self, minutes: float) -> str:
        """Look every 30 seconds for so long; what the last look said."""
        said = ""
        for _ in range(round(minutes * 2)):
            self.now += timedelta(seconds=30)
            said = self.dog.look(self.now)
        return said

    @property
    def titles(self) -> list[str]:
        return [str(message.content["title"]) for message in self.post.sent]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """All is well, at 10:31."""
    return Scene(tmp_path)


@pytest.fixture
def chat() -> Post:
    """Another channel."""
    return Post()
