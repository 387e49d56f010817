"""alert sends what waits, and one message's trouble is not another's."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import pytest
from pydantic import ValidationError

from fraud_common.errors import MailRefused, MailServerDown, MailUnavailable
from fraud_scorer.domain.ports import Message
from fraud_scorer.settings import Settings
from fraud_scorer.steps.alert import LEASE_SECONDS, AlertCounts, alert


class WaitingList:
    """An outbox in memory that writes down what it was told."""

    def __init__(self, *messages: Message, taken_over: frozenset[str] = frozenset()) -> None:
        self.waiting = deque(messages)
        self.marks: list[tuple[str, str]] = []
        self.leases: list[tuple[int, float, tuple[str, ...]]] = []
        self._taken_over = taken_over

    def lease(self, limit: int, *, seconds: float, channels: Sequence[str]) -> tuple[str, list[Message]]:
        """The first that waits for one of these channels."""
        self.leases.append((limit, seconds, tuple(channels)))
        due = [message for message in self.waiting if message.channel in channels][:limit]
        for message in due:
            self.waiting.remove(message)
        return "lease", due

    def sent(self, message_id: str, lease: str) -> bool:
        """Written down, unless another sender has it."""
        self.marks.append((message_id, "sent"))
        return message_id not in self._taken_over

    def retry_later(self, message_id: str, lease: str, error: str) -> None:
        """Written down."""
        self.marks.append((message_id, f"later: {error}"))

    def failed(self, message_id: str, lease: str, error: str) -> None:
        """Written down."""
        self.marks.append((message_id, f"failed: {error}"))


class Post:
    """A mailer that does with each message as told."""

    def __init__(self, **answers: Exception) -> None:
        self.tried: list[str] = []
        self._answers = answers

    def send(self, message: Message) -> None:
        """Accept, or raise what was told."""
        self.tried.append(message.message_id)
        if message.message_id in self._answers:
            raise self._answers[message.message_id]


def message(message_id: str, channel: str = "email") -> Message:
    """A message of little content."""
    return Message(message_id, "alert", channel, "analyst@example.org", {})


def ticking(seconds: float) -> Callable[[], float]:
    """A clock that moves on by so much with each look."""
    now = 0.0

    def look() -> float:
        nonlocal now
        now += seconds
        return now

    return look


def test_everything_that_waits_is_sent():
    """Messages of this run and of earlier ones go out, each leased alone for longer than a try takes."""
    outbox, post = WaitingList(message("old"), message("new")), Post()

    assert alert(outbox, {"email": post}) == AlertCounts(sent=2)

    assert post.tried == ["old", "new"]
    assert outbox.marks == [("old", "sent"), ("new", "sent")]
    assert {(limit, seconds) for limit, seconds, _ in outbox.leases} == {(1, LEASE_SECONDS)}


def test_nothing_waits():
    """An empty outbox is no event."""
    assert alert(WaitingList(), {"email": Post()}) == AlertCounts()


def test_one_refused_message_blocks_no_other():
    """5xx is kept, 4xx is tried again later, and those behind them are sent."""
    outbox = WaitingList(message("refused"), message("busy"), message("good"))
    post = Post(refused=MailRefused("550 no such mailbox"), busy=MailUnavailable("451 busy"))

    assert alert(outbox, {"email": post}) == AlertCounts(sent=1, retry_later=1, failed=1)

    assert outbox.marks == [
        ("refused", "failed: 550 no such mailbox"),
        ("busy", "later: 451 busy"),
        ("good", "sent"),
    ]


def test_a_dead_server_ends_its_turn_at_once():
    """One try finds out that the server is down; the other messages keep waiting, and another channel's are sent."""
    outbox = WaitingList(message("a"), message("b"), message("chat", "slack"))
    post, chat = Post(a=MailServerDown("refused")), Post()

    counts = alert(outbox, {"email": post, "slack": chat})

    assert counts == AlertCounts(sent=1, retry_later=1, down=("email",))
    assert (post.tried, chat.tried) == (["a"], ["chat"])
    assert [waiting.message_id for waiting in outbox.waiting] == ["b"]


def test_a_channel_without_a_mailer_waits():
    """Messages for a webhook that is no longer set stay where they are."""
    outbox = WaitingList(message("chat", "slack"))

    assert alert(outbox, {"email": Post()}) == AlertCounts()
    assert len(outbox.waiting) == 1


def test_bounded_in_number_and_time():
    """A run tries at most so many messages, and begins none after its time."""
    many = [message(str(number)) for number in range(50)]

    assert alert(WaitingList(*many), {"email": Post()}, limit=3).sent == 3
    assert alert(WaitingList(*many), {"email": Post()}, budget_seconds=10, monotonic=ticking(4)).sent == 2


def test_a_message_taken_over_is_said():
    """A message sent after its lease had been given on may arrive twice: it is counted as such, not as sent."""
    outbox = WaitingList(message("slow"), taken_over=frozenset({"slow"}))

    assert alert(outbox, {"email": Post()}) == AlertCounts(fenced=1)


def test_a_try_ends_before_its_lease_does() -> None:
    """No setting lets a mailer try for as long as a lease: a second sender would take the message meanwhile."""
    assert Settings(_env_file=None).smtp_timeout_seconds < LEASE_SECONDS  # type: ignore[call-arg]
    with pytest.raises(ValidationError, match="smtp_timeout_seconds"):
        Settings(_env_file=None, smtp_timeout_seconds=LEASE_SECONDS)  # type: ignore[call-arg]
