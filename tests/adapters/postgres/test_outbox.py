"""Messages that wait in ``fraud_db``."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine, text

from fraud_scorer.adapters.postgres.engine import create_store_engine, transaction
from fraud_scorer.adapters.postgres.outbox import PostgresOutbox, write_messages
from fraud_scorer.errors import StoreUnavailable
from fraud_scorer.ports import Message

NOW = datetime(2026, 11, 20, 10, 32, tzinfo=UTC)
BATCH_ID = "2026-11-20T10:31Z"
CHANNELS = ("email", "slack")


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        """Move on."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    """A migrated database with two batches in its ledger."""
    engine = create_store_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into run_ledger (batch_id, kind, minute, status, landing_seq, valid, flagged) values"
                " (:batch_id, 'minute', :minute, 'done', 1, 600, 6),"
                " ('history-0123456789ab-2026-11-19', 'history', null, 'done', 2, 400, 14)"
            ),
            {"batch_id": BATCH_ID, "minute": NOW},
        )
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> Clock:
    """The clock of the outbox under test."""
    return Clock()


@pytest.fixture
def outbox(engine: Engine, clock: Clock) -> PostgresOutbox:
    """An outbox whose backoff is not spread."""
    return PostgresOutbox(engine, clock=clock, jitter=lambda: 1.0)


def alert_of(*trans_nums: str, recipient: str = "analyst@example.org", **changes: object) -> Message:
    """An alert of these payments."""
    message = Message(
        message_id=f"{'-'.join(trans_nums)}.{recipient}",
        kind="alert",
        channel="email",
        recipient=recipient,
        content={"payments": [{"trans_num": trans_num} for trans_num in trans_nums]},
        trans_nums=tuple(sorted(trans_nums)),
        batch_id=BATCH_ID,
    )
    return replace(message, **changes)  # type: ignore[arg-type]


def statuses(outbox: PostgresOutbox) -> dict[str, str]:
    """Each message's state."""
    rows = outbox.listed(("pending", "sent", "failed", "suppressed"))
    return {str(row["message_id"]): str(row["status"]) for row in rows}


def alerted(engine: Engine) -> int:
    """What the ledger counts."""
    with engine.connect() as connection:
        counted = connection.execute(text("select alerted from run_ledger where batch_id = :id"), {"id": BATCH_ID})
        return int(counted.scalar_one())


def test_written_leased_and_sent(outbox, engine):
    """A message comes back from the lease as it was written, and is counted when it was accepted."""
    message = alert_of("t1", "t2")
    assert outbox.write([message]) == 1

    lease, leased = outbox.lease(10, seconds=60, channels=CHANNELS)

    assert leased == [message]
    assert outbox.sent(message.message_id, lease)
    assert statuses(outbox) == {message.message_id: "sent"}
    assert alerted(engine) == 2
    assert outbox.lease(10, seconds=60, channels=CHANNELS)[1] == []


def test_writing_again_writes_nothing(outbox):
    """The same batch loaded a hundred times makes one message, also after it was sent."""
    assert outbox.write([alert_of("t1")]) == 1
    lease, _ = outbox.lease(1, seconds=60, channels=CHANNELS)
    outbox.sent(alert_of("t1").message_id, lease)

    assert outbox.write([alert_of("t1")] * 3) == 0
    assert list(statuses(outbox).values()) == ["sent"]


def test_a_payment_is_told_once_a_recipient(outbox):
    """A later message keeps only what its recipient was not told before; one with nothing left is not written."""
    outbox.write([alert_of("t1", "t2")])

    written = outbox.write([alert_of("t2", "t3"), alert_of("t1"), alert_of("t2", recipient="lead@example.org")])

    assert written == 2
    _, leased = outbox.lease(10, seconds=60, channels=CHANNELS)
    told = {(message.recipient, message.trans_nums) for message in leased}
    assert told == {
        ("analyst@example.org", ("t1", "t2")),
        ("analyst@example.org", ("t3",)),
        ("lead@example.org", ("t2",)),
    }
    assert {"payments": [{"trans_num": "t3"}]} in [message.content for message in leased]


def test_what_a_message_left_untold_gets_one_of_its_own(outbox):
    """A message that was written without one of its payments does not swallow that payment later."""
    outbox.write([alert_of("t1", message_id="a@example.org")])

    assert outbox.write([alert_of("t1", "t2", message_id="a@example.org")]) == 1
    assert outbox.write([alert_of("t1", "t2", message_id="a@example.org")]) == 0

    _, leased = outbox.lease(10, seconds=60, channels=CHANNELS)
    assert sorted(message.trans_nums for message in leased) == [("t1",), ("t2",)]


