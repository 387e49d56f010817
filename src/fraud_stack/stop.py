"""`make stop`: ends a stack from another terminal, whether its supervisor lives or was killed."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from fraud_common.errors import TransientError
from fraud_scorer.use_cases.local_stack import LOCK, runs
from fraud_stack.lock import only_one
from fraud_stack.options import StackOptions
from fraud_stack.run import end_leftovers
from fraud_stack.terminal import Terminal

PATIENCE_SECONDS = 60.0


def stop_stack(
    options: StackOptions, terminal: Terminal | None = None, patience_seconds: float = PATIENCE_SECONDS
) -> bool:
    """End every process of the stack on ``options.data_dir``, its databases cleanly; False if there was none.

    Raises:
        TransientError: it did not end in time.
    """
    terminal = terminal or Terminal()
    data_dir = options.data_dir
    if not (data_dir / LOCK).exists():  # no stack's folder: nothing may be written there either
        return False
    ran = runs(data_dir)
    if ran:
        _tell_to_end(data_dir)
        deadline = time.monotonic() + patience_seconds
        while runs(data_dir):
            if time.monotonic() > deadline:
                raise TransientError(
                    f"the stack on {data_dir} has not ended after {patience_seconds:.0f} s",
                    "Wait a moment and try again, or end its process: it is named in " + str(data_dir / LOCK),
                )
            time.sleep(0.2)
    with only_one(data_dir):  # what a killed one left
        return end_leftovers(options, terminal) or ran


def _tell_to_end(data_dir: Path) -> None:
    with suppress(OSError, ValueError):
        os.kill(int((data_dir / LOCK).read_text()), signal.SIGTERM)
