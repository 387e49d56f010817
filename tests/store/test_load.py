"""Store.load: one batch, all or nothing, by the holder of its claim; the same again writes nothing."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from fraud_common.errors import Fenced, TerminalError
from fraud_scorer.domain.batches import Batch

World = Any  # conftest.World
One = Callable[..., dict[str, Any]]


def test_every_column_comes_back_as_it_was_given(world: World, one: One) -> None:
    """Nulls, signs, quotes, commas, line ends, empty texts, large integers and single-precision features."""
    odd = 'a "quoted", name\nwith \\N and é\u2028'
    rows = [
        one("p", amount_cents=2**53 + 1, merchant=odd, category="", city=None, home_lat=0.1 + 0.2, city_pop=None,
            payload_is_fraud=None, zip="00501"),
        one("refund", amount_cents=-5),
    ]  # fmt: skip
    world.landed(1)
    counts = world.load(world.work(1, rows, score=0.1 + 0.2))
    assert (counts.inserted, counts.updated, counts.unchanged) == (2, 0, 0)
    found = world.rows(
        "select amount_cents, merchant, category, city, home_lat, city_pop, payload_is_fraud, zip, raw_score, features,"
        f" scored_at is not null, reasons from payments_scored where trans_num = '{world.trans_num('p')}'"
    )[0]
    assert found[:9] == (2**53 + 1, odd, "", None, 0.1 + 0.2, None, None, "00501", 0.1 + 0.2)
    assert str(found[9]) == "[0.1, nan, 30000000.0]"
    assert found[10:] == (True, None)
    refund = world.rows(
        "select is_refund, raw_score, flagged, features, scored_by from payments_scored where amount_cents < 0"
    )
    assert refund == [(True, None, False, None, None)]


def test_the_ledger_tells_what_the_load_did(world: World, one: One) -> None:
    """Counts, lag and how it was scored; landed before, done after."""
    world.landed(1)
    assert world.ledger(1)["status"] == "landed"
    world.load(
        world.work(1, [one("a"), one("b")], score=0.75, received=3, fallback_reason="timeout", invoked_variant="v1")
    )
    line = world.ledger(1)
    assert (line["status"], line["attempts"], line["received"], line["valid"]) == ("done", 1, 3, 2)
    assert (line["inserted"], line["flagged"], line["scored_by"], line["model_hash"]) == (2, 2, "local", "m1")
    assert (line["fallback_reason"], line["threshold"], line["seconds"]) == ("timeout", 0.5, 0.25)
    assert line["invoked_variant"] == "v1"
    assert isinstance(line["lag_seconds"], float)
    assert world.store.unloaded(10) == []


def test_the_ledger_counts_the_values_that_were_dropped(world: World, one: One) -> None:
    """By field and reason, as of the last load that changed anything."""
    world.landed(1)
    work = world.work(1, [one("a")], received=1)
    work.dropped = '{"dob_not_a_date": 1}'
    world.load(work)
    assert world.ledger(1)["dropped"] == {"dob_not_a_date": 1}


def test_a_replay_that_scores_nothing_keeps_why_it_was_scored_locally(world: World, one: One) -> None:
    """What it changes (here a record that is bad now) is counted; scorer and reason stay as recorded."""
    world.landed(1)
    world.load(world.work(1, [one("a")], scored_by="local-fallback", fallback_reason="timeout"))
    bad = [{"batch_id": "x", "part": 0, "row_index": 2, "reason": "nul", "detail": "d", "record": b"\x01"}]
    replayed = {"scored_by": None, "threshold": None, "model_hash": None, "quarantine": pd.DataFrame(bad)}
    world.load(world.work(1, [one("a", delivery="unchanged")], **replayed))
    line = world.ledger(1)
    assert line["quarantined"] == 1
    assert (line["scored_by"], line["fallback_reason"]) == ("local-fallback", "timeout")


def test_a_replay_writes_nothing_and_says_so(world: World, one: One) -> None:
    """Not a row of any table is written again, whatever the deliveries are taken for; the ledger keeps its counts."""
    rows = [one("a"), one("b", amount_cents=-1)]
    quarantine = pd.DataFrame(
        [{"batch_id": "x", "part": 0, "row_index": 2, "reason": "nul", "detail": "d", "record": b"\x01"}]
    )
    day = [("2026-11-20", "Shop", 1, 2, 3, 4, 5, 6)]
    names = ["profile_day", "merchant", "payments_7d", "payments_30d", "labelled_7d", "labelled_30d"]
    profiles = pd.DataFrame(day, columns=[*names, "frauds_7d", "frauds_30d"])

    def load(delivery: str) -> Any:
        deliveries = [row | {"delivery": delivery} for row in rows]
        work = world.work(1, deliveries, score=0.75, quarantine=quarantine, profiles=profiles)
        work.messages = [message for message in (world.message_of(work),) if message.trans_nums]
        return world.load(work)

    world.landed(1)
    counts = load("new")
    assert (counts.inserted, counts.flagged, counts.messages) == (2, 1, 1)
    before, line = world.physical(), world.ledger(1)
    for delivery in ("unchanged", "new", "rescore", "correction"):
        counts = load(delivery)
        assert (counts.inserted, counts.updated, counts.unchanged) == (0, 0, 2)
        assert (counts.flagged, counts.messages) == (0, 0)
    assert world.physical() == before
    assert world.ledger(1) == line


def test_only_the_holder_of_the_claim_may_load(world: World, one: One) -> None:
    """A run that was overtaken is told so, and nothing of it is written."""
    batch = world.landed(1)
    overtaken = world.tokens[batch.batch_id]
    world.claim(batch)
    before = world.physical()
    with pytest.raises(Fenced, match=batch.batch_id):
        world.store.load(world.work(1, [one("a")]), overtaken)
    assert world.physical() == before
    assert world.load(world.work(1, [one("a")])).inserted == 1
    with pytest.raises(Fenced):
        world.store.load(world.work(1, [one("a")]), str(uuid.uuid4()))


def test_an_unknown_batch_is_refused(world: World, one: One) -> None:
    """Its landing was never noted."""
    with pytest.raises(TerminalError, match="does not know the batch"):
        world.store.load(world.work(1, [one("a")]), str(uuid.uuid4()))


def test_a_text_that_postgresql_cannot_hold_writes_nothing(world: World, one: One) -> None:
    """A NUL or half of a surrogate pair that slipped through is refused before any COPY, by column."""
    world.landed(1)
    for bad in ("a\x00b", "a\ud800b"):
        work = world.work(1, [one("a"), one("b")])
        work.payments["merchant"] = pd.Series(["fine", bad], dtype=object)
        with pytest.raises(TerminalError, match="merchant"):
            world.load(work)
    assert world.rows("select count(*) from payments_scored") == [(0,)]
    quarantine = pd.DataFrame(
        [{"batch_id": "x", "part": 0, "row_index": None, "reason": "nul", "detail": "a\x00b", "record": b"\x00"}]
    )
    assert world.load(world.work(1, [one("a")], quarantine=quarantine)).quarantined == 1
    assert world.rows("select detail, record from quarantine")[0][0] == "a\ufffdb"


def test_refused_data_is_terminal_and_names_no_row(world: World, one: One) -> None:
    """PostgreSQL's DETAIL quotes the row: it reaches neither the message nor the traceback."""
    world.landed(1)
    work = world.work(1, [one("a")])
    work.decisions["fraud_probability"] = 1.5
    with pytest.raises(TerminalError, match="fraud_probability_check") as refused:
        world.load(work)
    assert "Shop" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert world.rows("select count(*) from payments_scored") == [(0,)]


