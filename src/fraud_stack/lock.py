"""The lock of a data folder: one stack at a time, and none while the folder is being removed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fraud_common.errors import SettingsError
from fraud_scorer.use_cases.local_stack import LOCK
from fraud_stack.server_user import make_passable


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """One stack a data folder; the lock goes with the process, however that ends."""
    try:
        make_passable(data_dir.absolute())
        lock = (data_dir / LOCK).open("a+")
    except OSError as error:
        raise SettingsError(
            f"the data folder {data_dir} cannot be used: {error.strerror}", "Choose one: make run DATA_DIR=..."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.fstat(lock.fileno()).st_nlink:
                raise BlockingIOError("removed between its opening and this")
        except OSError:
            raise SettingsError(
                f"a stack on {data_dir} runs already",
                "Use that one, end it (Ctrl-C there, or make stop), or: make run DATA_DIR=...",
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")  # whom `make stop` tells
        lock.flush()
        yield
