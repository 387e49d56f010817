"""The run ledger: what landed, who works on it, what became of it; and what stands in quarantine."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest

from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import KEYED, Completion, Part
from fraud_scorer.store import run_ledger as ledger
from fraud_scorer.store.queries import query

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


def test_the_index_takes_keyed_marks_alone(world: World) -> None:
    """The plain hash that an earlier version gave a landed body would give away its card number."""
    for number, mark in enumerate(["f" * 64, f"{KEYED}{'f' * 64}"], start=1):
        part = Part(0, "p", mark, 10, 200, "application/json", START, False)
        world.store.note_landed([replace(completion(world, number, seq=number), parts=(part,))])
    assert world.rows("select sha256 from landing_index order by batch_id") == [("",), (f"{KEYED}{'f' * 64}",)]


def test_a_batch_that_is_done_stays_done(world: World) -> None:
    """A replay of it that fails marks nothing."""
    world.minute(1, [{"trans_num": "a" * 32}])
    world.store.mark_failed(world.batch(1), "model is broken")
    assert (world.ledger(1)["status"], world.ledger(1)["error"]) == ("done", None)


def test_refusals_are_counted_apart_from_attempts(world: World) -> None:
    """And only while the batch waits."""
    world.landed(1)
    world.claim(world.batch(1))
    assert [world.store.count_refusal(world.batch(1)) for _ in range(2)] == [1, 2]
    assert (world.ledger(1)["attempts"], world.ledger(1)["refusals"]) == (2, 2)
    world.load(world.work(1, [{"trans_num": "a" * 32}]))
    assert world.store.count_refusal(world.batch(1)) == world.store.count_refusal(world.batch(2)) == 0
    assert world.ledger(1)["refusals"] == 2


def test_a_failed_batch_can_be_loaded_after_all(world: World) -> None:
    """Once its cause is mended: it is done, and its error is gone."""
    world.landed(1)
    world.store.mark_failed(world.batch(1), "column\x00 names " * 500)
    assert world.ledger(1)["error"].startswith("column\ufffd names")
    world.claim(world.batch(1))
    world.load(world.work(1, [{"trans_num": "a" * 32}]))
    line = world.ledger(1)
    assert (line["status"], line["error"], line["attempts"], line["inserted"]) == ("done", None, 1, 1)


def test_a_failed_batch_that_fails_again_is_left_as_it_is(world: World) -> None:
    """A replay of what cannot be read writes nothing."""
    world.landed(1)
    world.load(world.work(1, [], error="no JSON"))
    before = {name: value for name, value in world.ledger(1).items() if name != "claim"}
    world.claim(world.batch(1))
    world.load(world.work(1, [], error="no JSON"))
    assert {name: value for name, value in world.ledger(1).items() if name != "claim"} == before


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


def test_thousands_of_landings_are_noted_in_order(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """In transactions of bounded size: what is cut short goes on from the highest number that is known."""
    monkeypatch.setattr(ledger, "NOTED_AT_ONCE", 2)
    many = [completion(world, number, seq=100 - number) for number in range(5)]
    world.store.note_landed(many)
    assert world.store.unloaded(9) == [(done.batch, done.landing_seq) for done in reversed(many)]


def test_a_batch_that_was_purged_before_it_was_known_has_failed(world: World) -> None:
    """Nobody can load it any more: it does not wait."""
    world.store.note_landed([completion(world, 1, seq=1, status="purged")])
    line = world.ledger(1)
    assert (line["status"], line["error"]) == ("failed", ledger.PURGED)
    assert world.store.unloaded(5) == []


def test_history_does_not_wait_for_a_run(world: World) -> None:
    """Its bytes are not in landing; but records of it that were retried are finished or not as any batch."""
    world.landed(1, batch=Batch("history-abc-2026-11-01"))
    world.landed(2, batch=Batch.of_retry("abc"))
    world.landed(3, batch=Batch.of_retry("abc", history=True))
    world.rows("update run_ledger set claimed_at = null")  # nobody is at them
    assert world.store.unloaded(5) == [(Batch.of_retry("abc"), 2)]
    assert world.store.finished([Batch.of_retry("abc"), world.batch(9)]) == set()
    world.store.mark_failed(Batch.of_retry("abc"), "x", passed_for="hand", by="Ada")
    assert world.store.finished([Batch.of_retry("abc"), world.batch(9)]) == {Batch.of_retry("abc")}
    assert world.store.retries(START, START + timedelta(hours=1)) == [Batch.of_retry("abc")]
    assert world.store.retries(START - timedelta(hours=1), START) == []


@pytest.mark.parametrize("kinds", [["minute"], ["minute", "history"]])
def test_a_year_of_minutes_is_not_sorted_for_the_last_ones(world: World, kinds: list[str]) -> None:
    """`status` reads as many lines of the ledger as it shows, by an index."""
    with psycopg2.connect(world.url.replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into run_ledger (batch_id, kind, minute, status, landing_seq)"
            " select 'b' || n, 'minute', timestamptz '2026-01-01Z' + n * interval '1 minute', 'done', n"
            " from generate_series(1, 60000) as n"
        )
        cursor.execute("analyze run_ledger")
        asked = cursor.mogrify(query("ledger/recent"), {"kinds": kinds, "batch_ids": None, "at_most": 20}).decode()
        cursor.execute(f"explain (analyze, timing off, format json) {asked}")
        plan = cursor.fetchall()[0][0][0]["Plan"]
    connection.close()
    (scan,) = plan["Plans"]
    assert (scan["Node Type"], scan["Index Name"], scan["Actual Rows"]) == ("Index Scan", "run_ledger_latest", 20)