def test_a_payment_without_a_decision_is_refused(world: World, one: One) -> None:
    """Only refunds go unscored."""
    world.landed(1)
    work = world.work(1, [one("a")])
    work.decisions = work.decisions.iloc[:0]
    with pytest.raises(TerminalError, match="1 payments reached load without a decision"):
        world.load(work)


def test_quarantine_follows_the_replay(world: World, one: One) -> None:
    """A record that is good after a mended field map is marked retried; one that turns bad again is open again."""
    bad = pd.DataFrame(
        [
            {"batch_id": "x", "part": 0, "row_index": i, "reason": "r", "detail": "d", "record": b"\x01"}
            for i in (None, 0, 1)
        ]
    )
    world.minute(1, [one("a")], quarantine=bad)
    counts = world.load(world.work(1, [one("a"), one("b")], quarantine=bad.iloc[:2]))
    assert (counts.inserted, counts.unchanged, counts.quarantined) == (1, 1, 2)
    state = "select row_index, status from quarantine order by row_index nulls first"
    assert world.rows(state) == [(None, "open"), (0, "open"), (1, "retried")]
    assert world.ledger(1)["quarantined"] == 2
    world.load(world.work(1, [one("a")], quarantine=bad))
    assert world.rows(state) == [(None, "open"), (0, "open"), (1, "open")]


