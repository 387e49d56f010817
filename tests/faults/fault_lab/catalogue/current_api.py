"""An API that shows only what is current, drawn with replacement: what is lost on the wire is gone, and is said."""

from __future__ import annotations

from fault_lab.fault import Fault, dies, fails, passes, point
from fault_lab.world import World

WITHOUT_WINDOW = "current-transactions?rows=8"


def _current(world: World) -> None:
    world.settings["payments_api_url"] = f"{world.api.url}/{WITHOUT_WINDOW}"


def _states(world: World) -> str:
    found = world.rows("select status, count(*), sum(unchanged) from run_ledger group by status order by status")
    return ", ".join(f"{count} {status}" for status, count, _ in found)


def _repeats(world: World) -> str:
    _current(world)
    for outcome in world.minutes(6):
        passes(outcome)
    unchanged = world.rows("select sum(unchanged) from run_ledger")[0][0]
    return f"{unchanged} payments came again"


def _lost_on_the_wire(world: World) -> str:
    _current(world)
    said = dies(world.minute([point("api.ask:after")]))
    for outcome in world.minutes(3):
        passes(outcome)
    assert "1 missed" in _states(world), _states(world)
    return f"{said} with the answer in hand; ledger: {_states(world)}"


def _down(world: World) -> str:
    _current(world)
    world.api.order("status_503", count=None)
    for outcome in world.minutes(4):
        fails(outcome, "ApiUnavailable")
    world.api.clear()
    for outcome in world.minutes(3):
        passes(outcome)
    assert "4 missed" in _states(world), _states(world)
    return f"ledger: {_states(world)}"


FAULTS = [
    Fault("current API: payments drawn again and again", "counted as unchanged, on their first day", _repeats),
    Fault("current API: killed with the answer in hand", "that answer is gone: `missed`, not filled", _lost_on_the_wire,
          may_lose=True),
    Fault("current API: down for four minutes", "those minutes are `missed`, not filled with later payments", _down),
]  # fmt: skip
