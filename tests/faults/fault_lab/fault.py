"""A fault: what is done to a world, what is expected of it, what was seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fault_lab.processes import Outcome
from fault_lab.world import START, World

HEALED_WITHIN = 3  # minutes


@dataclass(frozen=True)
class Fault:
    """One line of the table.

    ``play`` does it and says what was seen; it raises AssertionError where the fault did not show as it should. When it
    returns, the cause is gone. ``may_repeat``: a mail server's answer or our mark is lost, so a mail may come twice.
    ``may_lose``: the API shows only what is current, so what was lost before it landed is gone.
    """

    name: str
    expected: str
    play: Callable[[World], str]
    may_repeat: bool = False
    may_lose: bool = False
    start: datetime = START
    settings: Mapping[str, Any] = field(default_factory=dict)
    healed_within: int = HEALED_WITHIN
    warm_up: int = 1  # minutes before it
    slow: bool = False  # takes minutes of real time: never part of the short form

    def __str__(self) -> str:
        return self.name


def point(name: str, act: str = "kill", nth: int = 1) -> dict[str, Any]:
    """An order for a run: what to do at which point."""
    return {"point": name, "act": act, "nth": nth}


def fails(outcome: Outcome, *errors: str) -> str:
    """The outcome's sentence, if it is one of these errors."""
    assert not outcome.hung, "the run hung"
    assert outcome.error in errors, f"expected {' or '.join(errors)}, saw {outcome}"
    return str(outcome)


def passes(outcome: Outcome) -> str:
    """The outcome's sentence, if it is a success."""
    assert outcome.code == 0, str(outcome)
    return "done"


def dies(outcome: Outcome) -> str:
    """The outcome's sentence, if it was killed at its point."""
    assert outcome.killed, f"was to be killed, saw {outcome}"
    assert not outcome.hung, "the run hung"
    return "killed"
