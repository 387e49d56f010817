"""Store.load: one batch, all or nothing; guarded by the landing sequence; the same again writes nothing."""

from __future__ import annotations

import hashlib
import threading
import uuid
from typing import Any

import pandas as pd
import pytest

from fraud_scorer.batches import Batch
from fraud_scorer.errors import Fenced, TerminalError

World = Any  # conftest.World


def trans_num(name: str) -> str:
    """32 hex digits for a short name."""
    return hashlib.md5(name.encode()).hexdigest()


def one(name: str, **unusual: Any) -> dict[str, Any]:
    """A payment, by what is unusual about it."""
    return {"trans_num": trans_num(name)} | unusual


def test_every_column_comes_back_as_it_was_given(world: World) -> None:
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
        f" scored_at is not null, reasons from payments_scored where trans_num = '{trans_num('p')}'"
    )[0]
    assert found[:9] == (2**53 + 1, odd, "", None, 0.1 + 0.2, None, None, "00501", 0.1 + 0.2)
    assert str(found[9]) == "[0.1, nan, 30000000.0]"
    assert found[10:] == (True, None)
    refund = world.rows(
        "select is_refund, raw_score, flagged, features, scored_by from payments_scored where amount_cents < 0"
    )
    assert refund == [(True, None, False, None, None)]


def test_the_ledger_tells_what_the_load_did(world: World) -> None:
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


def test_a_replay_that_scores_nothing_keeps_why_it_was_scored_locally(world: World) -> None:
    """What it changes (here a record that is bad now) is counted; scorer and reason stay as recorded."""
    world.landed(1)
    world.load(world.work(1, [one("a")], scored_by="local-fallback", fallback_reason="timeout"))
    bad = [{"batch_id": "x", "part": 0, "row_index": 2, "reason": "nul", "detail": "d", "record": b"\x01"}]
    replayed = {"scored_by": None, "threshold": None, "model_hash": None, "quarantine": pd.DataFrame(bad)}
    world.load(world.work(1, [one("a", delivery="unchanged")], **replayed))
    line = world.ledger(1)
    assert line["quarantined"] == 1
    assert (line["scored_by"], line["fallback_reason"]) == ("local-fallback", "timeout")


def test_a_replay_writes_nothing_and_says_so(world: World) -> None:
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


def test_a_correction_replaces_the_body_and_keeps_its_predecessor(world: World) -> None:
    """Event time, origin and first label stay; the old row stands in the history."""
    world.minute(1, [one("a")], score=0.25)
    later = one("a", amount_cents=2000, delivery="correction", event_time="2026-11-21T00:00Z", payload_is_fraud=True)
    counts = world.minute(2, [later], score=0.75)
    assert (counts.inserted, counts.updated, counts.flagged) == (0, 1, 1)
    stored = world.rows(
        "select amount_cents, event_time::text, first_landing_seq, landing_seq, first_batch_id, batch_id,"
        " payload_is_fraud, raw_score from payments_scored"
    )
    ids = (world.batch(1).batch_id, world.batch(2).batch_id)
    assert stored == [(2000, "2026-11-20 10:31:00+00", 1, 2, *ids, False, 0.75)]
    was = world.rows(
        "select why, landing_seq, replaced_by_seq, was->>'amount_cents', was->>'raw_score' from payment_history"
    )
    assert was == [("correction", 1, 2, "1000", "0.25")]


def test_whoever_changes_a_row_leaves_its_predecessor(world: World) -> None:
    """Also an engineer with psql; a statement that changes nothing leaves nothing."""
    world.minute(1, [one("a"), one("b")])
    world.rows("update payments_scored set flagged = flagged")
    world.rows("update payments_scored set flagged = true where trans_num = '" + trans_num("b") + "'")
    assert world.rows("select trans_num, why, was->>'flagged' from payment_history") == [
        (trans_num("b"), "rescore", "false")
    ]


def test_an_older_landing_undoes_no_correction(world: World) -> None:
    """A batch that landed earlier and is replayed later leaves the newer body alone."""
    world.minute(1, [one("a", amount_cents=1000)])
    world.minute(2, [one("a", amount_cents=2000, delivery="correction")])
    before = world.physical()
    for delivery in ("new", "correction", "late", "unchanged"):
        counts = world.load(world.work(1, [one("a", amount_cents=1000, delivery=delivery)]))
        assert (counts.inserted, counts.updated, counts.unchanged) == (0, 0, 1)
    assert world.physical() == before


def test_a_batch_is_loaded_in_its_turn(world: World) -> None:
    """Not before one that landed before it and waits, nor after the run lost such a one; loaded ones are replayed."""
    world.landed(1)
    world.landed(2)
    with pytest.raises(Fenced, match="not the turn"):
        world.load(world.work(2, [one("a")]))
    world.load(world.work(1, [one("a")]))
    with pytest.raises(Fenced, match="not the turn"):
        world.load(world.work(2, [one("b")], follows_lost=True))
    assert world.load(world.work(2, [one("b")])).inserted == 1
    assert world.load(world.work(2, [one("b")], follows_lost=True)).unchanged == 1
    world.landed(3)
    assert world.load(world.work(2, [one("b")])).unchanged == 1


