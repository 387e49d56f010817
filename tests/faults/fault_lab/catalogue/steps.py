"""Every step, before, in the middle and after, by an error and by SIGKILL of its process."""

from __future__ import annotations

from fault_lab.fault import Fault, dies, fails, point
from fault_lab.world import World

UPSERT, COUNTED = "sql.*insert into payments_scored*:after", "sql.*update run_ledger*loaded_at*:after"
POINTS = [
    ("extract", "before", "nothing asked", "api.ask:before"),
    ("extract", "in the middle", "answered, not landed", "api.ask:after"),
    ("extract", "in the middle", "landed, not closed", "landing.land:after"),
    ("extract", "after", "closed", "landing.close:after"),
    ("transform", "before", "ledger not told", "store.highest_landed_seq:before"),
    ("transform", "in the middle", "claimed", "store.claim:after"),
    ("transform", "in the middle", "computed, not staged", "stage.write:before"),
    ("transform", "after", "staged", "stage.write:after"),
    ("score", "before", "nothing read", "stage.current:before"),
    ("score", "in the middle", "scored, not staged", "scorer.score:after"),
    ("score", "after", "staged", "stage.write:after"),
    ("load", "before", "nothing sent", "store.load:before"),
    ("load", "in the middle", "payments inserted, not committed", UPSERT),
    ("load", "in the middle", "all written, not committed", COUNTED),
    ("load", "after", "committed", "store.load:after"),
    ("alert", "before", "nothing leased", "outbox.lease:before"),
    ("alert", "in the middle", "leased, not sent", "email.send:before"),
    ("alert", "in the middle", "accepted, mark not written", "email.send:after"),
    ("alert", "after", "marked", "outbox.sent:after"),
]


def _play(world: World, step: str, at: str, act: str) -> str:
    for _ in range(8):  # alert has something to do only where something was flagged
        outcome = world.minute_apart(**{step: [point(at, act)]})
        if outcome.code or step != "alert":
            break
    return dies(outcome) if act == "kill" else fails(outcome, "InjectedFault").partition(":")[0]


def _fault(step: str, moment: str, where: str, at: str, act: str) -> Fault:
    how = "SIGKILL" if act == "kill" else "exception"
    return Fault(
        name=f"{step}, {moment} ({where}): {how}",
        expected="whole again by the next runs" + (", the mail repeated at most as it was" if "mark" in where else ""),
        play=lambda world: _play(world, step, at, act),
        may_repeat=at == "email.send:after",
    )


FAULTS = [_fault(*one, act) for one in POINTS for act in ("raise", "kill")]
