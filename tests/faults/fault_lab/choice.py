"""Which faults a test session plays: all of them (``FAULTS=all``), or a few, seeded."""

from __future__ import annotations

import os
import random

from fault_lab.everything import FAULTS
from fault_lab.fault import Fault

SEED = int(os.environ.get("FAULT_SEED", "20261120"))
ALWAYS = (
    "load, in the middle (payments inserted, not committed): SIGKILL",
    "PostgreSQL: commit sent, answer lost",
    "SMTP: cut after DATA, accepted, answer lost",
    "a batch that kills its worker: SIGKILL in transform",
)
DRAWN = 4


def chosen() -> list[Fault]:
    """The whole list, or what is always played and a few that the seed draws."""
    if os.environ.get("FAULTS") == "all":
        return FAULTS
    always = [fault for fault in FAULTS if fault.name in ALWAYS]
    others = [fault for fault in FAULTS if fault not in always and not fault.slow]
    return always + random.Random(SEED).sample(others, DRAWN)
