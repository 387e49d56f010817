"""What dies or goes deaf is started again."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

from fraud_stack.embedded_postgres import free_port
from fraud_stack.options import StackOptions
from fraud_stack.processes import Process, end_all
from fraud_stack.restarts import UNANSWERED_CHECKS, Restarter
from fraud_stack.services import Service
from fraud_stack.stack import Stack
from fraud_stack.terminal import Terminal


class SmallStack:
    """One service that sleeps (or does what ``program`` says), and no database."""

    def __init__(self, folder: Path, program: str, health: str = "") -> None:
        self.said = io.StringIO()
        self.terminal = Terminal(Console(file=self.said, width=400))
        self.options = StackOptions(folder, folder)
        self.values: dict[str, str] = {}
        self.services = {"one": Service("one", (sys.executable, "-c", program), health=health, start_seconds=0)}
        self.databases: dict[str, Any] = {}
        self.processes: dict[str, Process] = {}
        self.starts = 0
        self.server("one")

    def server(self, name: str, *, wait: bool = True) -> None:
        """Start it."""
        self.starts += 1
        self.processes[name] = Process(
            name, self.services[name].argv, {}, home=self.options.data_dir, cwd=self.options.checkout,
            log=self.options.logs / "one.log",
        )  # fmt: skip
        self.processes[name].start()

    def until(self, look: Callable[[], None], starts: int) -> None:
        """Look again and again, until it was started so often."""
        while self.starts < starts:
            look()
            time.sleep(0.05)


@pytest.fixture
def small_stack(tmp_path: Path) -> Iterator[Callable[..., SmallStack]]:
    """Makes small stacks, and ends them."""
    made: list[SmallStack] = []

    def make(program: str, health: str = "") -> SmallStack:
        made.append(SmallStack(tmp_path, program, health))
        return made[-1]

    yield make
    for stack in made:
        end_all(stack.processes.values(), 0.1)


def test_what_dies_is_started_again_after_longer_and_longer_pauses(small_stack: Callable[..., SmallStack]) -> None:
    """Each death is one line with the exit code and the last words; the pause doubles."""
    stack = small_stack("print('no more'); raise SystemExit(3)")
    restarter = Restarter(cast(Stack, stack))
    stack.until(restarter.restart_dead, 3)
    said = stack.said.getvalue()
    assert "one ended (3) → it is started again in 1 s" in said
    assert "started again in 2 s" in said
    assert "no more" in said


def test_what_is_held_is_left_as_it_is(small_stack: Callable[..., SmallStack]) -> None:
    """A name in the file `hold` is not started again, until it is taken out."""
    stack = small_stack("raise SystemExit(0)")
    restarter = Restarter(cast(Stack, stack))
    (stack.options.data_dir / "hold").write_text("one\n")
    while stack.processes["one"].exit_code() is None:
        time.sleep(0.02)
    for _ in range(50):
        restarter.restart_dead()
    assert (stack.starts, stack.said.getvalue()) == (1, "")
    (stack.options.data_dir / "hold").unlink()
    stack.until(restarter.restart_dead, 2)


def test_what_lives_and_does_not_answer_is_started_again(small_stack: Callable[..., SmallStack]) -> None:
    """One missed answer is nothing; several in a row are a process that hangs."""
    stack = small_stack("import time; time.sleep(600)", health=f"tcp:{free_port()}")
    restarter = Restarter(cast(Stack, stack))
    for _ in range(UNANSWERED_CHECKS - 1):
        restarter.restart_unresponsive()
    assert stack.starts == 1
    restarter.restart_unresponsive()
    assert stack.starts == 2
    assert "one does not answer any more" in stack.said.getvalue()


def test_a_database_that_stopped_is_started_again(small_stack: Callable[..., SmallStack]) -> None:
    """PostgreSQL counts as one of the processes."""
    stack = small_stack("import time; time.sleep(600)")
    started: list[str] = []
    stack.databases["fraud-db"] = SimpleNamespace(running=lambda: bool(started), data_dir=stack.options.data_dir)
    stack.database = started.append  # type: ignore[attr-defined]
    restarter = Restarter(cast(Stack, stack))
    while not started:
        restarter.restart_dead()
        time.sleep(0.05)
    assert started == ["fraud-db"]
