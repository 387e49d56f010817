"""While the stack runs: a line a minute, and whatever died or stalled is started again."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from fraud_scorer.errors import FraudScorerError
from fraud_scorer.operations.stack.minutes import minutes_stall, settled_minutes
from fraud_scorer.operations.stack.processes import Process, end_all, shorten
from fraud_scorer.operations.stack.services import airflow_clean, airflow_db_url
from fraud_scorer.operations.stack.stack import Stack, Stopping

STALL_SECONDS = 100.0
LONGEST_BACKOFF_SECONDS = 60.0
HEALTHY_SECONDS = 60.0
CLEANING_SECONDS = 6 * 3600.0
KEPT = timedelta(days=7)  # Airflow's own memory of runs; the run ledger keeps its own


class Watch:
    """Looks after a started stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._screen = stack.screen
        self._since = datetime.now(UTC) - timedelta(minutes=1)
        self._shown: dict[str, datetime] = {}
        self._backoff: dict[str, float] = {}
        self._due: dict[str, float] = {}  # when to start again what died: time.monotonic()
        self._last = {"cleaning": time.monotonic() - CLEANING_SECONDS + 1800}  # not in the busy first minutes
        self._store_down = False

    def until(self, stopping: threading.Event) -> None:
        """Watch until ``stopping`` is set."""
        while not stopping.wait(0.5):
            self._revive()
            self._every(2, "minutes", self._show_minutes)
            self._every(15, "stall", self._restart_a_stalled_scheduler)
            self._every(60, "logs", self._shorten_logs)
            self._every(CLEANING_SECONDS, "cleaning", self._forget_old_runs)

    def _every(self, seconds: float, name: str, act: Callable[[], None]) -> None:
        if time.monotonic() - self._last.get(name, 0.0) >= seconds:
            self._last[name] = time.monotonic()
            act()

    def _revive(self) -> None:
        for name in self._stack.services:
            process = self._stack.processes.get(name)
            if process and process.exit_code() is not None:
                self._start_again(name, process)
        for name, server in self._stack.databases.items():
            if not server.running():
                self._start_again(name, None)

    def _start_again(self, name: str, process: Process | None) -> None:
        """Say that it died, wait its backoff, start it."""
        now = time.monotonic()
        if name not in self._due:
            if process and process.running_seconds() > HEALTHY_SECONDS:
                self._backoff.pop(name, None)
            wait = self._backoff.get(name, 1.0)
            self._backoff[name] = min(2 * wait, LONGEST_BACKOFF_SECONDS)
            self._due[name] = now + wait
            how = f" ({process.exit_code()})" if process else ""
            cure = (
                f"started again in {wait:.0f} s; see {process.log if process else self._stack.databases[name].data_dir}"
            )
            self._screen.trouble(f"{name} ended{how}", cure, process.last_lines(3) if process else None)
        elif now >= self._due[name]:
            del self._due[name]
            self._restart(name, process)

    def _restart(self, name: str, process: Process | None) -> None:
        try:
            if process is None:
                self._stack.database(name)
            else:
                end_all([process], 1)  # what it left of its children
                self._stack.server(name, wait=False)
                self._screen.done(f"starting {name}", f"{name} is started again")
        except FraudScorerError as error:
            self._screen.trouble(error.what, error.cure)
        except Stopping:
            return

    def _show_minutes(self) -> None:
        try:
            minutes = settled_minutes(self._stack.values["FRAUD_DB_URL"], self._since)
        except SQLAlchemyError as error:
            if not self._store_down:
                self._screen.trouble(
                    f"fraud_db cannot be asked: {str(error).splitlines()[0]}", "minutes are landed meanwhile"
                )
            self._store_down = True
            return
        if self._store_down:
            self._store_down = False
            self._screen.say("fraud_db answers again")
        for minute in minutes:
            if minute.batch_id not in self._shown:
                self._shown[minute.batch_id] = minute.minute
                self._screen.say(minute.line())
        self._since = max(self._since, datetime.now(UTC) - timedelta(minutes=10))
        oldest = datetime.now(UTC) - timedelta(hours=6)
        self._shown = {batch: at for batch, at in self._shown.items() if at > oldest}

    def _restart_a_stalled_scheduler(self) -> None:
        name = "airflow-scheduler"
        process = self._stack.processes.get(name)
        if process is None or process.exit_code() is not None or process.running_seconds() < STALL_SECONDS:
            return
        try:
            stalled = minutes_stall(
                airflow_db_url(self._stack.options, self._stack.values), patience_seconds=STALL_SECONDS
            )
        except SQLAlchemyError:
            return  # its database is down: said elsewhere
        if stalled:
            self._screen.trouble(f"no task has started for {STALL_SECONDS:.0f} s", "the scheduler is started again")
            end_all([process], 5)
            self._restart(name, process)

    def _forget_old_runs(self) -> None:
        before = datetime.now(UTC) - KEPT
        with contextlib.suppress(FraudScorerError, Stopping):
            self._stack.launch(airflow_clean(self._stack.options, self._stack.values, before))
        for folder in (self._stack.options.logs / "airflow").glob("dag_id=*/run_id=*"):
            if folder.stat().st_mtime < before.timestamp():
                shutil.rmtree(folder, ignore_errors=True)

    def _shorten_logs(self) -> None:
        for process in self._stack.processes.values():
            shorten(process.log)
