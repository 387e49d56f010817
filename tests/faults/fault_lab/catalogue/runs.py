"""Runs beside runs; the clock; the disk."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from fault_lab.fault import Fault, dies, fails, passes, point
from fault_lab.world import MINUTE, World

from fraud_scorer.domain.batches import Batch

KILLER = "passed in bounded time, its bytes kept, all others scored"
BERLIN = {"fraud_time_zone": "Europe/Berlin"}


# --- runs beside runs -----------------------------------------------------------------------------------------------
def _two_of_one_minute(world: World) -> str:
    batch_id = world.next_minute().batch_id
    runs = [world.start(("run_minute", batch_id)) for _ in range(2)]
    outcomes = [run.wait() for run in runs]
    for outcome in outcomes:
        assert outcome.error in (None, "TransientError"), str(outcome)
    return "; ".join(map(str, outcomes))


def _two_minutes_at_once(world: World) -> str:
    first = world.next_minute().batch_id
    runs = [world.start(("run_minute", first)), world.start(("run_minute", world.next_minute().batch_id))]
    return "; ".join(passes(run.wait()) for run in runs)


def _replays_beside_live(world: World, **options: bool) -> str:
    start = world.first.isoformat()
    batch_id = world.next_minute().batch_id
    calls = [("replay", start, (world.now + MINUTE).isoformat(), options)] * 2
    runs = [world.start(call) for call in calls] + [world.start(("run_minute", batch_id))]
    outcomes = [run.wait() for run in runs]
    for outcome in outcomes:
        assert outcome.error in (None, "TransientError"), str(outcome)
    return "; ".join(map(str, outcomes))


def _overtaken(world: World, at: str) -> str:
    """A run stands still, the next one takes its batch over, the late one goes on."""
    run = world.start(("run_minute", world.next_minute().batch_id), points=[point(at, "stop")])
    assert run.wait_until_stopped()
    passes(world.minute())
    run.resume()
    outcome = run.wait()
    passes(outcome)
    assert outcome.results[0]["taken_over"] == 1, outcome.results
    return "the late run was fenced and wrote nothing"


def _overtaken_in_transaction(world: World) -> str:
    """The late run holds the batch's lock: the next one waits in bounded time, and loads it later."""
    run = world.start(
        ("run_minute", world.next_minute().batch_id), points=[point("sql.create temporary*:after", "stop")]
    )
    assert run.wait_until_stopped()
    outcome = world.minute()
    run.resume()
    return f"the next run: {outcome}; the late one: {run.wait()}"


def _killed_again_and_again(world: World, times: int) -> str:
    """Seven runs in a row, each killed whatever it had taken; then those that are let live load what was passed too."""
    for _ in range(times):
        dies(world.minute([point("store.load:before")]))
    passed = world.rows("select count(*) from run_ledger where status = 'failed'")[0][0]
    assert passed, "no batch was passed"
    return f"{passed} passed meanwhile, and loaded by the first runs that lived"


def _kills_its_worker(world: World, act: str, at: str) -> str:
    """One batch does this to each run that reaches this point with it; then it is loaded by hand, where it does not."""
    batch_id = Batch.of_minute(world.machine_time).batch_id
    world.standing = [{"point": at, "act": act, "batch": batch_id}]
    died = 0
    while world.minute().code:
        died += 1
        assert died < 8, "the others are held up for ever"
    status, passed_for, error = world.rows(
        "select status, passed_for, error from run_ledger where batch_id = %s", batch_id
    )[0]
    assert (status, bool(error)) == ("failed", True), (status, passed_for, error)
    waits = world.rows("select count(*) from run_ledger where status = 'landed'")[0][0]
    assert not waits, f"{waits} batches still wait"
    world.standing = []
    passes(world.run(("batch_retry", batch_id)))
    return f"{died} runs died of it; passed for {passed_for}, all others scored; loaded by `batch retry`"


# --- the clock ------------------------------------------------------------------------------------------------------
def _clock_moved(world: World, minutes: int) -> str:
    world.clock_jump_seconds = minutes * 60
    outcomes = world.minutes(3)
    world.clock_jump_seconds = 0
    return "; ".join(str(outcome)[:60] for outcome in outcomes)


def _asleep(world: World, minutes: int) -> str:
    world.now += minutes * MINUTE
    passes(world.minute())
    return f"nothing ran for {minutes} minutes"


def _through(world: World, minutes: int) -> str:
    for outcome in world.minutes(minutes):
        passes(outcome)
    days = world.rows("select count(distinct (event_time at time zone 'Europe/Berlin')::date) from payments_scored")[0][
        0
    ]
    return f"{minutes} minutes, {days} local days"


def _midnight_in_outage(world: World) -> str:
    world.db.mode = "refuse"
    for outcome in world.minutes(5):
        fails(outcome, "StoreUnavailable")
    world.db.heal()
    return "five minutes across midnight waited"


