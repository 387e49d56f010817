"""The run ledger: what landed, who works on it, what became of it; and what stands in quarantine."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from fraud_scorer.batches import Batch
from fraud_scorer.ports import Completion

World = Any  # conftest.World
START = datetime(2026, 11, 20, 10, 31, tzinfo=UTC)


def completion(world: World, number: int, *, seq: int, status: str = "landed") -> Completion:
    """A marker without parts."""
    return Completion(world.batch(number), seq, status, (), START + timedelta(minutes=number + 1))


def test_waiting_batches_come_in_landing_order(world: World) -> None:
    """Whatever their minutes; failed, missed and loaded ones do not wait."""
    assert world.store.highest_landed_seq() == 0
    world.store.note_landed([
        completion(world, 1, seq=40), completion(world, 2, seq=30), completion(world, 3, seq=20),
        completion(world, 4, seq=50, status="missed"), completion(world, 5, seq=10),
    ])  # fmt: skip
    world.store.mark_failed(world.batch(5), "unreadable")
    world.claim(world.batch(3))
    world.load(world.work(20, [], batch=world.batch(3)))
    assert world.store.unloaded(10) == [(world.batch(2), 30), (world.batch(1), 40)]
    assert world.store.unloaded(1) == [(world.batch(2), 30)]
    assert world.store.highest_landed_seq() == 50
    states = {line["batch_id"]: line["status"] for line in world.store.recent(10)}
    assert [states[world.batch(number).batch_id] for number in range(1, 6)] == [
        "landed", "landed", "done", "missed", "failed",
    ]  # fmt: skip


def test_noting_a_landing_again_changes_nothing(world: World) -> None:
    """Also its parts, and also once it is loaded."""
    world.minute(1, [{"trans_num": "a" * 32}])
    before, line = world.physical(), world.ledger(1)
    claim = world.tokens[world.batch(1).batch_id]
    world.landed(1)
    assert world.physical() == before
    assert world.ledger(1) == line
    assert claim != world.tokens[world.batch(1).batch_id]
    assert world.rows("select part, byte_count from landing_index") == [(0, 10)]


def test_a_batch_that_is_done_stays_done(world: World) -> None:
    """A replay of it that fails marks nothing."""
    world.minute(1, [{"trans_num": "a" * 32}])
    world.store.mark_failed(world.batch(1), "model is broken")
    assert (world.ledger(1)["status"], world.ledger(1)["error"]) == ("done", None)


def test_a_failed_batch_can_be_loaded_after_all(world: World) -> None:
    """Once its cause is mended: it is done, and its error is gone."""
    world.landed(1)
    world.store.mark_failed(world.batch(1), "column\x00 names " * 500)
    assert world.ledger(1)["error"].startswith("column\ufffd names")
    world.claim(world.batch(1))
    world.load(world.work(1, [{"trans_num": "a" * 32}]))
    line = world.ledger(1)
    assert (line["status"], line["error"], line["attempts"], line["inserted"]) == ("done", None, 2, 1)


def test_a_batch_of_which_nothing_could_be_read_has_failed(world: World) -> None:
    """Its quarantine is kept, it waits no more."""
    world.landed(1)
    world.load(world.work(1, [], error="row and column lengths differ"))
    line = world.ledger(1)
    assert (line["status"], line["error"]) == ("failed", "row and column lengths differ")
    assert world.store.unloaded(5) == []


def test_recent_lines_are_those_of_minutes_unless_asked(world: World) -> None:
    """Latest minute first."""
    for number in (1, 3, 2):
        world.landed(number)
    world.landed(9, batch=Batch("history-abc-2026-11-01"))
    assert [line["minute"] for line in world.store.recent(2)] == [
        START + timedelta(minutes=3),
        START + timedelta(minutes=2),
    ]
    assert [line["batch_id"] for line in world.store.recent(5, kinds=["history"])] == ["history-abc-2026-11-01"]
    assert world.store.recent(5, batches=[world.batch(1)])[0]["batch_id"] == world.batch(1).batch_id


def test_quarantine_can_be_listed_and_shown(world: World) -> None:
    """The list holds no record; one record comes with its encrypted bytes."""
    record = hashlib.sha256(b"x").digest()
    bad = pd.DataFrame(
        [{"batch_id": "x", "part": 0, "row_index": 4, "reason": "future", "detail": "late", "record": record}]
    )
    world.minute(1, [{"trans_num": "a" * 32}], quarantine=bad)
    assert world.store.quarantined() == 1
    (line,) = world.store.quarantine_list(batch=world.batch(1))
    assert (line["reason"], line["row_index"], "record" in line) == ("future", 4, False)
    assert world.store.quarantine_record(line["quarantine_id"])["record"] == record
    assert world.store.quarantine_record(12345) is None
    assert world.store.quarantine_list(statuses=["dropped"]) == []
