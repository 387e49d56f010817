"""Quarantined records: shown, taken out, given up, forgotten."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from fraud_scorer.store import create_store_engine, loading
from fraud_scorer.store.quarantine import PostgresQuarantine
from fraud_scorer.store.retention import PostgresPurge

World = Any  # conftest.World


@pytest.fixture
def quarantine(world: World) -> PostgresQuarantine:
    """Of a minute with three bad records: two of one reason, and a whole answer."""
    bad = pd.DataFrame([
        {"batch_id": "x", "part": 0, "row_index": 4, "reason": "amount_missing", "detail": "no", "record": b"4"},
        {"batch_id": "x", "part": 0, "row_index": 7, "reason": "amount_missing", "detail": "no", "record": b"7"},
        {"batch_id": "x", "part": 1, "row_index": None, "reason": "answer_unreadable", "detail": "?", "record": b"0"},
    ])  # fmt: skip
    world.minute(1, [{"trans_num": "a" * 32}], quarantine=bad)
    return PostgresQuarantine(create_store_engine(world.url))


def test_records_are_listed_and_shown(quarantine: PostgresQuarantine, world: World) -> None:
    """The list holds no record; one record comes with its encrypted bytes."""
    assert quarantine.open_records() == 3
    assert quarantine.reasons() == {"amount_missing": 2, "answer_unreadable": 1}
    lines = quarantine.listed(batch=world.batch(1))
    assert [line["row_index"] for line in lines] == [None, 7, 4] or [line["row_index"] for line in lines] == [
        7,
        4,
        None,
    ]
    assert not any("record" in line for line in lines)
    (line,) = quarantine.listed(1, reason="amount_missing")
    shown = quarantine.record(line["quarantine_id"])
    assert shown is not None
    assert shown["record"] == b"7"
    assert quarantine.record(12345) is None
    assert quarantine.listed(statuses=["dropped"]) == []


def test_open_records_are_taken_in_pages(quarantine: PostgresQuarantine, world: World) -> None:
    """With the time their answer came, by number, from one on; taking changes nothing."""
    first = quarantine.take(limit=2)
    rest = quarantine.take(after=first[-1].quarantine_id)
    assert [len(first), len(rest)] == [2, 1]
    assert len(quarantine.take(reason="amount_missing")) == 2
    assert quarantine.take([rest[0].quarantine_id]) == rest
    assert quarantine.take([]) == []
    received = world.rows("select received_at from landing_index")[0][0]
    assert {one.received_at for one in quarantine.take() if one.part == 0} == {received}
    assert {one.batch for one in first} == {world.batch(1)}


def test_states_change_once(quarantine: PostgresQuarantine) -> None:
    """What is retried or dropped is no longer open; a reason that changed is written."""
    one, two, three = (record.quarantine_id for record in quarantine.take())
    assert quarantine.mark_retried([one]) == 1
    assert quarantine.mark_retried([one]) == 0
    assert quarantine.drop([one, two]) == 1
    quarantine.still_bad({two: ("x", "x"), three: ("card_missing", "is \x00 missing")})
    assert quarantine.states([one, two, three, 999]) == {one: "retried", two: "dropped", three: "open"}
    (left,) = quarantine.listed()
    assert (left["reason"], left["detail"]) == ("card_missing", "is \ufffd missing")
    assert quarantine.drop(reason="card_missing") == 1


def test_old_records_are_forgotten(quarantine: PostgresQuarantine, world: World) -> None:
    """Their bytes go, their reason stays, and nobody is asked to mend them any more."""
    created = quarantine.listed()[0]["created_at"]
    purging = PostgresPurge(create_store_engine(world.url), at_once=2)
    before = [created, created + timedelta(seconds=1), created + timedelta(seconds=1)]
    gone = [purging.purge("quarantined records", moment, run=created, until=math.inf) for moment in before]
    assert gone == [(0, True), (3, True), (0, True)]
    assert world.rows("select distinct status, length(record) from quarantine") == [("dropped", 0)]
    assert quarantine.open_records() == 0


def test_many_records_are_written_in_several_statements(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, whole answers among them; a replay that finds some of them good marks these."""
    monkeypatch.setattr(loading, "RECORDS_AT_ONCE", 2)
    lines = [
        {"batch_id": "x", "part": part, "row_index": row, "reason": "r", "detail": "d", "record": b"x"}
        for part, row in ((0, None), (0, 0), (0, 1), (1, 0), (1, 1))
    ]
    world.minute(1, [], quarantine=pd.DataFrame(lines))
    quarantine = PostgresQuarantine(create_store_engine(world.url))
    assert quarantine.open_records() == 5
    world.minute(1, [], quarantine=pd.DataFrame(lines[1:4]))
    assert {(one.part, one.row_index) for one in quarantine.take()} == {(0, 0), (0, 1), (1, 0)}
    world.minute(1, [], quarantine=pd.DataFrame(lines))
    assert quarantine.open_records() == 5
