"""load: a run's frames are cut into batches and loaded one by one; an overtaken batch does not stop the others."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest

from fraud_common.errors import Fenced, StoreUnavailable, TerminalError
from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.ports import LoadCounts, LoadWork, Message
from fraud_scorer.steps.load import BatchToLoad, LoadResult, RunScoring, load, totals

MINUTES = [Batch.of_minute(datetime(2026, 11, 20, 10, number, tzinfo=UTC)) for number in range(4)]


class FakeStore:
    """Keeps what it is given; raises what it is told to, by batch."""

    def __init__(self, raises: dict[Batch, Exception] | None = None) -> None:
        self.works: list[LoadWork] = []
        self.tokens: list[str] = []
        self._raises = raises or {}

    def load(self, work: LoadWork, token: str) -> LoadCounts:
        if work.batch in self._raises:
            raise self._raises[work.batch]
        self.works.append(work)
        self.tokens.append(token)
        return LoadCounts(len(work.payments), 0, 0, 1, len(work.messages), len(work.quarantine))


def run(store: FakeStore, *, by_batch: bool = True, told: list[tuple[Batch, str]] | None = None) -> list[LoadResult]:
    """Three batches, landed in the order 1, 0, 2; batch 2 is empty; payment b comes in two of them."""
    payments = pd.DataFrame(
        [(MINUTES[0], "a"), (MINUTES[0], "b"), (MINUTES[1], "b"), (MINUTES[1], "c")], columns=["batch_id", "trans_num"]
    )
    payments["batch_id"] = [batch.batch_id for batch in payments["batch_id"]]
    decisions = payments.assign(raw_score=[0.1, 0.2, 0.3, 0.4])
    if not by_batch:
        decisions = decisions.drop(columns="batch_id").drop_duplicates("trans_num")
    quarantine = pd.DataFrame({"batch_id": [MINUTES[2].batch_id], "part": [0]})
    profiles = pd.DataFrame({"merchant": ["m"]})
    batches = [BatchToLoad(batch, seq, 5, 0.5) for batch, seq in zip(MINUTES, (20, 10, 30), strict=False)]
    return load(
        batches, payments, decisions, quarantine, profiles,
        scored=RunScoring("local", "", 0.5, "m1"), token="token", store=store, compose=compose,
        refused=lambda batch, error: (told if told is not None else []).append((batch, error.what)),
    )  # fmt: skip


def compose(batch: Batch, payments: pd.DataFrame, decisions: pd.DataFrame) -> list[Message]:
    """One message a batch that has payments."""
    return [Message(batch.batch_id, "alert", "email", "ann", {}, batch_id=batch.batch_id)] if len(payments) else []


def test_each_batch_gets_its_own_part_in_landing_order() -> None:
    """Payments, decisions, quarantine and messages of the batch; profiles with the first one."""
    store = FakeStore()
    results = run(store)
    assert [result.batch for result in results] == [MINUTES[1], MINUTES[0], MINUTES[2]]
    first, second, third = store.works
    assert first.payments["trans_num"].tolist() == ["b", "c"]
    assert first.decisions[["trans_num", "raw_score"]].to_numpy().tolist() == [["b", 0.3], ["c", 0.4]]
    assert second.decisions[["trans_num", "raw_score"]].to_numpy().tolist() == [["a", 0.1], ["b", 0.2]]
    assert [len(work.profiles) for work in store.works] == [1, 0, 0]
    assert [len(work.messages) for work in store.works] == [1, 1, 0]
    assert (len(third.payments), len(third.quarantine), third.received) == (0, 1, 5)
    assert (first.scored_by, first.threshold, first.model_hash, first.landing_seq) == ("local", 0.5, "m1", 10)
    assert set(store.tokens) == {"token"}


def test_decisions_without_a_batch_are_found_by_payment() -> None:
    """Where each payment comes once in the run."""
    store = FakeStore()
    run(store, by_batch=False)
    assert store.works[1].decisions["trans_num"].tolist() == ["a", "b"]


def test_a_batch_that_was_taken_over_is_left_to_the_other_run() -> None:
    """It is said in the result; the others are loaded, the profiles with the first that is."""
    store = FakeStore({MINUTES[1]: Fenced("taken over")})
    results = run(store)
    assert [result.fenced for result in results] == [True, False, False]
    assert "another run took it over" in results[0].sentence
    assert [len(work.profiles) for work in store.works] == [1, 0]
    assert totals(results) | {"payments": 0} == totals(results[1:]) | {"payments": 0, "taken_over": 1}


def test_an_outage_stops_the_run_where_it_is() -> None:
    """What was loaded stays; doing all of it again is harmless."""
    store = FakeStore({MINUTES[0]: StoreUnavailable("gone")})
    with pytest.raises(StoreUnavailable):
        run(store)
    assert [work.batch for work in store.works] == [MINUTES[1]]


def test_a_replay_says_that_nothing_was_written() -> None:
    """In words, for the task's log."""
    loaded = LoadResult(MINUTES[0], LoadCounts(0, 0, 20, 0, 0, 0))
    assert loaded.sentence == "2026-11-20T10:00Z: 20 payments unchanged, nothing written"


def test_the_refused_batch_is_named() -> None:
    """Not one that another run took over, though it stands before it; an outage names none."""
    told: list[tuple[Batch, str]] = []
    overtaken = {MINUTES[1]: Fenced("taken"), MINUTES[0]: TerminalError("refused")}
    with pytest.raises(TerminalError):
        run(FakeStore(overtaken), told=told)
    with pytest.raises(StoreUnavailable):
        run(FakeStore({MINUTES[1]: StoreUnavailable("down")}), told=told)
    assert told == [(MINUTES[0], "refused")]