def test_messages_name_a_payment_once_a_recipient_and_only_what_was_written(world: World, one: One) -> None:
    """What another batch stored, or told, is left out; a message with nothing left is not written."""
    world.landed(1)
    first = world.work(1, [one("a"), one("b")], score=0.9)
    first.messages = [world.message_of(first), world.message_of(first, "bob@example.org")]
    assert world.load(first).messages == 2
    world.landed(2)
    second = world.work(2, [one("b"), one("c")], score=0.9)
    second.messages = [world.message_of(second)]
    assert world.load(second).messages == 1
    told = world.rows("select content->'payments' from outbox where batch_id = '" + world.batch(2).batch_id + "'")
    assert told == [([{"trans_num": world.trans_num("c")}],)]
    world.landed(3)
    third = world.work(3, [one("a", amount_cents=7, delivery="correction")], score=0.9)
    third.messages = [world.message_of(third)]
    assert world.load(third).messages == 0
    assert world.rows("select count(*) from outbox_payments") == [(5,)]


def test_history_is_never_alerted(world: World, one: One) -> None:
    """An imported day is scored and stored; its messages are dropped."""
    batch = Batch("history-abc-2026-11-01")
    world.landed(1, batch=batch)
    work = world.work(1, [one("a")], score=0.9, batch=batch)
    work.messages = [world.message_of(work)]
    counts = world.load(work)
    assert (counts.flagged, counts.messages) == (1, 0)
    line = world.store.recent(5, kinds=["history"])[0]
    assert (line["status"], line["flagged"], line["lag_seconds"]) == ("done", 1, None)


def test_two_loads_of_one_batch_and_of_crossing_batches_end_in_one_result(world: World, one: One) -> None:
    """The same ids in opposite orders from four threads, several times: no deadlock, each payment once."""
    names = [f"p{number}" for number in range(300)]
    errors: list[BaseException] = []

    def run(number: int, order: int) -> None:
        try:
            rows = [one(name, body=number) for name in names[::order]]
            world.load(world.work(number, rows))
        except Exception as error:
            errors.append(error)

    for number in (1, 2):
        world.minute(number, [])
    threads = [threading.Thread(target=run, args=args) for args in ((1, 1), (2, -1), (1, -1), (2, 1)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert world.rows("select count(*), min(landing_seq), max(landing_seq) from payments_scored") == [(300, 2, 2)]
    ((count, kept),) = world.rows("select count(*), count(distinct trans_num) from payment_history")
    assert count == kept <= 300


def test_frames_of_this_suite_keep_the_contract(world: World, one: One) -> None:
    """The dtypes that the steps exchange are those that the tests load."""
    payments = world.payments_frame([one("a")], world.batch(1), 1)
    assert str(payments["trans_num"].dtype) == "str"
    assert world.decisions_frame(payments)["flagged"].dtype == bool
