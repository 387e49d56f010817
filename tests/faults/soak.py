"""The soak: hundreds of random faults in one world of virtual minutes, the invariants after each.

Time is virtual (the clock is injected: a virtual minute takes about a second); processes, PostgreSQL, HTTP and SMTP are
real. ``make soak`` runs it; the same seed draws the same faults (what a fault meets, real processes decide).
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from fault_lab.invariants import fingerprint, replay_writes, violations
from fault_lab.laboratory import Laboratory
from fault_lab.random_faults import Thrown, throw
from fault_lab.world import World

REPORT = Path(__file__).parents[2] / "reports" / "soak.md"
HEALED_WITHIN = 3
REPLAY_EVERY = 10
REPLAYS_AT_THE_END = 3


@dataclass
class Figures:
    """What a soak counted."""

    seed: int
    rounds: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)  # how the struck runs ended
    healed: Counter[int] = field(default_factory=Counter)  # minutes
    broken: list[str] = field(default_factory=list)
    replays: int = 0
    repeats: int = 0
    facts: dict[str, object] = field(default_factory=dict)

    def text(self) -> str:
        """Markdown."""
        lines = [
            f"# Soak (seed {self.seed}): {self.rounds} random faults, {len(self.broken)} broke an invariant", "",
            *(f"- {name}: {value}" for name, value in self.facts.items()),
            "- faults by kind: " + _listed(self.kinds),
            "- struck runs ended: " + _listed(self.ends),
            "- minutes until whole again: " + _listed(self.healed),
            f"- replays that wrote nothing: {self.replays}",
            f"- mails repeated, each with the same Message-ID and bytes: {self.repeats}",
            *(f"- BROKEN: {one}" for one in self.broken),
        ]  # fmt: skip
        return "\n".join(lines) + "\n"


def _listed(counts: Counter[str] | Counter[int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda one: -one[1]))


def soak(world: World, seed: int, rounds: int, *, tell: bool = True) -> Figures:
    """So many faults, one after the other, each healed before the next; stops at the tenth that breaks something."""
    chance, figures, began = random.Random(seed), Figures(seed), time.monotonic()
    world.minutes(2)
    for number in range(1, rounds + 1):
        kind, thrown = throw(world, chance)
        minutes = world.settle()
        found = _judged(world, thrown, minutes, figures)
        if number % REPLAY_EVERY == 0:
            found += replay_writes(world, 15)
            figures.replays += not found
        figures.rounds = number
        figures.kinds[kind] += 1
        figures.ends.update("killed" if one.killed else one.error or "done" for one in thrown.outcomes)
        figures.healed[minutes] += 1
        figures.broken += [f"round {number}, {thrown.what} ({thrown.outcomes[0]}): {one}" for one in found]
        if tell:
            print(f"{number:4} {thrown.what[:70]:70} {minutes} min  {'; '.join(found) or 'holds'}", flush=True)
        if len(figures.broken) >= 10:
            break
    _at_the_end(world, figures)
    figures.facts = _facts(world) | {"real seconds": round(time.monotonic() - began)}
    return figures


def _judged(world: World, thrown: Thrown, minutes: int, figures: Figures) -> list[str]:
    found = violations(world, may_repeat=True)
    found += [f"a run hung: {one}" for one in thrown.outcomes if one.hung]
    if minutes > HEALED_WITHIN:
        found.append(f"took {minutes} minutes to heal")
    mails = [(mail.message_id, mail.recipient) for mail in world.mail.accepted]
    repeats = len(mails) - len(set(mails))
    if repeats > figures.repeats and not thrown.may_repeat:
        found.append(f"{repeats - figures.repeats} mails repeated for no reason")
    figures.repeats = repeats
    return found


def _at_the_end(world: World, figures: Figures) -> None:
    """All of it replayed three times: not a byte changes. Decided anew: not a bit changes, unless the model did."""
    whole = int((world.now - world.first).total_seconds() // 60) + 1
    before = fingerprint(world)
    for _ in range(REPLAYS_AT_THE_END):
        found = replay_writes(world, whole)
        figures.broken += [f"replay of everything: {one}" for one in found]
        figures.replays += not found
    if fingerprint(world) != before:
        figures.broken.append("three replays of everything changed the tables")


def _facts(world: World) -> dict[str, object]:
    payments, flagged, refunds = world.rows(
        "select count(*), count(*) filter (where flagged), count(*) filter (where is_refund) from payments_scored"
    )[0]
    batches = dict(world.rows("select status, count(*) from run_ledger group by 1"))
    answers = world.api.handed_out()
    return {
        "virtual minutes": int((world.now - world.first).total_seconds() // 60),
        "processes run": world.processes,
        "answers handed out": f"{len(answers)}, of which {sum(bool(one['faults']) for one in answers)} spoilt",
        "batches by state": ", ".join(f"{name} {count}" for name, count in batches.items()),
        "payments stored": f"{payments}, {flagged} flagged, {refunds} refunds",
        "corrections kept in the history": world.rows("select count(*) from payment_history")[0][0],
        "records in quarantine": world.rows("select count(*) from quarantine")[0][0],
        "mails accepted": len(world.mail.accepted),
        "hash of the tables": fingerprint(world)[:16],
    }


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20261120)
    parser.add_argument("--rounds", type=int, default=300)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="fraud-soak-"))
    laboratory = Laboratory(folder, asked.seed)
    try:
        figures = soak(World(laboratory), asked.seed, asked.rounds)
    finally:
        laboratory.close()
        shutil.rmtree(folder, ignore_errors=True)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(figures.text(), encoding="utf-8")
    print(f"\n{figures.text()}\nalso in {REPORT}")
    sys.exit(bool(figures.broken))


if __name__ == "__main__":
    main()
