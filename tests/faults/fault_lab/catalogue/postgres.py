"""PostgreSQL restarted, gone, silent, slow, locked, dead-locked; commits whose answer is lost."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

import psycopg2
from fault_lab.catalogue.steps import UPSERT
from fault_lab.fault import Fault, dies, fails, passes, point
from fault_lab.processes import Run
from fault_lab.proxy import Rule
from fault_lab.world import World

from fraud_common.errors import FraudScorerError

MESSAGE = "sql.*insert into outbox*:before"
LOAD, COMMIT = b"pg_advisory_xact_lock", b"COMMIT\x00"


def _restart(world: World) -> None:
    world.lab.server.stop("immediate")
    world.lab.server.start()


def _restarted_between(world: World) -> str:
    _restart(world)
    return "restarted; next minute " + passes(world.minute())


def _restarted_mid_load(world: World) -> str:
    run = world.start(("run_minute", world.next_minute().batch_id), points=[point(UPSERT, "stop")])
    assert run.wait_until_stopped()
    _restart(world)
    run.resume()
    return fails(run.wait(), "StoreUnavailable")


def _restarted_in_recovery(world: World) -> str:
    run = world.start(("run_minute", world.next_minute().batch_id), points=[point(UPSERT, "stop")])
    assert run.wait_until_stopped()
    server, stops = world.lab.server, 0
    server.stop("immediate")
    for pause in (0.0, 0.05, 0.15):
        starting = threading.Thread(target=_start_quietly, args=(world,), daemon=True)
        starting.start()
        while starting.is_alive() and not server.running():
            time.sleep(0.01)
        time.sleep(pause)
        with suppress(FraudScorerError):
            server.stop("immediate")
            stops += 1
        starting.join(timeout=90)
    server.start()
    run.resume()
    return f"stopped {stops} times while it came up; run: " + fails(run.wait(), "StoreUnavailable")


def _start_quietly(world: World) -> None:
    with suppress(FraudScorerError):
        world.lab.server.start()


def _backends_terminated(world: World) -> str:
    run = world.start(("run_minute", world.next_minute().batch_id), points=[point(UPSERT, "stop")])
    assert run.wait_until_stopped()
    ended = world.rows(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = 'fraud-scorer' and datname = current_database()"
    )
    run.resume()
    return f"{len(ended)} backends ended; run: " + fails(run.wait(), "StoreUnavailable")


def _stopped_with_something_to_mail(world: World) -> Run:
    """A run that stands still in load's transaction, its payments inserted, its messages not."""
    for _ in range(8):
        run = world.start(("run_minute", world.next_minute().batch_id), points=[point(MESSAGE, "stop")])
        if run.wait_until_stopped():
            return run
    raise AssertionError("nothing was flagged")


def _deadlock(world: World) -> str:
    """Another session holds the outbox and asks for what load holds while load waits for the outbox."""
    other = psycopg2.connect(world.lab.server.url(world.database).replace("+psycopg2", ""))
    with other.cursor() as cursor:
        cursor.execute("set deadlock_timeout = '20s'")
        run = _stopped_with_something_to_mail(world)
        cursor.execute("lock table public.outbox in access exclusive mode")
        run.resume()
        waiting = "select 1 from pg_locks where not granted and relation = 'public.outbox'::regclass"
        until = time.monotonic() + 30
        while not world.rows(waiting) and time.monotonic() < until:
            time.sleep(0.02)
        cursor.execute("lock table public.payments_scored in access exclusive mode")
    other.rollback()
    other.close()
    outcome = run.wait()
    said = fails(outcome, "StoreUnavailable")
    assert "deadlock" in said, said
    return said


def _table_locked(world: World) -> str:
    other = psycopg2.connect(world.lab.server.url(world.database).replace("+psycopg2", ""))
    with other.cursor() as cursor:
        cursor.execute("lock table public.payments_scored in access exclusive mode")
        said = fails(world.minute(), "StoreUnavailable")
    other.rollback()
    other.close()
    return said


def _black_hole_mid_load(world: World) -> str:
    world.db.rules = [Rule(b"insert into payments_scored", "black_hole", armed_by=LOAD)]
    said = fails(world.minute(), "StoreUnavailable")
    world.db.heal()
    return said


def _black_hole_from_the_start(world: World) -> str:
    world.db.mode = "black_hole"
    said = fails(world.minute(), "StoreUnavailable")
    world.db.heal()
    return said


