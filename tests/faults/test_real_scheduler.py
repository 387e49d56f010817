"""Named faults under Airflow's own scheduler and the real clock: `FAULTS=ci` plays two, `make faults` all of them."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import requests
from fault_lab.catalogue.real_scheduler import FAULTS, RealFault
from fault_lab.everything import Played
from fault_lab.fault import Fault
from fault_lab.invariants import violations
from fault_lab.real_stack import RealStack

HEALED_WITHIN_SECONDS = 180.0
QUIET_WITHIN_SECONDS = 90.0
_CHOSEN = {"all": FAULTS, "ci": [fault for fault in FAULTS if fault.short]}.get(os.environ.get("FAULTS", ""), [])

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def stack() -> Iterator[RealStack]:
    """One running stack for all of them, its first minute through."""
    folder = Path(tempfile.mkdtemp(prefix="fraud-stack-"))  # pytest's own folders are closed to PostgreSQL's user
    running = RealStack(folder)
    try:
        running.first_minute_done()
        yield running
    finally:
        running.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.skipif(not _CHOSEN, reason="takes minutes of real time: FAULTS=ci or `make faults`")
@pytest.mark.parametrize("fault", _CHOSEN, ids=str)
def test_the_stack_is_whole_again_after(fault: RealFault, stack: RealStack, played: list[Played]) -> None:
    """Lag is back under two minutes within three of healing, and every invariant holds."""
    seen = fault.strike(stack)
    healed_at = stack.now
    seconds = stack.until(
        lambda: stack.done_since(healed_at.replace(second=0, microsecond=0)),
        fault.mended_within_seconds + HEALED_WITHIN_SECONDS,
    )
    wrong = _wrong(stack, fault)
    accepted = [(mail.message_id, mail.recipient) for mail in stack.mail.accepted]
    as_listed = Fault(f"real scheduler, {fault.name}", fault.expected, lambda _: "", may_repeat=fault.may_repeat)
    stored = stack.rows("select count(*) from payments_scored")[0][0]
    sentence = f"{seen}; lag back under 2 min after {seconds:.0f} s"
    played.append(Played(as_listed, sentence, round(seconds / 60), len(accepted) - len(set(accepted)), stored, wrong))
    assert wrong == []


def _wrong(stack: RealStack, fault: RealFault) -> list[str]:
    """What does not hold; minutes go on meanwhile, so it is asked until there is a quiet moment between two."""
    until = time.monotonic() + QUIET_WITHIN_SECONDS
    while True:
        try:
            wrong = violations(stack, may_repeat=fault.may_repeat)  # type: ignore[arg-type]
        except (psycopg2.Error, requests.RequestException) as error:  # a busy machine: look again
            wrong = [f"nobody could look: {error}"]
        if not wrong or time.monotonic() > until:
            return wrong
        time.sleep(3)