def passed(world: World, number: int) -> None:
    """The minute landed, and was passed."""
    world.landed(number)
    world.store.mark_failed(world.batch(number), "passed")


def test_a_late_delivery_gives_the_payment_its_time_origin_and_first_label(world: World) -> None:
    """Its batch had been passed: body and decision stay; what it said, and what the row was, stand in the history."""
    passed(world, 1)
    world.minute(2, [one("a", amount_cents=2000, payload_is_fraud=False, event_time="2026-11-20T10:40Z")], score=0.75)
    late = one("a", delivery="late", payload_is_fraud=True)
    counts = world.load(world.work(1, [late], decisions=world.decisions_frame(world.payments_frame([], None, 0))))
    assert (counts.inserted, counts.updated, counts.flagged) == (0, 1, 0)
    assert world.rows(
        "select amount_cents, event_time::text, first_landing_seq, landing_seq, first_batch_id, batch_id,"
        " payload_is_fraud, raw_score, age_years < 44.5 from payments_scored"
    ) == [
        (2000, "2026-11-20 10:31:00+00", 1, 2, world.batch(1).batch_id, world.batch(2).batch_id, True, 0.75, True)
    ]  # fmt: skip
    assert world.rows(
        "select landing_seq, replaced_by_seq, was ->> 'amount_cents', (was ->> 'event_time')::timestamptz::text,"
        " was ->> 'flagged', was ->> 'delivery' from payment_history where why = 'late load' order by landing_seq"
    ) == [
        (1, 2, "1000", "2026-11-20 10:31:00+00", "false", None),
        (2, 2, "2000", "2026-11-20 10:40:00+00", "true", None),
    ]
    said = world.rows("select verdict, landing_seq, known_at::text from labels")
    assert said == [("not_fraud", 2, "2026-11-27 10:31:00+00")]
    before = world.physical()
    assert world.load(world.work(1, [one("a", delivery="unchanged", payload_is_fraud=True)])).updated == 0
    assert world.physical() == before


def test_a_late_delivery_of_the_same_body_is_the_stored_one(world: World) -> None:
    """Deciding anew about it sees what had landed before it; no label is said twice."""
    passed(world, 1)
    world.minute(2, [one("a")])
    assert world.load(world.work(1, [one("a", delivery="new")])).updated == 1
    assert world.rows("select first_landing_seq, landing_seq, batch_id from payments_scored") == [
        (1, 1, world.batch(1).batch_id)
    ]
    assert world.rows("select count(*) from labels") == [(0,)]


def test_labels_that_came_before_the_late_delivery_are_known_by_its_time(world: World) -> None:
    """As if it had been loaded first."""
    passed(world, 1)
    world.minute(2, [one("a", event_time="2026-11-22T10:31Z", payload_is_fraud=None)])
    world.minute(3, [one("a", delivery="unchanged", payload_is_fraud=True)])
    world.load(world.work(1, [one("a")]))
    assert world.rows("select verdict, known_at::text from labels") == [("fraud", "2026-11-27 10:31:00+00")]


def test_an_imported_day_has_its_turn(world: World) -> None:
    """What landed after it waits while it is held; once that is loaded, the day missed its turn and is forgotten."""
    day = Batch("history-abc-2026-11-01")
    world.landed(1, batch=day)
    world.landed(2)
    world.rows("delete from landing_index")  # an imported day has no parts
    assert world.store.unloaded(5) == []
    with pytest.raises(Fenced, match="not the turn"):
        world.load(world.work(2, [one("a")]))
    world.rows("update run_ledger set claimed_at = claimed_at - interval '2 minutes'")
    assert world.store.unloaded(5) == [(world.batch(2), 2)]
    assert not world.store.forget(day)
    world.load(world.work(2, [one("a")]))
    world.store.hold(day)
    with pytest.raises(Fenced, match="not the turn"):
        world.load(world.work(1, [one("b")], batch=day))
    assert world.store.forget(day)
    assert not world.store.forget(world.batch(2))


def test_a_rescore_replaces_the_decision_and_only_if_it_differs(world: World) -> None:
    """The old decision goes to the history; the body and its origin stay; an equal one writes nothing."""
    world.minute(1, [one("a"), one("b")], score=0.25)
    world.claim(world.batch(1))
    again = world.work(1, [one("a", delivery="rescore"), one("b", delivery="rescore")], score=0.75, model_hash="m2")
    again.decisions["model_hash"] = "m2"
    counts = world.load(again)
    assert (counts.inserted, counts.updated, counts.unchanged, counts.flagged) == (0, 2, 0, 2)
    assert world.rows("select distinct why, was->>'model_hash' from payment_history") == [("rescore", "m1")]
    assert world.rows("select distinct raw_score, flagged, model_hash, landing_seq from payments_scored") == [
        (0.75, True, "m2", 1)
    ]
    line = world.ledger(1)
    assert (line["inserted"], line["updated"], line["flagged"], line["model_hash"]) == (2, 2, 2, "m2")
    before = world.physical()
    assert world.load(again).updated == 0
    assert world.physical() == before


