"""While the stack runs: shows a line a minute, starts failed processes again, keeps logs short."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from fraud_stack.processes import shorten
from fraud_stack.recent_minutes import settled_minutes
from fraud_stack.restarts import Restarter
from fraud_stack.stack import Stack


class Supervisor:
    """Supervises a started stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._terminal = stack.terminal
        self._restarter = Restarter(stack)
        self._since = datetime.now(UTC) - timedelta(minutes=1)
        self._shown: dict[str, datetime] = {}
        self._last: dict[str, float] = {}
        self._store_down = False

    def until(self, stopping: threading.Event) -> None:
        """Watch until ``stopping`` is set."""
        while not stopping.wait(0.5):
            self._restarter.restart_dead()
            self._every(2, "minutes", self._show_minutes)
            self._every(15, "unresponsive", self._restarter.restart_unresponsive)
            self._every(15, "stall", self._restarter.restart_stalled_scheduler)
            self._every(60, "logs", self._shorten_logs)

    def _every(self, seconds: float, name: str, act: Callable[[], None]) -> None:
        if time.monotonic() - self._last.get(name, 0.0) >= seconds:
            self._last[name] = time.monotonic()
            act()

    def _show_minutes(self) -> None:
        try:
            minutes = settled_minutes(self._stack.values["FRAUD_DB_URL"], self._since)
        except SQLAlchemyError as error:
            if not self._store_down:
                why = str(error).splitlines()[0]
                self._terminal.trouble(f"fraud_db cannot be asked: {why}", "minutes are landed meanwhile")
            self._store_down = True
            return
        if self._store_down:
            self._store_down = False
            self._terminal.say("fraud_db answers again")
        now = datetime.now(UTC)
        for minute in minutes:
            if minute.batch_id not in self._shown:
                self._shown[minute.batch_id] = now
                self._terminal.say(minute.line())
        self._since = max(self._since, now - timedelta(minutes=10))
        self._shown = {batch: at for batch, at in self._shown.items() if at > now - timedelta(hours=1)}

    def _shorten_logs(self) -> None:
        for process in self._stack.processes.values():
            shorten(process.log)
