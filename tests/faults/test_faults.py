"""Named faults on real parts, by virtual minutes; `make faults` plays the whole list, other sessions a seeded few."""

from __future__ import annotations

import pytest
from fault_lab.catalogue.runs import can_mount
from fault_lab.choice import chosen
from fault_lab.everything import Played, play
from fault_lab.fault import Fault
from fault_lab.laboratory import Laboratory


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize("fault", chosen(), ids=str)
def test_every_invariant_holds_after(fault: Fault, lab: Laboratory, played: list[Played]) -> None:
    """Nothing lost, nothing doubled, nothing made up, healed in time, and a replay writes nothing."""
    if "tmpfs" in fault.name and not can_mount():
        pytest.skip("needs the right to mount a tmpfs: run as root")
    played.append(play(fault, lab))
    assert played[-1].wrong == []
