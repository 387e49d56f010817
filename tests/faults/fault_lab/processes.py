"""Runs as real processes: started, stopped, continued, killed, and what they left."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LONGEST_SECONDS = 60.0
_HERE = Path(__file__).parent
_AWS = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "dummy", "AWS_SECRET_ACCESS_KEY": "dummy"}


@dataclass(frozen=True)
class Outcome:
    """How a run ended. ``code``: 0 done, 1 an error, negative the signal that killed it; ``hung``: killed by us."""

    code: int
    results: list[Any] = field(default_factory=list)
    error: str | None = None  # the error's class
    kind: str | None = None  # ours: from errors.py; foreign: any other
    what: str = ""
    struck: list[str] = field(default_factory=list)  # the points where it was made to fail
    hung: bool = False

    @property
    def killed(self) -> bool:
        """By SIGKILL."""
        return self.code == -signal.SIGKILL

    def __str__(self) -> str:
        if self.hung:
            return "hung"
        if self.code < 0:
            return f"killed by signal {-self.code}"
        return f"{self.error}: {self.what}" if self.error else "done"


class Run:
    """One process."""

    def __init__(self, runner: Runner, pid: int, result: Path) -> None:
        self._runner, self.pid, self._result = runner, pid, result

    def wait(self, seconds: float = LONGEST_SECONDS) -> Outcome:
        """Until it has ended; one that takes longer is killed and counts as hung."""
        answer = self._runner.ask(op="wait", pid=self.pid, seconds=seconds)
        hung = answer["state"] != "ended"
        if hung:
            self.signal(signal.SIGKILL)
            answer = self._runner.ask(op="wait", pid=self.pid, seconds=10)
        said = json.loads(self._result.read_text()) if self._result.exists() else {}
        return Outcome(code=answer.get("code", -9), hung=hung, **said)

    def wait_until_stopped(self, seconds: float = LONGEST_SECONDS) -> bool:
        """True once it stands still at its point; False if it ended before."""
        return bool(self._runner.ask(op="wait", pid=self.pid, seconds=seconds)["state"] == "stopped")

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def resume(self) -> None:
        """Let it go on."""
        self.signal(signal.SIGCONT)


class Runner:
    """The process that forks runs; see ``runner.py``."""

    def __init__(self) -> None:
        environment = os.environ | _AWS | {"PYTHONPATH": str(_HERE.parent), "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, str(_HERE / "runner.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        self._numbers = itertools.count(1)

    def start(self, folder: Path, order: dict[str, Any]) -> Run:
        """Start a run; what it writes besides lands in ``folder``."""
        result = folder / f"outcome-{next(self._numbers)}.json"
        answer = self.ask(op="start", result=str(result), log=str(folder / "runs.log"), **order)
        return Run(self, int(answer["pid"]), result)

    def ask(self, **question: Any) -> dict[str, Any]:
        """One question, one answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the runner ended with {self._process.wait(5)}")
        return dict(json.loads(line))

    def close(self) -> None:
        """End it and what it still runs."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        assert self._process.stdout is not None
        self._process.stdout.close()
