"""Random faults for the soak: each draws its own details from the seeded chance it is given."""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from fault_lab.fault import point
from fault_lab.processes import Outcome
from fault_lab.proxy import Rule
from fault_lab.world import MINUTE, World

from payments_simulator.api.fault_plan import BODY, ROWS, STATUS, WIRE
from payments_simulator.api.malformed_rows import REASONS

PORT_CALLS = [
    "api.ask", "landing.land", "landing.close", "landing.completions", "landing.read", "stage.begin", "stage.current",
    "stage.write", "stage.read", "store.highest_landed_seq", "store.note_landed", "store.unloaded", "store.claim",
    "store.known", "store.history", "store.merchant_profiles", "store.load", "scorer.score", "outbox.usual_share",
    "outbox.lease", "email.send", "outbox.sent",
]  # fmt: skip
STATEMENTS = ["insert into payments_scored", "copy staged_payments", "update run_ledger", "insert into outbox",
              "insert into run_ledger", "merchant_profiles", "pg_advisory_xact_lock", "update outbox"]  # fmt: skip
LOAD = b"pg_advisory_xact_lock"


@dataclass
class Thrown:
    """What was done, and how the runs ended. ``struck``: False if it met nothing (a third call of what is called once).

    ``heal_first``: the next fault must wait until this one is healed.
    """

    what: str
    outcomes: list[Outcome]
    may_repeat: bool = False
    struck: bool = True
    heal_first: bool = False


Throw = Callable[[World, random.Random], Thrown]


def _points(chance: random.Random) -> tuple[str, list[dict[str, object]]]:
    names = [f"{call}:{moment}" for call in PORT_CALLS for moment in ("before", "after")]
    names += [f"sql.*{text}*:{moment}" for text in STATEMENTS for moment in ("before", "after")]
    chosen = chance.choice([*names, "commit:before"])
    nth = chance.choice([1, 1, 1, 2, 3]) if chosen != "commit:before" else chance.randint(1, 8)
    act = chance.choice(["kill", "kill", "raise"])
    return f"{act} at {chosen} ({nth})", [point(chosen, act, nth)]


def strike(world: World, chance: random.Random) -> Thrown:
    """A run killed, or an unexpected error raised, at a point."""
    what, points = _points(chance)
    outcome = world.minute(points)
    return Thrown(what, [outcome], may_repeat=True, struck=_met(outcome))


def _met(outcome: Outcome) -> bool:
    return outcome.killed or bool(outcome.struck)


def kill_any_time(world: World, chance: random.Random) -> Thrown:
    """A run killed at any moment."""
    seconds = chance.uniform(0.0, 1.3 * world.usual_seconds)
    run = world.start(("run_minute", world.next_minute().batch_id))
    time.sleep(seconds)
    run.signal(signal.SIGKILL)
    outcome = run.wait()
    return Thrown("SIGKILL at any moment", [outcome], may_repeat=True, struck=outcome.killed)


def api(world: World, chance: random.Random) -> Thrown:
    """One to three spoilt answers."""
    if not world.deck:
        world.deck = [*STATUS, *BODY, *WIRE, *ROWS, "malformed_rows", "same_id_other_body"]
        chance.shuffle(world.deck)
    kind = world.deck.pop()
    params: dict[str, object] = {}
    if kind == "malformed_rows":
        fields = ["cc_num", "amt", "merchant", "trans_num", "current_time"]
        params = {"reason": chance.choice(list(REASONS)), "rows": chance.randint(1, 6), "field": chance.choice(fields)}
    if kind == "huge_body":
        params = {"megabytes": chance.choice([1, 20])}
    if kind == "connection_cut":
        params = {"after": chance.choice(["nothing", "headers", "body"])}
    count = 1 if kind in ROWS else chance.randint(1, 3)
    world.api.order(kind, count=count, params=params)
    outcome = world.minute()
    world.api.clear()
    return Thrown(f"API: {kind}", [outcome], heal_first=True)


def database(world: World, chance: random.Random) -> Thrown:
    """A statement or a commit cut, its answer lost, the connection black-holed; or no connection for some minutes."""
    if chance.random() < 0.3:
        world.db.mode = "refuse"
        outcomes = world.minutes(chance.randint(1, 3))
        world.db.heal()
        return Thrown("PostgreSQL refuses", outcomes)
    action = chance.choice(["lose_answer", "lose_answer", "cut", "cut_after", "black_hole"])
    match = chance.choice([b"COMMIT\x00", b"COMMIT\x00", *(text.encode() for text in STATEMENTS)])
    rule = Rule(match, action, armed_by=chance.choice([b"", LOAD]))
    world.db.rules = [rule]
    outcome = world.minute()
    world.db.heal()
    what = f"PostgreSQL: {action} at {match.decode().strip(chr(0))}"
    return Thrown(what, [outcome], may_repeat=True, struck=rule.struck > 0)


def restart(world: World, chance: random.Random) -> Thrown:
    """PostgreSQL stopped at once, in the middle of a run, and started."""
    run = world.start(("run_minute", world.next_minute().batch_id))
    time.sleep(chance.uniform(0.0, world.usual_seconds))
    world.lab.server.stop("immediate")
    world.lab.server.start()
    return Thrown("PostgreSQL restarted at any moment", [run.wait()], may_repeat=True)


