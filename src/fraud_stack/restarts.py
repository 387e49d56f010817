"""Starts again a process or database that ended, does not answer or stalls; the pause between tries grows."""

from __future__ import annotations

import time
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from fraud_common.errors import FraudScorerError
from fraud_scorer.monitoring.airflow_health import STALL_SECONDS, minutes_stall
from fraud_stack.errors import StopRequested
from fraud_stack.health import is_ready
from fraud_stack.processes import Process, end_all
from fraud_stack.services import airflow_db_url
from fraud_stack.stack import Stack

SCHEDULER = "airflow-scheduler"
UNANSWERED_CHECKS = 6
LONGEST_BACKOFF_SECONDS = 60.0
HEALTHY_SECONDS = 60.0


class Restarter:
    """Keeps a stack's processes and databases alive.

    Names that stand in ``<data>/hold`` (one a line) are left as they are: for maintenance, and to try an outage.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._terminal = stack.terminal
        self._backoff: dict[str, float] = {}
        self._due: dict[str, float] = {}  # when to start again what died: time.monotonic()
        self._unanswered: dict[str, int] = {}  # checks in a row without an answer

    def restart_dead(self) -> None:
        """Start the processes and databases again that have ended."""
        held = self._held()
        for name in self._stack.services:
            process = self._stack.processes.get(name)
            if process and process.exit_code() is not None and name not in held:
                self._after_a_pause(name, process)
        for name, server in self._stack.databases.items():
            if name not in held and not server.running():
                self._after_a_pause(name, None)

    def restart_unresponsive(self) -> None:
        """Start the processes again that live and did not answer `UNANSWERED_CHECKS` checks in a row."""
        for name, service in self._stack.services.items():
            process = self._stack.processes.get(name)
            if not service.health or process is None or process.exit_code() is not None or name in self._held():
                continue
            answers = is_ready(service.health, patience_seconds=1.0)
            self._unanswered[name] = 0 if answers else self._unanswered.get(name, 0) + 1
            if self._unanswered[name] >= UNANSWERED_CHECKS and process.running_seconds() > service.start_seconds:
                self._unanswered[name] = 0
                self._terminal.trouble(f"{name} does not answer any more", f"it is started again; see {process.log}")
                self._restart(name, process)

    def restart_stalled_scheduler(self) -> None:
        """Start Airflow's scheduler again if it starts no task, which its own health does not tell."""
        process = self._stack.processes.get(SCHEDULER)
        if process is None or process.exit_code() is not None or process.running_seconds() < STALL_SECONDS:
            return
        url = airflow_db_url(self._stack.options, self._stack.values)
        try:
            stalled = minutes_stall(url, patience_seconds=STALL_SECONDS)
        except SQLAlchemyError:
            return  # its database is down: that is started again first
        if stalled and SCHEDULER not in self._held():
            self._terminal.trouble(f"no task has started for {STALL_SECONDS:.0f} s", "the scheduler is started again")
            self._restart(SCHEDULER, process)

    def _after_a_pause(self, name: str, process: Process | None) -> None:
        now = time.monotonic()
        if name not in self._due:
            if process and process.running_seconds() > HEALTHY_SECONDS:
                self._backoff.pop(name, None)
            pause = self._backoff.get(name, 1.0)
            self._backoff[name] = min(2 * pause, LONGEST_BACKOFF_SECONDS)
            self._due[name] = now + pause
            code = f" ({process.exit_code()})" if process else ""
            log: Path = process.log if process else self._stack.databases[name].data_dir
            self._terminal.trouble(
                f"{name} ended{code}",
                f"it is started again in {pause:.0f} s; see {log}",
                process.last_lines(3) if process else None,
            )
        elif now >= self._due[name]:
            del self._due[name]
            self._restart(name, process)

    def _restart(self, name: str, process: Process | None) -> None:
        try:
            if process is None:
                self._stack.database(name)
                return
            end_all([process], 3)  # what it left of its children
            self._stack.server(name, wait=False)
            self._terminal.done(f"starting {name}", f"{name} is started again")
        except FraudScorerError as error:
            self._terminal.trouble(error.what, error.cure)
        except StopRequested:
            return

    def _held(self) -> set[str]:
        try:
            return set((self._stack.options.data_dir / "hold").read_text().split())
        except OSError:
            return set()
