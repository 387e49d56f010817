"""The list of all named faults, and how one is played."""

from __future__ import annotations

from dataclasses import dataclass

from fault_lab.catalogue import api, current_api, mail, postgres, runs, scoring, steps
from fault_lab.fault import Fault
from fault_lab.invariants import replay_writes, violations
from fault_lab.laboratory import Laboratory
from fault_lab.processes import Outcome
from fault_lab.world import World

FAULTS: list[Fault] = [
    *steps.FAULTS, *postgres.FAULTS, *api.FAULTS, *current_api.FAULTS, *mail.FAULTS, *runs.FAULTS, *scoring.FAULTS,
]  # fmt: skip


@dataclass(frozen=True)
class Played:
    """What came of a fault. ``wrong`` is empty if every invariant holds."""

    fault: Fault
    seen: str
    minutes_to_heal: int
    repeated_mails: int
    payments: int
    wrong: list[str]


def play(fault: Fault, lab: Laboratory) -> Played:
    """The fault in a world of its own, healed, then judged."""
    world = World(lab, start=fault.start, **fault.settings)
    try:
        _warm_up(world.minutes(fault.warm_up))
        try:
            seen = fault.play(world)
        except AssertionError as error:
            return Played(fault, str(error), 0, 0, 0, [f"not as expected: {error}"])
        minutes = world.settle()
        wrong = violations(world, may_repeat=fault.may_repeat, may_lose=fault.may_lose) + replay_writes(world)
        if minutes > fault.healed_within:
            wrong.append(f"took {minutes} minutes to heal")
        accepted = [(mail.message_id, mail.recipient) for mail in world.mail.accepted]
        stored = world.rows("select count(*) from payments_scored")[0][0]
        return Played(fault, seen, minutes, len(accepted) - len(set(accepted)), stored, wrong)
    finally:
        if not lab.server.running():
            lab.server.start()
        world.close()


def _warm_up(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        if outcome.code:
            raise RuntimeError(f"a minute without a fault failed: {outcome}")