# --- the disk -------------------------------------------------------------------------------------------------------
def _file_limit(world: World, limit: int) -> str:
    world.file_limit = limit
    outcome = world.minute()
    world.file_limit = 0
    return fails(outcome, "TransientError").replace(str(world.folder), "…")


def _full_disk(world: World) -> str:
    """A real tmpfs of 1 MB in the data folder's place, filled to the last byte."""
    data, aside = world.folder / "data", world.folder / "aside"
    _mounted(data, aside)
    filler = data / "filler"
    try:
        _fill(filler)
        said = fails(world.minute(), "TransientError")
        filler.unlink()
        passes(world.minute())
    finally:
        shutil.copytree(data, aside, dirs_exist_ok=True)
        subprocess.run(["umount", str(data)], check=True)
        shutil.rmtree(data)
        aside.rename(data)
    return said.replace(str(world.folder), "…")


def _mounted(data: Path, aside: Path) -> None:
    data.rename(aside)
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(data)], check=True)
    shutil.copytree(aside, data, dirs_exist_ok=True)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 512):
                pass
        except OSError:
            os.fsync(file.fileno())


def can_mount() -> bool:
    """Whether this user may mount a tmpfs."""
    if os.geteuid():
        return False
    probe = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False)
    return probe.returncode == 0


def _stage_lost(world: World) -> str:
    run = world.start(("run_minute", world.next_minute().batch_id), points=[point("store.load:before", "stop")])
    assert run.wait_until_stopped()
    shutil.rmtree(world.folder / "data" / "stage")
    run.resume()
    return passes(run.wait())


FAULTS = [
    Fault("two runs of one minute at once", "one result", _two_of_one_minute),
    Fault("two minutes' runs at once", "one result", _two_minutes_at_once),
    Fault("two replays beside the live run", "one result, no deadlock", _replays_beside_live, warm_up=3),
    Fault("two rescores beside the live run", "one result, no deadlock",
          lambda world: _replays_beside_live(world, rescore=True), warm_up=3),
    Fault("a run paused before load, overtaken by the next", "fenced", lambda w: _overtaken(w, "store.load:before")),
    Fault("a run paused before score, overtaken by the next", "fenced", lambda w: _overtaken(w, "scorer.score:before")),
    Fault("a run paused inside load's transaction", "the next one's wait ends; one result", _overtaken_in_transaction),
    Fault("seven runs killed in a row, each at its load", "what is passed meanwhile is loaded when runs live again",
          lambda world: _killed_again_and_again(world, 7), slow=True),
    Fault("a batch that kills its worker: SIGKILL in transform", KILLER,
          lambda world: _kills_its_worker(world, "kill", "landing.read:after")),
    Fault("a batch that kills its worker: SIGSEGV in transform", KILLER,
          lambda world: _kills_its_worker(world, "segv", "landing.read:after")),
    Fault("a batch that kills its worker: SIGKILL in load", KILLER,
          lambda world: _kills_its_worker(world, "kill", "store.load:before")),
    Fault("a batch that kills its worker: out of memory in transform", KILLER,
          lambda world: _kills_its_worker(world, "memory", "landing.read:after")),
    Fault("clock 10 minutes ahead for 3 minutes", "no empty minute lands; all whole when it is right again",
          lambda world: _clock_moved(world, 10)),
    Fault("clock 10 minutes behind for 3 minutes", "nothing asked twice; all whole when it is right again",
          lambda world: _clock_moved(world, -10)),
    Fault("nothing ran for 20 minutes", "the missed minutes asked for", lambda world: _asleep(world, 20)),
    Fault("clocks go back (Berlin)", "minutes in UTC: none twice, none lost", lambda world: _through(world, 6),
          start=datetime(2026, 10, 25, 0, 56, tzinfo=UTC), settings=BERLIN),
    Fault("clocks go forward (Berlin)", "minutes in UTC: none twice, none lost", lambda world: _through(world, 6),
          start=datetime(2026, 3, 29, 0, 56, tzinfo=UTC), settings=BERLIN),
    Fault("local midnight on the long day (Berlin)", "each payment on its own day", lambda world: _through(world, 5),
          start=datetime(2026, 10, 25, 22, 56, tzinfo=UTC), settings=BERLIN),
    Fault("an outage across midnight", "each payment on its own day", _midnight_in_outage,
          start=datetime(2026, 11, 20, 23, 56, tzinfo=UTC)),
    Fault("disk full while landing (no byte fits)", "nothing half landed; asked again", lambda w: _file_limit(w, 1)),
    Fault("disk full while landing (half an answer fits)", "nothing half landed; asked again",
          lambda world: _file_limit(world, 1500)),
    Fault("disk full (a full tmpfs)", "nothing half landed; asked again when there is room", _full_disk),
    Fault("stage files lost before load", "made again from landing", _stage_lost),
]  # fmt: skip
