"""Refunds, captures and disputes stand beside their payment: the same rows whatever comes first, late or twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from fraud_scorer.domain.frames import AUTHORISATION, CAPTURE, DECLINE, DISPUTE, PURCHASE, REFUND, REVERSAL
from fraud_scorer.domain.ports import LoadCounts
from fraud_scorer.ingest.deliveries import classify, drop_repeats
from fraud_scorer.ingest.event_kinds import can_be_scored

World = Any  # conftest.World
Record = dict[str, Any]
AT = datetime(2026, 11, 20, 10, tzinfo=UTC)
PAYMENT = (
    "select amount_cents, kind, flagged, fraud_probability::text, event_time::time::text, payload_is_fraud"
    " from payments_scored"
)
EVENTS = "select kind, amount_cents, event_time::time::text from payment_events order by event_time, kind, amount_cents"


def said(kind: str, cents: int, minute: int, name: str = "p", **more: Any) -> Record:
    """A record of something that happened to a payment ``minute`` minutes after ten."""
    money = -cents if kind in (REFUND, REVERSAL) else cents
    return {"name": name, "kind": kind, "amount_cents": money, "event_time": AT + timedelta(minutes=minute)} | more


def deliver(
    world: World, seq: int, *records: Record, score: float = 0.9, restamped: bool = False, rescore: bool = False
) -> LoadCounts:
    """The batch that landed as number ``seq``, judged against what is stored and loaded, as a run does."""
    rows = [{"trans_num": world.trans_num(one["name"])} | {key: one[key] for key in one if key != "name"}
            for one in records]  # fmt: skip
    batch = world.landed(seq)
    tokenised = drop_repeats(world.payments_frame(rows, batch, seq), restamped=restamped)
    known = world.store.known(tokenised["trans_num"].unique().tolist())
    payments = classify(tokenised, known, seq, rescore=rescore, restamped=restamped)
    work = world.work(seq, [])
    work.payments = payments
    is_scored = can_be_scored(payments) & ~payments["delivery"].isin(["unchanged", "late", "event"]).to_numpy()
    work.decisions = world.decisions_frame(payments[is_scored], score)
    work.messages = [world.message_of(work)] if score >= 0.5 and is_scored.any() else []
    counts: LoadCounts = world.load(work)
    return counts


def written(world: World) -> list[tuple[Any, ...]]:
    """Where each row was written, but for the landing's own."""
    return [row for row in world.physical() if row[0] != "landing_index"]


def test_a_refund_leaves_the_decision_and_stands_beside(world: World) -> None:
    """A flagged and mailed payment is refunded under its own id: flag, probability, amount and mail stay."""
    deliver(world, 1, said(PURCHASE, 10_000, 0))
    counts = deliver(world, 2, said(REFUND, 2_500, 30))
    assert (counts.inserted, counts.updated, counts.unchanged, counts.events) == (0, 0, 0, 1)
    assert world.rows(PAYMENT) == [(10_000, PURCHASE, True, "0.9", "10:00:00", False)]
    assert world.rows(EVENTS) == [(REFUND, -2_500, "10:30:00")]
    assert world.rows("select count(*) from payment_history") == [(0,)]
    assert world.rows("select count(*) from labels") == [(0,)]
    assert world.rows("select count(*) from outbox_payments") == [(1,)]
    assert world.rows(f"select events from run_ledger where batch_id = '{world.batch(2).batch_id}'") == [(1,)]
    assert world.rows("select flagged, amount, is_refund from v_fraud_report") == [(True, 100, False)]


def test_the_same_delivery_twice_is_one_event_and_writes_nothing(world: World) -> None:
    """Replayed, or told again by a later batch; a refund of the same amount at another time is a second event."""
    deliver(world, 1, said(PURCHASE, 10_000, 0), said(REFUND, 2_500, 30), said(REFUND, 2_500, 30))
    before = written(world)
    for seq in (1, 2, 1):
        counts = deliver(world, seq, said(PURCHASE, 10_000, 0), said(REFUND, 2_500, 30))
        assert (counts.inserted, counts.updated, counts.unchanged, counts.events) == (0, 0, 2, 0)
    assert written(world) == before
    deliver(world, 3, said(REFUND, 2_500, 31))
    assert world.rows(EVENTS) == [(REFUND, -2_500, "10:30:00"), (REFUND, -2_500, "10:31:00")]