def test_rolled_back_with_its_transaction(outbox, engine):
    """Messages stand or fall with the transaction that writes them."""
    with suppress(ZeroDivisionError), transaction(engine) as cursor:
        assert write_messages(cursor, [alert_of("t1")], now=NOW) == 1
        raise ZeroDivisionError

    assert statuses(outbox) == {}


def test_two_loads_at_once_tell_a_payment_once(outbox, engine):
    """Two transactions that write overlapping messages at the same time: each payment stands in one of them."""
    barrier = Barrier(2)

    def load(message: Message) -> int:
        with transaction(engine) as cursor:
            barrier.wait()
            return write_messages(cursor, [message], now=NOW)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(load, [alert_of("t1", "t2", "t3"), alert_of("t3", "t2", "t4")]))

    _, leased = outbox.lease(10, seconds=60, channels=CHANNELS)
    told = [trans_num for message in leased for trans_num in message.trans_nums]
    assert sorted(told) == ["t1", "t2", "t3", "t4"]


def test_suppressed_is_kept_and_never_leased(outbox):
    """A suppressed message is recorded with its reason, counts as told, and waits for nobody."""
    held = alert_of("t1", suppressed="too_old")

    assert outbox.write([held]) == 0
    assert outbox.write([alert_of("t1", message_id="later")]) == 0
    assert outbox.lease(10, seconds=60, channels=CHANNELS)[1] == []
    assert [row["last_error"] for row in outbox.listed(("suppressed",))] == ["too_old"]


def test_two_senders_share_the_queue(outbox):
    """What one sender has leased, another does not get."""
    outbox.write([alert_of(f"t{number}") for number in range(20)])
    barrier = Barrier(2)

    def take(_: int) -> list[str]:
        barrier.wait()
        taken = []
        while messages := outbox.lease(1, seconds=60, channels=CHANNELS)[1]:
            taken += [message.message_id for message in messages]
        return taken

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(take, range(2))

    assert len(one) + len(other) == 20
    assert not set(one) & set(other)


def test_a_lease_that_ran_out_is_given_on(outbox, clock):
    """After the lease's end another sender gets the message, and the first one can no longer mark it."""
    outbox.write([alert_of("t1")])
    first, [message] = outbox.lease(1, seconds=60, channels=CHANNELS)
    clock.pass_seconds(59)
    assert outbox.lease(1, seconds=60, channels=CHANNELS)[1] == []

    clock.pass_seconds(2)
    second, again = outbox.lease(1, seconds=60, channels=CHANNELS)

    assert again == [message]
    assert not outbox.sent(message.message_id, first)
    outbox.failed(message.message_id, first, "late")
    outbox.retry_later(message.message_id, first, "late")
    assert statuses(outbox) == {message.message_id: "pending"}
    assert outbox.sent(message.message_id, second)
    assert not outbox.sent(message.message_id, second)


def test_a_message_that_kills_its_sender_queues_behind(outbox, clock):
    """A message whose lease ran out comes after those that were due before its lease's end."""
    outbox.write([alert_of("t1")])
    outbox.lease(1, seconds=60, channels=CHANNELS)
    clock.pass_seconds(30)
    outbox.write([alert_of("t2")])
    clock.pass_seconds(31)

    order = [outbox.lease(1, seconds=60, channels=CHANNELS)[1][0].trans_nums for _ in range(2)]

    assert order == [("t2",), ("t1",)]


def test_backoff_grows_to_ninety_seconds_then_fifteen_minutes(outbox, engine, clock):
    """A busy server is asked again after 15, 30, 60, 90, 90 s; a message two hours old every 15 minutes."""
    outbox.write([alert_of("t1")])
    waits = []
    for age_hours in (0, 0, 0, 0, 0, 3):
        clock.pass_seconds(3600 * age_hours)
        lease, [message] = outbox.lease(1, seconds=60, channels=CHANNELS)
        outbox.retry_later(message.message_id, lease, "450 busy")
        [row] = outbox.listed(("pending",))
        waits.append((row["next_attempt_at"] - clock.now).total_seconds())
        clock.now = row["next_attempt_at"]

    assert waits == [15, 30, 60, 90, 90, 480]
    assert (row["attempts"], row["last_error"]) == (6, "450 busy")


