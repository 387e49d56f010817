"""Faults of the running stack, by the real clock: Airflow's processes, its metadata, ours, the world outside."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil
from fault_lab.real_stack import RealStack, kill_all


@dataclass(frozen=True)
class RealFault:
    """One line of the table. ``strike`` returns when the cause is gone, or when it is the supervisor's to mend."""

    name: str
    expected: str
    strike: Callable[[RealStack], str]
    mended_within_seconds: float = 0.0  # how long the supervisor may take to notice
    may_repeat: bool = True
    short: bool = False  # part of CI's short form

    def __str__(self) -> str:
        return self.name


def _workers(stack: RealStack) -> list[psutil.Process]:
    return stack.scheduler().children()


def _task_killed(stack: RealStack) -> str:
    """The process of a task that runs right now."""
    until = time.monotonic() + 130
    while time.monotonic() < until:
        tasks = [task for worker in _workers(stack) for task in worker.children()]
        if tasks:
            return kill_all(tasks[:1])
        time.sleep(0.05)
    raise AssertionError("no task ran for two minutes")


def _stopped(stack: RealStack) -> str:
    scheduler = stack.scheduler()
    scheduler.send_signal(signal.SIGSTOP)
    return f"scheduler {scheduler.pid} stands still"


def _thrice(stack: RealStack) -> str:
    for _ in range(3):
        kill_all([stack.scheduler()])
        stack.until(lambda: stack.found("airflow", "scheduler") and stack.scheduler(), 60)
        time.sleep(5)
    return "killed three times in a row"


def _database_gone(stack: RealStack, seconds: float) -> str:
    stack.hold("fraud-db")
    stack.database("fraud-db").stop("immediate")
    before = len(stack.landing.completions())
    time.sleep(seconds)
    landed = len(stack.landing.completions()) - before
    stack.hold()
    assert landed >= seconds // 60 - 1, f"only {landed} minutes landed meanwhile"
    return f"{landed} minutes landed meanwhile"


def _stopped_database(stack: RealStack, name: str) -> str:
    stack.database(name).stop("immediate")
    return "stopped as after a crash"


def _mail_down(stack: RealStack, seconds: float) -> str:
    stack.smtp.mode = "refuse"
    time.sleep(seconds)
    pending = stack.rows("select count(*) from outbox where status = 'pending'")[0][0]
    stack.smtp.heal()
    return f"{pending} mails waited"


def _api_down(stack: RealStack, seconds: float) -> str:
    stack.api.order("status_503")
    time.sleep(seconds)
    stack.api.clear()
    return f"503 for {seconds:.0f} s"


def _without_model(stack: RealStack, seconds: float) -> str:
    path = stack.model / "model.ubj"
    path.rename(path.with_suffix(".away"))
    time.sleep(seconds)
    path.with_suffix(".away").rename(path)
    return f"no model for {seconds:.0f} s"


def _supervisor_killed(stack: RealStack) -> str:
    stack.process.kill()
    stack.process.wait()
    orphans = len(stack.found())
    time.sleep(5)
    stack.start_again()
    return f"{orphans} processes left behind; `make run` again"


FAULTS = [
    RealFault("scheduler: SIGKILL", "started again; no minute lost", lambda s: kill_all([s.scheduler()]),
              mended_within_seconds=30, short=True),
    RealFault("workers: SIGKILL", "the stall is noticed, the scheduler started again", lambda s: kill_all(_workers(s)),
              mended_within_seconds=150, short=True),
    RealFault("scheduler: stands still (SIGSTOP)", "the stall is noticed, the scheduler started again", _stopped,
              mended_within_seconds=150),
    RealFault("scheduler: killed three times in a row", "started again each time", _thrice, mended_within_seconds=60),
    RealFault("a running task: SIGKILL", "tried again, or taken up by the next run", _task_killed,
              mended_within_seconds=120),
    RealFault("API server: SIGKILL", "started again; tasks outlive it", lambda s: s.kill("airflow", "api"),
              mended_within_seconds=60),
    RealFault("dag processor: SIGKILL", "started again; nothing else notices", lambda s: s.kill("airflow", "dag-proc"),
              mended_within_seconds=30),
    RealFault("Airflow's metadata: immediate stop", "started again; minutes go on",
              lambda s: _stopped_database(s, "airflow-db"), mended_within_seconds=150),
    RealFault("fraud_db: immediate stop", "started again; loaded by the next run",
              lambda s: _stopped_database(s, "fraud-db"), mended_within_seconds=30),
    RealFault("fraud_db: gone for two minutes", "minutes land, and are loaded when it is back",
              lambda s: _database_gone(s, 120), mended_within_seconds=30),
    RealFault("payments simulator: SIGKILL", "started again; the minute asked for later",
              lambda s: s.kill("payments-simulator", "serve"), mended_within_seconds=60),
    RealFault("payments API: 503 for two minutes", "the minutes asked for when it is back",
              lambda s: _api_down(s, 120)),
    RealFault("mail server: down for two minutes", "mails wait, and are sent", lambda s: _mail_down(s, 120)),
    RealFault("model: missing for two minutes", "minutes land, and are scored when it is back",
              lambda s: _without_model(s, 120)),
    RealFault("the supervisor itself: SIGKILL", "`make run` again ends what was left and goes on", _supervisor_killed,
              mended_within_seconds=240),
    RealFault("fraud_db: gone for ten minutes", "ten minutes land, and are all loaded within three",
              lambda s: _database_gone(s, 600), mended_within_seconds=30),
]  # fmt: skip
