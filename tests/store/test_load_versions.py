"""Store.load over time: corrections, late and rescored deliveries in the order of their landing, and late labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fraud_common.errors import Fenced
from fraud_scorer.domain.batches import Batch

World = Any  # conftest.World
One = Callable[..., dict[str, Any]]


def test_a_correction_replaces_the_body_and_keeps_its_predecessor(world: World, one: One) -> None:
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


def test_whoever_changes_a_row_leaves_its_predecessor(world: World, one: One) -> None:
    """Also an engineer with psql; a statement that changes nothing leaves nothing."""
    world.minute(1, [one("a"), one("b")])
    world.rows("update payments_scored set flagged = flagged")
    world.rows("update payments_scored set flagged = true where trans_num = '" + world.trans_num("b") + "'")
    assert world.rows("select trans_num, why, was->>'flagged' from payment_history") == [
        (world.trans_num("b"), "rescore", "false")
    ]


def test_an_older_landing_undoes_no_correction(world: World, one: One) -> None:
    """A batch that landed earlier and is replayed later leaves the newer body alone."""
    world.minute(1, [one("a", amount_cents=1000)])
    world.minute(2, [one("a", amount_cents=2000, delivery="correction")])
    before = world.physical()
    for delivery in ("new", "correction", "late", "unchanged"):
        counts = world.load(world.work(1, [one("a", amount_cents=1000, delivery=delivery)]))
        assert (counts.inserted, counts.updated, counts.unchanged) == (0, 0, 1)
    assert world.physical() == before


def test_a_batch_is_loaded_in_its_turn(world: World, one: One) -> None:
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


def test_a_late_delivery_gives_the_payment_its_time_origin_and_first_label(world: World, one: One) -> None:
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


def test_a_late_delivery_of_the_same_body_is_the_stored_one(world: World, one: One) -> None:
    """Deciding anew about it sees what had landed before it; no label is said twice."""
    passed(world, 1)
    world.minute(2, [one("a")])
    assert world.load(world.work(1, [one("a", delivery="new")])).updated == 1
    assert world.rows("select first_landing_seq, landing_seq, batch_id from payments_scored") == [
        (1, 1, world.batch(1).batch_id)
    ]
    assert world.rows("select count(*) from labels") == [(0,)]


def test_labels_that_came_before_the_late_delivery_are_known_by_its_time(world: World, one: One) -> None:
    """As if it had been loaded first."""
    passed(world, 1)
    world.minute(2, [one("a", event_time="2026-11-22T10:31Z", payload_is_fraud=None)])
    world.minute(3, [one("a", delivery="unchanged", payload_is_fraud=True)])
    world.load(world.work(1, [one("a")]))
    assert world.rows("select verdict, known_at::text from labels") == [("fraud", "2026-11-27 10:31:00+00")]


def test_an_imported_day_has_its_turn(world: World, one: One) -> None:
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


def test_a_rescore_replaces_the_decision_and_only_if_it_differs(world: World, one: One) -> None:
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


def test_a_rescore_of_a_body_that_was_corrected_meanwhile_is_left_out(world: World, one: One) -> None:
    """A decision belongs to the body that was scored."""
    world.minute(1, [one("a")])
    world.minute(2, [one("a", amount_cents=5, delivery="correction")])
    counts = world.load(world.work(1, [one("a", delivery="rescore")], score=0.9))
    assert counts.updated == 0


def test_late_labels_of_the_payload_are_appended_once_a_landing(world: World, one: One) -> None:
    """A later delivery with another label; replays in any order say nothing new; the delay holds."""
    world.minute(1, [one("a"), one("b", payload_is_fraud=None)])
    world.minute(2, [one("a", delivery="unchanged", payload_is_fraud=True), one("b", delivery="unchanged")])
    world.minute(3, [one("a", delivery="unchanged", payload_is_fraud=False)])
    said = "select trans_num, verdict, known_at::text, landing_seq from labels order by label_id"
    found = world.rows(said)
    assert sorted(found[:2]) == sorted([
        (world.trans_num("a"), "fraud", "2026-11-27 10:31:00+00", 2),
        (world.trans_num("b"), "not_fraud", "2026-11-27 10:31:00+00", 2),
    ])  # fmt: skip
    assert found[2:] == [(world.trans_num("a"), "not_fraud", "2026-11-27 10:31:00+00", 3)]
    world.load(world.work(1, [one("a", delivery="unchanged"), one("b", delivery="unchanged", payload_is_fraud=None)]))
    world.load(world.work(2, [one("a", delivery="unchanged", payload_is_fraud=True)]))
    assert world.rows(said) == found


def test_a_label_that_comes_after_the_delay_is_known_when_it_landed(world: World, one: One) -> None:
    """Not before: the past is not rewritten."""
    world.minute(1, [one("a")])
    batch = world.batch(60 * 24 * 10)
    world.landed(60 * 24 * 10, seq=9)
    work = world.work(9, [one("a", delivery="unchanged", payload_is_fraud=True)], batch=batch)
    world.load(work)
    assert world.rows("select known_at::text from labels") == [("2026-11-30 10:32:05+00",)]