@pytest.mark.parametrize("together", [False, True])
def test_a_refund_alone_waits_for_its_payment(world: World, together: bool) -> None:
    """Stored unscored until the purchase comes; then the purchase is scored under its own time, with its own label."""
    refund, purchase = said(REFUND, 2_500, 30, payload_is_fraud=None), said(PURCHASE, 10_000, 0, payload_is_fraud=True)
    if together:
        deliver(world, 1, refund, purchase)
    else:
        deliver(world, 1, refund)
        assert world.rows(PAYMENT) == [(-2_500, REFUND, False, None, "10:30:00", None)]
        assert world.rows(EVENTS) == []
        counts = deliver(world, 2, purchase)
        assert (counts.inserted, counts.updated, counts.flagged, counts.messages) == (0, 1, 1, 1)
    assert world.rows(PAYMENT) == [(10_000, PURCHASE, True, "0.9", "10:00:00", True)]
    assert world.rows(EVENTS) == [(REFUND, -2_500, "10:30:00")]
    assert world.rows("select count(*), sum(payments), sum(frauds) from merchant_days") == [(1, 1, 1)]


def test_a_refund_that_an_earlier_release_stored_alone_becomes_an_event(world: World) -> None:
    """Its row names no kind: the sign says it."""
    deliver(world, 1, said(REFUND, 2_500, 30))
    world.rows("update payments_scored set kind = null")
    deliver(world, 2, said(PURCHASE, 10_000, 0))
    assert world.rows("select kind from payments_scored") == [(PURCHASE,)]
    assert world.rows(EVENTS) == [(REFUND, -2_500, "10:30:00")]


def test_a_payment_that_a_refund_once_replaced_comes_back(world: World) -> None:
    """An earlier release took the refund for a correction: the purchase's replay mends it."""
    deliver(world, 1, said(PURCHASE, 10_000, 0))
    world.rows(
        "update payments_scored set amount_cents = -2500, kind = null, landing_seq = 2, body_hash = '\\x02',"
        " flagged = false, raw_score = null, fraud_probability = null"
    )
    deliver(world, 1, said(PURCHASE, 10_000, 0))
    assert world.rows(PAYMENT) == [(10_000, PURCHASE, True, "0.9", "10:00:00", False)]


def test_what_is_captured_corrects_nothing(world: World) -> None:
    """A part is captured: the authorised amount stays, also where the capture came first and was scored meanwhile."""
    for seq, name in ((1, "a"), (3, "b")):
        records = [said(AUTHORISATION, 10_000, 0, name), said(CAPTURE, 8_000, 5, name)]
        for offset, record in enumerate(records if name == "a" else reversed(records)):
            deliver(world, seq + offset, record)
    assert world.rows(PAYMENT) == [(10_000, AUTHORISATION, True, "0.9", "10:00:00", False)] * 2
    assert world.rows(EVENTS) == [(CAPTURE, 8_000, "10:05:00")] * 2


DECISION = (
    "select raw_score, threshold, flagged, reasons, features::text, model_hash, scored_by, scored_at"
    " from payments_scored"
)


@pytest.mark.parametrize(("first", "then"), [(0.9, 0.1), (0.9, 0.95), (0.1, 0.9)])
@pytest.mark.parametrize("kind", [AUTHORISATION, PURCHASE])
def test_what_was_decided_of_a_capture_stays(world: World, kind: str, first: float, then: float) -> None:
    """The payment itself comes later and scores otherwise: its body stands; decision and mail stay the capture's."""
    deliver(world, 1, said(CAPTURE, 8_000, 5), score=first)
    decided = world.rows(DECISION)
    mailed = world.rows("select message_id from outbox_payments")
    counts = deliver(world, 2, said(kind, 10_000, 0), score=then)
    assert (counts.updated, counts.messages) == (1, 0)
    assert world.rows(DECISION) == decided
    assert world.rows(PAYMENT) == [(10_000, kind, first > 0.5, str(first), "10:00:00", False)]
    assert world.rows("select flagged from v_fraud_report") == [(first > 0.5,)]
    assert world.rows("select message_id from outbox_payments") == mailed
    assert len(mailed) == (first > 0.5)
    before = written(world)
    for seq, record in ((1, said(CAPTURE, 8_000, 5)), (2, said(kind, 10_000, 0))):
        deliver(world, seq, record, score=then)
    assert written(world) == before


