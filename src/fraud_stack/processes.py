"""Processes that are started together and end together, grandchildren included."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from fraud_stack.private_files import UMASK, open_private

MARK = "STACK_HOME"  # in the environment of every process of a stack, whoever its parent is by now
LONGEST_LOG_BYTES = 50_000_000


class Process:
    """One process with a log file of its own and a session of its own."""

    def __init__(
        self, name: str, argv: Sequence[str], environment: Mapping[str, str], *, home: Path, cwd: Path, log: Path
    ) -> None:
        self.name = name
        self.argv = list(argv)
        # setproctitle would overwrite the part of memory in which the mark is found again
        self.environment = {**environment, MARK: str(home), "SPT_NOENV": "1", "PYTHONUNBUFFERED": "1"}
        self.cwd = cwd
        self.log = log
        self.popen: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0  # time.monotonic()
        self._log_before = 0  # bytes that its log held before this start

    def start(self) -> None:
        """Start it; raises OSError if its program cannot be run."""
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shorten(self.log)
        self._log_before = self.log.stat().st_size if self.log.exists() else 0
        with open_private(self.log, "ab") as log:
            self.popen = subprocess.Popen(
                self.argv, env=self.environment, cwd=self.cwd, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True, umask=UMASK,
            )  # fmt: skip
        self.started_at = time.monotonic()

    def exit_code(self) -> int | None:
        """None while it runs (or was never started)."""
        return self.popen.poll() if self.popen else None

    def running_seconds(self) -> float:
        """Since its last start."""
        return time.monotonic() - self.started_at

    def signal(self, number: int) -> None:
        """Send a signal to its whole group."""
        if self.popen and self.popen.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.popen.pid, number)

    def session(self) -> list[psutil.Process]:
        """It and every descendant that has not left its session, dead parents or not."""
        return [] if self.popen is None else [p for p in psutil.process_iter() if _session_of(p) == self.popen.pid]

    def end(self, patience_seconds: float = 5.0) -> None:
        """Ask it to end; after ``patience_seconds`` end it and all its descendants."""
        end_all([self], patience_seconds)

    def last_lines(self, count: int = 8) -> list[str]:
        """The end of its log, of this start alone: what an earlier one said misleads."""
        with contextlib.suppress(OSError), self.log.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(self._log_before if self._log_before <= size else 0, size - 20_000))
            lines = log.read().decode(errors="replace").splitlines()
            return [line for line in lines if line.strip()][-count:]
        return []


def end_all(processes: Iterable[Process], patience_seconds: float = 5.0) -> None:
    """Ask all at once, wait for all together, then end what is left with everything it started."""
    processes = [process for process in processes if process.popen]
    members = {member for process in processes for member in process.session()}
    for process in processes:
        process.signal(signal.SIGTERM)
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline and any(process.exit_code() is None for process in processes):
        time.sleep(0.05)
    members |= {member for process in processes for member in process.session()}
    own = {process.popen.pid for process in processes if process.popen}
    kill({member for member in members if member.pid not in own})
    for process in processes:
        process.signal(signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.popen.wait(timeout=5)  # type: ignore[union-attr]


def leftovers(home: Path) -> list[psutil.Process]:
    """Processes of an earlier stack on ``home`` that still live: their supervisor was killed."""
    return [process for process in psutil.process_iter() if _mark_of(process) == str(home)]


def kill(processes: Iterable[psutil.Process]) -> None:
    """End these now, and wait until they are gone (5 s at most)."""
    living = [process for process in processes if process.pid != os.getpid()]
    for process in living:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(living, timeout=5)


def shorten(log: Path) -> None:
    """Start a log that has grown too long anew, keeping the old part as ``.1``. Its writers append, so they go on."""
    with contextlib.suppress(OSError):
        if log.stat().st_size > LONGEST_LOG_BYTES:
            shutil.copy(log, log.with_suffix(".log.1"))  # its mode too
            os.truncate(log, 0)


def _session_of(process: psutil.Process) -> int:
    try:
        return os.getsid(process.pid)
    except (ProcessLookupError, PermissionError):
        return -1


def _mark_of(process: psutil.Process) -> str | None:
    try:
        mark = process.environ().get(MARK)
    except (psutil.Error, OSError):
        return None
    return str(mark) if mark else None
