"""What landed, read by nobody's code but our own: the oracle that the tables are compared with.

Each landed part is matched with the simulator's own list of what it handed out, by the hash of its bytes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fault_lab.world import World


@dataclass(frozen=True)
class Delivery:
    """One well-formed row of a landed answer."""

    batch_id: str
    trans_num: str
    amount_cents: int
    event_time: datetime


@dataclass
class LandedBatch:
    """What must become of one landed batch. ``bad``: (part, row index, payment); row index and payment None: all."""

    batch_id: str
    landing_seq: int
    readable: bool = False  # something of it could be read: it is done, else it has failed
    received: int = 0
    good: list[Delivery] = field(default_factory=list)
    bad: list[tuple[int, int | None, str | None]] = field(default_factory=list)


@dataclass
class Truth:
    """Everything, in order of landing."""

    batches: list[LandedBatch]
    handed_out: dict[str, str]  # every payment of an answer that could be read: where it was
    landed: set[str]  # every payment of a landed answer

    @property
    def deliveries(self) -> list[Delivery]:
        """Well-formed rows, in order of landing."""
        return [one for batch in self.batches for one in batch.good]


def truth(world: World) -> Truth:
    """What the tables should hold, from the simulator's list and the landed bytes."""
    answers = world.api.handed_out()
    by_hash = {answer["sha256"]: answer for answer in answers if answer["readable"] or _lacks_a_column(answer)}
    batches = []
    for done in world.landing.completions():
        if done.status == "landed":
            if done.batch.batch_id not in world.landed:  # a closed batch never changes
                world.landed[done.batch.batch_id] = _batch(world, done, by_hash)
            batches.append(world.landed[done.batch.batch_id])
    handed_out = {name: f"answer {answer['number']}" for answer in answers if answer["readable"]
                  for name in answer["trans_nums"]}  # fmt: skip
    landed = {one.trans_num for batch in batches for one in batch.good}
    landed |= {name for batch in batches for _, _, name in batch.bad if name}
    return Truth(batches, handed_out, landed)


def _batch(world: World, done: Any, by_hash: dict[str, dict[str, Any]]) -> LandedBatch:
    batch = LandedBatch(done.batch.batch_id, done.landing_seq)
    for part in done.parts:
        body = world.landing.read(done.batch, part)
        answer = None if part.truncated else by_hash.get(hashlib.sha256(body.lstrip()).hexdigest())
        if body.strip() == b"[]":  # a minute without payments, says the API, and is believed
            batch.readable = True
            continue
        if answer is None:
            batch.received += 1
            batch.bad.append((part.number, None, None))
            continue
        _take(batch, part.number, body, answer)
    return batch


_DROPPED_VALUES = {"latitude", "longitude"}  # optional: the value is dropped, its payment kept


def _lacks_a_column(answer: dict[str, Any]) -> bool:
    """Nobody can read its rows as payments; they go into quarantine one by one, to be retried with a field map."""
    return bool(answer["faults"] == ["missing_column"])


def _take(batch: LandedBatch, part: int, body: bytes, answer: dict[str, Any]) -> None:
    split = json.loads(body)
    split = json.loads(split) if isinstance(split, str) else split
    rows = [dict(zip(split["columns"], row, strict=True)) for row in split["data"]]
    batch.readable = True
    batch.received += len(rows)
    spoilt = {name: why for name, why in answer["malformed"].items() if why not in _DROPPED_VALUES}
    if _lacks_a_column(answer):
        spoilt = dict.fromkeys(answer["trans_nums"], "missing_column")
    for index, (row, trans_num) in enumerate(zip(rows, answer["trans_nums"], strict=True)):
        if spoilt.pop(trans_num, None) is not None:  # the first row of that payment is the spoilt one
            batch.bad.append((part, index, trans_num))
            continue
        moment = datetime.fromtimestamp(row["current_time"] / 1000, UTC)
        batch.good.append(Delivery(batch.batch_id, trans_num, round(row["amt"] * 100), moment))