def test_a_rescore_decides_anew_about_what_a_capture_stood_for(world: World) -> None:
    """The capture's decision goes into the history, and the flag falls only now."""
    deliver(world, 1, said(CAPTURE, 8_000, 5))
    deliver(world, 2, said(AUTHORISATION, 10_000, 0), score=0.1)
    assert deliver(world, 2, said(AUTHORISATION, 10_000, 0), score=0.1, rescore=True).updated == 1
    assert world.rows(PAYMENT) == [(10_000, AUTHORISATION, False, "0.1", "10:00:00", False)]
    assert world.rows(
        "select why, was ->> 'kind', was ->> 'flagged' from payment_history order by history_id desc limit 1"
    ) == [("rescore", AUTHORISATION, "true")]


def seen_before(world: World, seq: int, *, since: int = -60, until: int = 60) -> list[tuple[Any, ...]]:
    """What a batch of this landing sees of every card: amount, minute after ten, first landing."""
    cards = [row[0] for row in world.rows("select distinct card_token from payments_scored")]
    found = world.store.history(cards, AT + timedelta(minutes=since), AT + timedelta(minutes=until), seq)
    minutes = (found["event_time"] - AT).dt.total_seconds() // 60
    return sorted(zip(found["amount_cents"], minutes, found["landing_seq"], strict=True))


@pytest.mark.parametrize("kind", [AUTHORISATION, PURCHASE])
def test_the_history_before_an_arrival_stays_as_it_was(world: World, kind: str) -> None:
    """A batch between sees the capture under its own time and landing, as then corrected, whatever comes later."""
    deliver(world, 2, said(PURCHASE, 500, 1, "other"))
    deliver(world, 5, said(CAPTURE, 8_000, 5))
    deliver(world, 5, said(CAPTURE, 8_000, 5), score=0.8, rescore=True)
    deliver(world, 7, said(CAPTURE, 9_000, 6))
    before = {seq: seen_before(world, seq) for seq in range(1, 11)}
    assert (500, 1, 2) in before[8]
    assert (9_000, 5, 5) in before[8]
    deliver(world, 10, said(kind, 10_000, 0))
    deliver(world, 12, said(kind, 11_000, 0))
    assert {seq: seen_before(world, seq) for seq in range(1, 11)} == before
    assert [seen_before(world, seq)[-1] for seq in (6, 7, 11, 13)] == [
        (8_000, 5, 5), (8_000, 5, 5), (10_000, 0, 10), (11_000, 0, 10),
    ]  # fmt: skip
    assert seen_before(world, 8, since=3) == [(9_000, 5, 5)]
    assert seen_before(world, 8, until=3) == [(500, 1, 2)]


def test_a_refund_before_its_purchase_is_in_no_history(world: World) -> None:
    """Before the purchase landed, nothing of it is seen; nor is a capture where the purchase had landed before."""
    deliver(world, 5, said(REFUND, 2_500, 30))
    deliver(world, 6, said(CAPTURE, 9_000, 5, "late"))
    deliver(world, 10, said(PURCHASE, 10_000, 0), said(PURCHASE, 9_500, 1, "late"))
    assert seen_before(world, 6) == []
    assert seen_before(world, 8) == [(9_000, 5, 6)]
    deliver(world, 4, said(PURCHASE, 9_500, 1, "late"))
    assert seen_before(world, 8) == [(9_500, 1, 4)]


def test_a_capture_alone_is_the_payment(world: World) -> None:
    """An API that tells of payments once they are captured: scored, no event, and its repeats cost nothing."""
    deliver(world, 1, said(CAPTURE, 8_000, 5))
    before = written(world)
    deliver(world, 2, said(CAPTURE, 8_000, 5))
    assert written(world) == before
    assert world.rows(PAYMENT) == [(8_000, CAPTURE, True, "0.9", "10:05:00", False)]
    assert world.rows(EVENTS) == []


def test_a_decline_or_dispute_never_stands_for_a_payment(world: World) -> None:
    """Alone they wait for it: nothing is scored, no label is written."""
    deliver(world, 1, said(DECLINE, 10_000, 0, payload_is_fraud=True), said(DISPUTE, 10_000, 9, "q"))
    assert world.rows("select count(*) from payments_scored") == [(0,)]
    assert world.rows("select count(*) from labels") == [(0,)]
    assert world.rows(EVENTS) == [(DECLINE, 10_000, "10:00:00"), (DISPUTE, 10_000, "10:09:00")]