def test_a_rescore_of_a_body_that_was_corrected_meanwhile_is_left_out(world: World) -> None:
    """A decision belongs to the body that was scored."""
    world.minute(1, [one("a")])
    world.minute(2, [one("a", amount_cents=5, delivery="correction")])
    counts = world.load(world.work(1, [one("a", delivery="rescore")], score=0.9))
    assert counts.updated == 0


def test_late_labels_of_the_payload_are_appended_once_a_landing(world: World) -> None:
    """A later delivery with another label; replays in any order say nothing new; the delay holds."""
    world.minute(1, [one("a"), one("b", payload_is_fraud=None)])
    world.minute(2, [one("a", delivery="unchanged", payload_is_fraud=True), one("b", delivery="unchanged")])
    world.minute(3, [one("a", delivery="unchanged", payload_is_fraud=False)])
    said = "select trans_num, verdict, known_at::text, landing_seq from labels order by label_id"
    found = world.rows(said)
    assert sorted(found[:2]) == sorted([
        (trans_num("a"), "fraud", "2026-11-27 10:31:00+00", 2),
        (trans_num("b"), "not_fraud", "2026-11-27 10:31:00+00", 2),
    ])  # fmt: skip
    assert found[2:] == [(trans_num("a"), "not_fraud", "2026-11-27 10:31:00+00", 3)]
    world.load(world.work(1, [one("a", delivery="unchanged"), one("b", delivery="unchanged", payload_is_fraud=None)]))
    world.load(world.work(2, [one("a", delivery="unchanged", payload_is_fraud=True)]))
    assert world.rows(said) == found


def test_a_label_that_comes_after_the_delay_is_known_when_it_landed(world: World) -> None:
    """Not before: the past is not rewritten."""
    world.minute(1, [one("a")])
    batch = world.batch(60 * 24 * 10)
    world.landed(60 * 24 * 10, seq=9)
    work = world.work(9, [one("a", delivery="unchanged", payload_is_fraud=True)], batch=batch)
    world.load(work)
    assert world.rows("select known_at::text from labels") == [("2026-11-30 10:32:05+00",)]


def test_only_the_holder_of_the_claim_may_load(world: World) -> None:
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


def test_an_unknown_batch_is_refused(world: World) -> None:
    """Its landing was never noted."""
    with pytest.raises(TerminalError, match="does not know the batch"):
        world.store.load(world.work(1, [one("a")]), str(uuid.uuid4()))


def test_a_text_that_postgresql_cannot_hold_writes_nothing(world: World) -> None:
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


def test_refused_data_is_terminal_and_names_no_row(world: World) -> None:
    """PostgreSQL's DETAIL quotes the row: it reaches neither the message nor the traceback."""
    world.landed(1)
    work = world.work(1, [one("a")])
    work.decisions["fraud_probability"] = 1.5
    with pytest.raises(TerminalError, match="fraud_probability_check") as refused:
        world.load(work)
    assert "Shop" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert world.rows("select count(*) from payments_scored") == [(0,)]


def test_a_payment_without_a_decision_is_refused(world: World) -> None:
    """Only refunds go unscored."""
    world.landed(1)
    work = world.work(1, [one("a")])
    work.decisions = work.decisions.iloc[:0]
    with pytest.raises(TerminalError, match="1 payments reached load without a decision"):
        world.load(work)


def test_quarantine_follows_the_replay(world: World) -> None:
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


def test_messages_name_a_payment_once_a_recipient_and_only_what_was_written(world: World) -> None:
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
    assert told == [([{"trans_num": trans_num("c")}],)]
    world.landed(3)
    third = world.work(3, [one("a", amount_cents=7, delivery="correction")], score=0.9)
    third.messages = [world.message_of(third)]
    assert world.load(third).messages == 0
    assert world.rows("select count(*) from outbox_payments") == [(5,)]


def test_history_is_never_alerted(world: World) -> None:
    """An imported day is scored and stored; its messages are dropped."""
    batch = Batch("history-abc-2026-11-01")
    world.landed(1, batch=batch)
    work = world.work(1, [one("a")], score=0.9, batch=batch)
    work.messages = [world.message_of(work)]
    counts = world.load(work)
    assert (counts.flagged, counts.messages) == (1, 0)
    line = world.store.recent(5, kinds=["history"])[0]
    assert (line["status"], line["flagged"], line["lag_seconds"]) == ("done", 1, None)


def test_two_loads_of_one_batch_and_of_crossing_batches_end_in_one_result(world: World) -> None:
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


def test_frames_of_this_suite_keep_the_contract(world: World) -> None:
    """The dtypes that the steps exchange are those that the tests load."""
    payments = world.payments_frame([one("a")], world.batch(1), 1)
    assert str(payments["trans_num"].dtype) == "str"
    assert world.decisions_frame(payments)["flagged"].dtype == bool
