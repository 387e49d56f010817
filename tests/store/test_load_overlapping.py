"""Two loads at once that write the same payments: one waits for the other, and both end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import psycopg2.extensions
import pytest

from fraud_scorer.domain.ports import LoadWork
from fraud_scorer.store.bulk import copy_in, rows
from fraud_scorer.store.staging import staged

World = Any  # conftest.World
One = Callable[..., dict[str, Any]]


@contextmanager
def loading(world: World, work: LoadWork) -> Iterator[psycopg2.extensions.cursor]:
    """A connection whose transaction has staged ``work``; committed at the end."""
    connection = psycopg2.connect(world.url.replace("+psycopg2", ""), options="-c lock_timeout=20s")
    with connection, connection.cursor() as cursor:
        rows(cursor, "load/stage", {})
        copy_in(cursor, "load/stage_copy", staged(work))
        yield cursor
    connection.close()


@pytest.mark.parametrize("second", ["load/late", "load/rescore"])
def test_two_overlapping_loads_wait_for_each_other_in_one_order(world: World, one: One, second: str) -> None:
    """One corrects a payment that the other, which has stored a new one, is about to give its time or decision."""
    world.landed(1)
    world.store.mark_failed(world.batch(1), "passed")
    world.minute(2, [one("z")])
    world.landed(3)
    delivery = {"load/late": "late", "load/rescore": "rescore"}[second]
    deciding = world.work(1 if second == "load/late" else 2, [one("a"), one("z", delivery=delivery)], score=0.75)
    correcting = world.work(3, [one("z", delivery="correction", amount_cents=5, merchant="Mill")])
    failed: list[Exception] = []

    def correct() -> None:
        try:
            with loading(world, correcting) as cursor:
                rows(cursor, "load/upsert", {})
        except psycopg2.Error as error:
            failed.append(error)

    with loading(world, deciding) as cursor:
        rows(cursor, "load/upsert", {})
        other = threading.Thread(target=correct)
        other.start()
        while other.is_alive() and not waits_for_a_lock(cursor):
            other.join(0.01)
        assert rows(cursor, second, {})[0]["updated"] == 1
    other.join()
    assert failed == []
    assert world.rows("select amount_cents, landing_seq from payments_scored where amount_cents = 5") == [(5, 3)]


def waits_for_a_lock(cursor: psycopg2.extensions.cursor) -> bool:
    """Whether a session waits for an advisory lock."""
    cursor.execute("select exists (select from pg_locks where locktype = 'advisory' and not granted)")
    return bool(cursor.fetchall()[0][0])