def _commit(world: World, action: str) -> str:
    rule = Rule(COMMIT, action, armed_by=LOAD)
    world.db.rules = [rule]
    before = world.rows("select count(*) from payments_scored")[0][0]
    said = fails(world.minute(), "StoreUnavailable")
    world.db.heal()
    added = world.rows("select count(*) from payments_scored")[0][0] - before
    assert rule.struck == 1
    assert (added > 0) == (action != "cut"), f"{added} payments committed"
    return f"{added} payments committed; run: {said}"


def _down(world: World, minutes: int) -> str:
    world.lab.server.stop("fast")
    outcomes = world.minutes(minutes)
    for outcome in outcomes:
        fails(outcome, "StoreUnavailable")
    landed = len(world.landing.completions())
    world.lab.server.start()
    return f"{minutes} runs said StoreUnavailable, {landed} minutes landed all the same"


def _cut_at_random(world: World) -> str:
    world.db.rules = [Rule(b"landing_index", "cut_after")]
    said = fails(world.minute(), "StoreUnavailable")
    world.db.heal()
    return said


def _refused_batch(world: World) -> str:
    """A batch that PostgreSQL refuses for good: five runs try it, then it is passed; mended, a replay loads it."""
    world.next_minute()
    passes(world.run(("extract", world.batch.batch_id)))
    bad = world.batch.batch_id
    world.rows(f"alter table public.payments_scored add constraint poison check (batch_id <> '{bad}') not valid")
    outcomes = [world.minute() for _ in range(7)]
    states = dict(world.rows("select batch_id, status from run_ledger"))
    assert states.pop(bad) == "failed", states
    assert set(states.values()) == {"done"}, states
    failed = sum(outcome.error == "TerminalError" for outcome in outcomes)
    world.rows("alter table public.payments_scored drop constraint poison")
    passes(world.replay(20))
    return f"{failed} runs refused, the batch passed as failed, the others loaded; mended: a replay loaded it"


def _killed_while_waiting(world: World) -> str:
    """A run is killed while the commit's answer is under way."""
    world.db.rules = [Rule(COMMIT, "black_hole", armed_by=LOAD)]
    run = world.start(("run_minute", world.next_minute().batch_id))
    time.sleep(1.0)
    run.signal(9)
    said = dies(run.wait())
    world.db.heal()
    return said


FAULTS = [
    Fault("PostgreSQL: immediate restart between two runs", "the next run goes on", _restarted_between),
    Fault("PostgreSQL: immediate restart during load", "nothing half written; loaded by the next run",
          _restarted_mid_load),
    Fault("PostgreSQL: immediate restart, and again during recovery", "as after one restart", _restarted_in_recovery),
    Fault("PostgreSQL: backend terminated during load", "rolled back; loaded by the next run", _backends_terminated),
    Fault("PostgreSQL: deadlock with another session", "given up as transient; loaded by the next run", _deadlock),
    Fault("PostgreSQL: table locked by another session", "every wait ends; loaded by the next run", _table_locked),
    Fault("PostgreSQL: connection black-holed during load", "hung up in bounded time; loaded by the next run",
          _black_hole_mid_load),
    Fault("PostgreSQL: black hole before the first word", "given up in bounded time", _black_hole_from_the_start),
    Fault("PostgreSQL: commit sent, answer lost", "counted as failed, found loaded; nothing twice",
          lambda world: _commit(world, "lose_answer")),
    Fault("PostgreSQL: connection cut before the commit arrived", "rolled back; loaded by the next run",
          lambda world: _commit(world, "cut")),
    Fault("PostgreSQL: connection cut while the ledger is told", "told again by the next run", _cut_at_random),
    Fault("PostgreSQL: run killed while its commit is black-holed", "rolled back; loaded by the next run",
          _killed_while_waiting),
    Fault("PostgreSQL: down for ten minutes", "each minute lands; all loaded within 3 minutes",
          lambda world: _down(world, 10), slow=True),
    Fault("PostgreSQL: down for two minutes", "each minute lands; all loaded within 3 minutes",
          lambda world: _down(world, 2)),
    Fault("PostgreSQL: refuses one batch for good", "passed after five runs, the others loaded; a replay loads it",
          _refused_batch, slow=True),
]  # fmt: skip
