"""Messages that are written to ``fraud_db``: each payment once a recipient, and what is known before writing them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import text

from fraud_common.errors import StoreUnavailable
from fraud_scorer.domain.ports import Message
from fraud_scorer.store.engine import create_store_engine, transaction
from fraud_scorer.store.outbox import PostgresOutbox, write_messages

NOW = datetime(2026, 11, 20, 10, 32, tzinfo=UTC)
CHANNELS = ("email", "slack")


def test_writing_again_writes_nothing(outbox, alert_of, statuses):
    """The same batch loaded a hundred times makes one message, also after it was sent."""
    assert outbox.write([alert_of("t1")]) == 1
    lease, _ = outbox.lease(1, seconds=60, channels=CHANNELS)
    outbox.sent(alert_of("t1").message_id, lease)

    assert outbox.write([alert_of("t1")] * 3) == 0
    assert list(statuses(outbox).values()) == ["sent"]


def test_a_payment_is_told_once_a_recipient(outbox, alert_of):
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


def test_what_a_message_left_untold_gets_one_of_its_own(outbox, alert_of):
    """A message that was written without one of its payments does not swallow that payment later."""
    outbox.write([alert_of("t1", message_id="a@example.org")])

    assert outbox.write([alert_of("t1", "t2", message_id="a@example.org")]) == 1
    assert outbox.write([alert_of("t1", "t2", message_id="a@example.org")]) == 0

    _, leased = outbox.lease(10, seconds=60, channels=CHANNELS)
    assert sorted(message.trans_nums for message in leased) == [("t1",), ("t2",)]


def test_rolled_back_with_its_transaction(outbox, engine, alert_of, statuses):
    """Messages stand or fall with the transaction that writes them."""
    with suppress(ZeroDivisionError), transaction(engine) as cursor:
        assert write_messages(cursor, [alert_of("t1")], now=NOW) == 1
        raise ZeroDivisionError

    assert statuses(outbox) == {}


def test_two_loads_at_once_tell_a_payment_once(outbox, engine, alert_of):
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


def test_suppressed_is_kept_and_never_leased(outbox, alert_of):
    """A suppressed message is recorded with its reason, counts as told, and waits for nobody."""
    held = alert_of("t1", suppressed="too_old")

    assert outbox.write([held]) == 0
    assert outbox.write([alert_of("t1", message_id="later")]) == 0
    assert outbox.lease(10, seconds=60, channels=CHANNELS)[1] == []
    assert [row["last_error"] for row in outbox.listed(("suppressed",))] == ["too_old"]


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


def test_unreachable_database_is_transient(alert_of):
    """A database that is down is said as such, without a message's content."""
    outbox = PostgresOutbox(create_store_engine("postgresql+psycopg2://x:x@127.0.0.1:1/x"))

    with pytest.raises(StoreUnavailable):
        outbox.write([alert_of("t1")])
