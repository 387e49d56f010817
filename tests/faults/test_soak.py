"""A few random faults in one world; `make soak` throws hundreds."""

from __future__ import annotations

import pytest
from fault_lab.choice import SEED
from fault_lab.laboratory import Laboratory
from fault_lab.world import World
from soak import soak

FAULTS = 4


@pytest.mark.faults
def test_a_short_soak(lab: Laboratory) -> None:
    """Random faults, healed one by one, break no invariant; three replays of everything change nothing."""
    world = World(lab)
    try:
        figures = soak(world, SEED, FAULTS, tell=False)
    finally:
        world.close()
    assert figures.broken == []
    assert figures.struck == FAULTS
