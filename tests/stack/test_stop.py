"""`make stop`: a stack ends from another terminal, and what a killed one left ends too."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from fraud_common.errors import TransientError
from fraud_scorer.use_cases.local_stack import LOCK, runs
from fraud_stack.options import StackOptions
from fraud_stack.processes import MARK, leftovers
from fraud_stack.stop import stop_stack
from fraud_stack.terminal import Terminal

HOLD = """
import sys, time, signal
from pathlib import Path
from fraud_stack.lock import only_one
if sys.argv[2] == "unresponsive": signal.signal(signal.SIGTERM, signal.SIG_IGN)
with only_one(Path(sys.argv[1])):
    time.sleep(60)
"""


@pytest.fixture
def options(tmp_path: Path) -> StackOptions:
    """A stack in a folder of the test's own."""
    (tmp_path / "data").mkdir()
    return StackOptions(tmp_path, tmp_path / "data")


@pytest.fixture
def quiet() -> Terminal:
    """A terminal that nobody sees."""
    return Terminal(Console(file=io.StringIO()))


@pytest.fixture
def holding(options: StackOptions, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[bytes]]:
    """A process in the supervisor's place."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(options.data_dir), request.param])
    until = time.monotonic() + 30
    while not runs(options.data_dir) and time.monotonic() < until:
        time.sleep(0.05)
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("holding", ["heeding"], indirect=True)
def test_it_tells_the_one_that_runs_and_waits_for_its_end(
    options: StackOptions, holding: subprocess.Popen[bytes], quiet: Terminal
) -> None:
    """When it returns, the next `make run` may start."""
    assert stop_stack(options, quiet)
    assert not runs(options.data_dir)
    assert holding.wait(5) == -15
    assert not stop_stack(options, quiet)


@pytest.mark.parametrize("holding", ["unresponsive"], indirect=True)
def test_one_that_does_not_end_is_told(
    options: StackOptions, holding: subprocess.Popen[bytes], quiet: Terminal
) -> None:
    """In bounded time, naming where its process stands."""
    with pytest.raises(TransientError, match="has not ended"):
        stop_stack(options, quiet, patience_seconds=0.5)


def test_what_a_killed_one_left_is_ended(options: StackOptions, quiet: Terminal) -> None:
    """Its supervisor is gone, its children live on: they bear the data folder's mark."""
    (options.data_dir / LOCK).touch()
    child = subprocess.Popen(["sleep", "60"], env=os.environ | {MARK: str(options.data_dir)}, start_new_session=True)
    assert stop_stack(options, quiet)
    assert child.wait(5) is not None
    assert leftovers(options.data_dir) == []


def test_where_nothing_was_ever_started_nothing_is_made(tmp_path: Path, quiet: Terminal) -> None:
    """A mistyped folder stays away, and a stranger's is not marked as a stack's, which `make clean` would remove."""
    assert not stop_stack(StackOptions(tmp_path, tmp_path / "mistyped"), quiet)
    assert not (tmp_path / "mistyped").exists()
    (tmp_path / "strangers").mkdir()
    assert not stop_stack(StackOptions(tmp_path, tmp_path / "strangers"), quiet)
    assert list((tmp_path / "strangers").iterdir()) == []