def test_an_api_that_stamps_its_answers_shows_one_refund_once(world: World) -> None:
    """The same refund under another time at each call is one event, alone as well as beside its payment."""
    for seq in (1, 2):
        deliver(world, seq, said(REFUND, 2_500, seq), said(REFUND, 700, seq, "alone"), restamped=True)
    assert world.rows(EVENTS) == []
    for seq in (3, 4):
        deliver(world, seq, said(PURCHASE, 10_000, seq), said(REFUND, 2_500, seq), restamped=True)
    assert world.rows(EVENTS) == [(REFUND, -2_500, "10:01:00")]


LIFE = [
    said(AUTHORISATION, 10_000, 0), said(CAPTURE, 3_000, 10), said(CAPTURE, 3_000, 20), said(REFUND, 2_500, 30),
    said(REFUND, 2_500, 40), said(REVERSAL, 1_000, 50), said(DISPUTE, 9_000, 60), said(AUTHORISATION, 10_000, 0),
    said(REFUND, 2_500, 30), said(PURCHASE, 5_000, 3, "q"), said(REFUND, 5_000, 8, "q"), said(DECLINE, 700, 2, "r"),
    said(PURCHASE, 700, 4, "r"), said(CAPTURE, 10_000, 15, "s"), said(REFUND, 10_000, 25, "s"),
]  # fmt: skip
FINAL = [
    """select trans_num, event_time, kind, amount_cents, merchant, payload_is_fraud, raw_score, flagged
    from payments_scored order by trans_num""",
    """select trans_num, kind, amount_cents, currency, event_time, occurrence, merchant, body_hash::text
    from payment_events order by trans_num, kind, amount_cents, event_time""",
    """select merchant, event_day, from_day, sum(payments), sum(labelled), sum(frauds)
    from merchant_days group by 1, 2, 3 order by 1, 2, 3""",
    "select trans_num, verdict from labels order by 1, 2",
    "select trans_num from outbox_payments order by 1",
]
LANDED = [
    "select trans_num, landing_seq, first_landing_seq, batch_id from payments_scored order by 1",
    "select trans_num, kind, amount_cents, event_time, landing_seq, batch_id from payment_events order by 1, 2, 3, 4",
]
Batches = list[tuple[int, list[int]]]


def outcome(world: World, batches: Batches, *more: str) -> list[list[tuple[Any, ...]]]:
    """What is stored once these batches of ``LIFE`` are loaded in this order; then the database is empty again."""
    for seq, batch in batches:
        deliver(world, seq, *(LIFE[place] for place in batch))
    found = [world.rows(statement) for statement in [*FINAL, *more]]
    for table in ("payments_scored", "payment_events", "labels", "outbox", "run_ledger", "merchant_days"):
        world.rows(f"truncate {table} cascade")
    return found


@pytest.mark.parametrize("seed", range(5))
def test_any_order_of_deliveries_comes_to_the_same(world: World, seed: int) -> None:
    """Landed in any order, cut into batches anywhere, with repeats, and all of it replayed once more."""
    random = np.random.default_rng(seed)
    everything = list(range(len(LIFE)))
    order = random.permutation([*everything, *random.integers(0, len(LIFE), 4)]).tolist()
    cuts = sorted(random.integers(0, len(order), 5).tolist())
    batches = [order[first:last] for first, last in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    one_by_one = [(seq, [place]) for seq, place in enumerate(everything, start=1)]
    assert outcome(world, [*enumerate(batches, start=1)] * 2) == outcome(world, one_by_one)


@pytest.mark.parametrize("seed", range(5))
def test_any_order_of_loads_comes_to_the_same(world: World, seed: int) -> None:
    """The same landed batches, some loaded late: payments and events, down to the landing that brought each."""
    random = np.random.default_rng(100 + seed)
    order = random.permutation(len(LIFE)).tolist()
    batches = list(enumerate([order[:5], order[5:8], order[8:12], order[12:]], start=1))
    late = [batches[place] for place in random.permutation(len(batches))]
    assert outcome(world, late, *LANDED) == outcome(world, batches, *LANDED)