def terminate(world: World, chance: random.Random) -> Thrown:
    """Every backend of ours ended, in the middle of a run."""
    run = world.start(("run_minute", world.next_minute().batch_id))
    time.sleep(chance.uniform(0.0, world.usual_seconds))
    world.rows(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = 'fraud-scorer' and datname = current_database()"
    )
    return Thrown("backends terminated at any moment", [run.wait()], may_repeat=True)


def mail(world: World, chance: random.Random) -> Thrown:
    """The mail server refuses, is busy, cuts, or its answer is lost."""
    kind = chance.choice(["down", "4xx", "421", "cut", "cut in DATA", "answer lost", "black hole"])
    if kind in ("down", "black hole"):
        world.smtp.mode = {"down": "refuse", "black hole": "black_hole"}[kind]
    elif kind == "4xx":
        world.mail.refusals.append("451 later")
    elif kind == "421":
        world.mail.sender_refusals.append("421 closing")
    else:
        world.smtp.rules = [{
            "cut": Rule(b"data\r\n", "cut"),
            "cut in DATA": Rule(b"Message-ID: ", "cut_half"),
            "answer lost": Rule(b"\r\n.\r\n", "lose_answer"),
        }[kind]]  # fmt: skip
    tried = "select coalesce(sum(attempts), 0) from outbox"
    before = world.rows(tried)
    outcomes = world.minutes(chance.randint(1, 2))
    world.smtp.heal()
    world.mail.refusals.clear()
    world.mail.sender_refusals.clear()
    return Thrown(f"SMTP: {kind}", outcomes, may_repeat=kind == "answer lost", struck=world.rows(tried) != before)


def together(world: World, chance: random.Random) -> Thrown:
    """Two runs of a minute, of two minutes, or replays beside the live run."""
    batch_id = world.next_minute().batch_id
    back = (world.now - chance.randint(1, 20) * MINUTE).isoformat()
    replay = ("replay", max(back, world.first.isoformat()), (world.now + MINUTE).isoformat(), {})
    again = (*replay[:3], {"rescore": True})
    others = chance.choice([[("run_minute", batch_id)], [replay], [replay, replay], [again], [replay, again]])
    runs = [world.start(call) for call in [("run_minute", batch_id), *others]]
    return Thrown(f"{len(runs)} runs at once", [run.wait() for run in runs])


def paused(world: World, chance: random.Random) -> Thrown:
    """A run stands still at a point while the next minutes run, then goes on."""
    at = f"{chance.choice(PORT_CALLS)}:{chance.choice(['before', 'after'])}"
    run = world.start(("run_minute", world.next_minute().batch_id), points=[point(at, "stop")])
    stopped = run.wait_until_stopped()
    if stopped:
        world.minutes(chance.randint(1, 2))
        run.resume()
    return Thrown("a run paused and overtaken", [run.wait()], may_repeat=True, struck=stopped)


def clock(world: World, chance: random.Random) -> Thrown:
    """The machine's clock is wrong for a minute or two."""
    world.clock_jump_seconds = chance.choice([-600, -300, -61, 61, 300, 600])
    outcomes = world.minutes(chance.randint(1, 2))
    world.clock_jump_seconds = 0
    return Thrown("clock moved", outcomes)


def disk(world: World, chance: random.Random) -> Thrown:
    """No file may grow beyond a size."""
    world.file_limit = chance.choice([1, 200, 1500, 3000, 6000])
    outcome = world.minute()
    world.file_limit = 0
    return Thrown("disk full", [outcome], may_repeat=True)


def model(world: World, chance: random.Random) -> Thrown:
    """A file of the model missing, or another model put in its place in the middle of a run."""
    if chance.random() < 0.5:
        name = chance.choice(["manifest.json", "model.ubj", "preprocess.joblib"])
        (world.model / name).rename(world.folder / name)
        outcome = world.minute()
        (world.folder / name).rename(world.model / name)
        return Thrown("model file missing", [outcome])
    run = world.start(("run_minute", world.next_minute().batch_id), points=[point("scorer.score:before", "stop")])
    stopped = run.wait_until_stopped()
    if stopped:
        shutil.rmtree(world.model)
        shutil.copytree(chance.choice(world.models), world.model)
        run.resume()
    return Thrown("model swapped in mid-run", [run.wait()], struck=stopped)


def asleep(world: World, chance: random.Random) -> Thrown:
    """Nothing runs for some minutes."""
    world.now += chance.randint(2, 15) * MINUTE
    return Thrown("nothing ran for some minutes", [world.minute()])


def compound(world: World, chance: random.Random) -> Thrown:
    """A run struck at a point while the API and the mail server misbehave too."""
    kind = chance.choice([*STATUS, *BODY, *WIRE])
    if kind != "huge_body":
        world.api.order(kind)
    world.smtp.mode = chance.choice(["pass", "refuse"])
    what, points = _points(chance)
    outcome = world.minute(points)
    world.api.clear()
    world.smtp.heal()
    return Thrown(f"{what} with API {kind}", [outcome], may_repeat=True, struck=_met(outcome), heal_first=True)


KINDS: dict[Throw, int] = {
    strike: 30, kill_any_time: 14, api: 14, database: 12, restart: 3, terminate: 4, mail: 8, together: 6, paused: 5,
    clock: 3, disk: 3, model: 3, asleep: 2, compound: 10,
}  # fmt: skip


def throw(world: World, chance: random.Random) -> tuple[str, Thrown]:
    """One fault of a random kind: the kind's name, and what it did."""
    kind = chance.choices(list(KINDS), weights=list(KINDS.values()))[0]
    return kind.__name__, kind(world, chance)