def test_refused_is_kept_until_retried(outbox):
    """A refused message waits for a person, and is then sent unchanged."""
    outbox.write([alert_of("t1"), alert_of("t2")])
    for _ in range(2):
        lease, [message] = outbox.lease(1, seconds=60, channels=CHANNELS)
        outbox.failed(message.message_id, lease, "550 no such mailbox")
    assert outbox.lease(2, seconds=60, channels=CHANNELS)[1] == []
    assert {row["last_error"] for row in outbox.listed(("failed",))} == {"550 no such mailbox"}

    assert outbox.retry([alert_of("t1").message_id]) == 1
    assert outbox.retry() == 1

    assert len(outbox.lease(2, seconds=60, channels=CHANNELS)[1]) == 2


def test_held_back_by_a_flood_can_be_sent(outbox):
    """What a flood held back is sent on demand; what is too old or snoozed is not."""
    outbox.write([alert_of("t1", suppressed="flood"), alert_of("t2", suppressed="snoozed")])

    assert outbox.retry() == 0
    assert outbox.retry(held=True) == 1
    assert [message.trans_nums for message in outbox.lease(2, seconds=60, channels=CHANNELS)[1]] == [("t1",)]


def test_only_the_channels_asked_for(outbox):
    """A channel without a mailer keeps its messages."""
    outbox.write([alert_of("t1", channel="slack", recipient="slack", message_id="chat"), alert_of("t2")])

    assert [message.channel for message in outbox.lease(5, seconds=60, channels=["email"])[1]] == ["email"]
    assert [message.channel for message in outbox.lease(5, seconds=60, channels=["slack"])[1]] == ["slack"]


def test_alerted_counts_each_payment_once(outbox, engine):
    """A payment told to two recipients counts once, by whatever senders at once; an operator's message not at all."""
    operator = alert_of(message_id="operator", kind="operator", recipient="operator@example.org")
    outbox.write([alert_of("t1", "t2"), alert_of("t1", "t3", recipient="lead@example.org"), operator])
    barrier = Barrier(3)

    def send(_: int) -> bool:
        lease, [message] = outbox.lease(1, seconds=60, channels=CHANNELS)
        barrier.wait()
        return outbox.sent(message.message_id, lease)

    with ThreadPoolExecutor(3) as pool:
        assert all(pool.map(send, range(3)))

    assert alerted(engine) == 3


def test_backlog(outbox, clock):
    """The watchdog sees how much waits, how long, and what was refused."""
    assert outbox.backlog().oldest_pending_seconds == 0
    outbox.write([alert_of("t1"), alert_of("t2")])
    lease, [message] = outbox.lease(1, seconds=60, channels=CHANNELS)
    outbox.failed(message.message_id, lease, "no")
    clock.pass_seconds(600)

    backlog = outbox.backlog()

    assert (backlog.pending, backlog.failed, backlog.oldest_pending_seconds) == (1, 1, 600)


def test_snoozes_end_by_time_or_by_a_later_word(outbox, engine, clock):
    """The latest word on a card or merchant counts until its time."""
    rows = [
        ("card", "ab" * 32, 60),
        ("card", "cd" * 32, -60),
        ("merchant", "Kuhn LLC", 60),
        ("merchant", "Rau Inc", 60),
        ("merchant", "Rau Inc", -1),
    ]
    with engine.begin() as connection:
        for subject, value, minutes in rows:
            connection.execute(
                text("insert into snoozes (subject, value, until, author) values (:subject, :value, :until, 'me')"),
                {"subject": subject, "value": value, "until": NOW + timedelta(minutes=minutes)},
            )

    assert outbox.snoozed() == {"card": {"ab" * 32}, "merchant": {"Kuhn LLC"}}
    clock.pass_seconds(3601)
    assert outbox.snoozed() == {"card": frozenset(), "merchant": frozenset()}


def test_usual_share(outbox):
    """The usual share is that of the batches before, history among them, and unknown while they hold too little."""
    assert outbox.usual_share(3) == pytest.approx(0.02)
    assert outbox.usual_share(2) == pytest.approx(0.01)
    assert outbox.usual_share(1) is None


def test_unreachable_database_is_transient():
    """A database that is down is said as such, without a message's content."""
    outbox = PostgresOutbox(create_store_engine("postgresql+psycopg2://x:x@127.0.0.1:1/x"))

    with pytest.raises(StoreUnavailable):
        outbox.write([alert_of("t1")])
