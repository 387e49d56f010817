"""Messages that wait in ``fraud_db``: leased to one sender at a time, and then sent, tried later or refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import Engine, text

BATCH_ID = "2026-11-20T10:31Z"
CHANNELS = ("email", "slack")


def alerted(engine: Engine) -> int:
    """What the ledger counts."""
    with engine.connect() as connection:
        counted = connection.execute(text("select alerted from run_ledger where batch_id = :id"), {"id": BATCH_ID})
        return int(counted.scalar_one())


def test_written_leased_and_sent(outbox, engine, alert_of, statuses):
    """A message comes back from the lease as it was written, and is counted when it was accepted."""
    message = alert_of("t1", "t2")
    assert outbox.write([message]) == 1

    lease, leased = outbox.lease(10, seconds=60, channels=CHANNELS)

    assert leased == [message]
    assert outbox.sent(message.message_id, lease)
    assert statuses(outbox) == {message.message_id: "sent"}
    assert alerted(engine) == 2
    assert outbox.lease(10, seconds=60, channels=CHANNELS)[1] == []


def test_two_senders_share_the_queue(outbox, alert_of):
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


def test_a_lease_that_ran_out_is_given_on(outbox, clock, alert_of, statuses):
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


def test_a_message_that_kills_its_sender_queues_behind(outbox, clock, alert_of):
    """A message whose lease ran out comes after those that were due before its lease's end."""
    outbox.write([alert_of("t1")])
    outbox.lease(1, seconds=60, channels=CHANNELS)
    clock.pass_seconds(30)
    outbox.write([alert_of("t2")])
    clock.pass_seconds(31)

    order = [outbox.lease(1, seconds=60, channels=CHANNELS)[1][0].trans_nums for _ in range(2)]

    assert order == [("t2",), ("t1",)]


def test_backoff_grows_to_ninety_seconds_then_fifteen_minutes(outbox, engine, clock, alert_of):
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


def test_refused_is_kept_until_retried(outbox, alert_of):
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


def test_held_back_by_a_flood_can_be_sent(outbox, alert_of):
    """What a flood held back is sent on demand; what is too old or snoozed is not."""
    outbox.write([alert_of("t1", suppressed="flood"), alert_of("t2", suppressed="snoozed")])

    assert outbox.retry() == 0
    assert outbox.retry(held=True) == 1
    assert [message.trans_nums for message in outbox.lease(2, seconds=60, channels=CHANNELS)[1]] == [("t1",)]


def test_only_the_channels_asked_for(outbox, alert_of):
    """A channel without a mailer keeps its messages."""
    outbox.write([alert_of("t1", channel="slack", recipient="slack", message_id="chat"), alert_of("t2")])

    assert [message.channel for message in outbox.lease(5, seconds=60, channels=["email"])[1]] == ["email"]
    assert [message.channel for message in outbox.lease(5, seconds=60, channels=["slack"])[1]] == ["slack"]


def test_alerted_counts_each_payment_once(outbox, engine, alert_of):
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


def test_backlog(outbox, clock, alert_of):
    """The watchdog sees how much waits, how long, and what was refused."""
    assert outbox.backlog().oldest_pending_seconds == 0
    outbox.write([alert_of("t1"), alert_of("t2")])
    lease, [message] = outbox.lease(1, seconds=60, channels=CHANNELS)
    outbox.failed(message.message_id, lease, "no")
    clock.pass_seconds(600)

    backlog = outbox.backlog()

    assert (backlog.pending, backlog.failed, backlog.oldest_pending_seconds) == (1, 1, 600)
