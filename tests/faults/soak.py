"""The soak: hundreds of random faults in one world of virtual minutes, the invariants after each.

Time is virtual (the clock is injected: a virtual minute takes about a second); processes, PostgreSQL, HTTP and SMTP are
real. ``make soak`` runs it; the same seed draws the same faults (what a fault meets, real processes decide).
"""

from __future__ import annotations

import argparse
import hashlib
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
LEFT_UNHEALED = 0.25  # share of faults that the next one meets unhealed
MOST_BROKEN = 10


@dataclass
class Figures:
    """What a soak counted."""

    seed: int
    drawn: int = 0
    struck: int = 0  # faults that met something
    kinds: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)  # how the struck runs ended
    healed: Counter[int] = field(default_factory=Counter)  # minutes
    broken: list[str] = field(default_factory=list)
    replays: int = 0
    repeats: int = 0
    facts: dict[str, object] = field(default_factory=dict)

    def note(self, kind: str, thrown: Thrown) -> None:
        """Count a fault."""
        self.drawn += 1
        self.struck += thrown.struck
        self.kinds[kind] += thrown.struck
        self.ends.update("killed" if one.killed else one.error or "done" for one in thrown.outcomes)

    def text(self) -> str:
        """Markdown."""
        lines = [
            f"# Soak (seed {self.seed}): {self.struck} random faults struck, {len(self.broken)} invariants broken", "",
            f"- drawn: {self.drawn}, of which {self.drawn - self.struck} met nothing (a call that was not made)",
            *(f"- {name}: {value}" for name, value in self.facts.items()),
            "- faults by kind: " + _listed(self.kinds),
            "- their runs ended: " + _listed(self.ends),
            "- minutes until whole again: " + _listed(self.healed),
            f"- replays that wrote nothing: {self.replays}",
            f"- mails repeated, each with the same Message-ID and bytes: {self.repeats}",
            *(f"- BROKEN: {one}" for one in self.broken),
        ]  # fmt: skip
        return "\n".join(lines) + "\n"


def _listed(counts: Counter[str] | Counter[int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda one: -one[1]))


def soak(world: World, seed: int, faults: int, *, tell: bool = True) -> Figures:
    """So many faults that struck, most of them healed before the next; stops at the tenth broken invariant."""
    chance, figures, began = random.Random(seed), Figures(seed), time.monotonic()
    world.minutes(2)
    excused = False
    while figures.struck < faults and len(figures.broken) < MOST_BROKEN:
        kind, thrown = throw(world, chance)
        figures.note(kind, thrown)
        excused |= thrown.may_repeat
        if not thrown.heal_first and chance.random() < LEFT_UNHEALED and figures.struck < faults:
            _tell(figures, thrown, "not healed before the next", tell)
            continue
        minutes = world.settle()
        found = _judged(world, thrown, minutes, figures, excused)
        excused = False
        figures.healed[minutes] += 1
        figures.broken += [f"fault {figures.drawn}, {thrown.what} ({thrown.outcomes[0]}): {one}" for one in found]
        _tell(figures, thrown, f"{minutes} min  {'; '.join(found) or 'holds'}", tell)
    _at_the_end(world, figures)
    figures.facts = _facts(world) | {"real seconds": round(time.monotonic() - began)}
    return figures


def _tell(figures: Figures, thrown: Thrown, sentence: str, tell: bool) -> None:
    if tell:
        what = thrown.what if thrown.struck else f"({thrown.what}: met nothing)"
        print(f"{figures.struck:4} {what[:75]:75} {sentence}", flush=True)


def _judged(world: World, thrown: Thrown, minutes: int, figures: Figures, excused: bool) -> list[str]:
    found = violations(world, may_repeat=True)
    if figures.drawn % REPLAY_EVERY == 0:
        found += replay_writes(world, 15)
        figures.replays += not found
    found += [f"a run hung: {one}" for one in thrown.outcomes if one.hung]
    if minutes > HEALED_WITHIN:
        found.append(f"took {minutes} minutes to heal")
    mails = [(mail.message_id, mail.recipient) for mail in world.mail.accepted]
    repeats = len(mails) - len(set(mails))
    if repeats > figures.repeats and not excused:
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
    figures.broken += _decided_anew(world, whole)


def _decided_anew(world: World, minutes: int) -> list[str]:
    """Scored once more, every payment gets the score it has, bit for bit, unless another model gave it."""
    current = hashlib.sha256((world.model / "manifest.json").read_bytes()).hexdigest()
    outcome = world.replay(minutes, rescore=True, dry_run=True)
    if outcome.code:
        return [f"the dry run failed: {outcome}"]
    others = world.rows("select count(*) from payments_scored where model_hash <> %s", current)[0][0]
    changed = outcome.results[0]["updated"]
    return [f"decided anew, {changed} payments differ instead of {others}"] if changed != others else []


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
    parser.add_argument("--faults", type=int, default=300)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="fraud-soak-"))
    laboratory = Laboratory(folder, asked.seed)
    try:
        figures = soak(World(laboratory), asked.seed, asked.faults)
    finally:
        laboratory.close()
        shutil.rmtree(folder, ignore_errors=True)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(figures.text(), encoding="utf-8")
    print(f"\n{figures.text()}\nalso in {REPORT}")
    sys.exit(bool(figures.broken))


if __name__ == "__main__":
    main()
