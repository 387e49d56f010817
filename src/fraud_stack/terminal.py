"""The lines that `make run` prints: one a step, one a minute, one an error."""

from __future__ import annotations

import contextlib
import threading
import time

from rich.console import Console
from rich.markup import escape


class Terminal:
    """Lines on standard output; colours and a spinner only on a terminal. Safe to use from several threads.

    A terminal that is gone (hang-up, a closed pipe) silences it and stops nothing.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(soft_wrap=True, highlight=False)
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._doing: dict[str, None] = {}
        self._status = self._console.status("") if self._console.is_terminal else None

    def doing(self, what: str) -> None:
        """Something began that takes a while."""
        self._doing[what] = None
        self._show_doing()

    def done(self, what: str, found: str = "") -> None:
        """It ended well."""
        self._doing.pop(what, None)
        self.say(f"[green]✓[/] {self.seconds():5.1f} s  {escape(found or what)}")
        self._show_doing()

    def seconds(self) -> float:
        """Since the command was given."""
        return time.monotonic() - self._began

    def say(self, markup: str) -> None:
        """One line, rich markup."""
        with self._lock, contextlib.suppress(OSError):
            self._console.print(markup)

    def trouble(self, what: str, cure: str = "", lines: list[str] | None = None) -> None:
        """An error in one line, and below it what the process itself said last."""
        self.say(f"[bold red]✗[/] {escape(what)}" + (f" → {escape(cure)}" if cure else ""))
        for line in lines or []:
            self.say(f"    [dim]{escape(line[:300])}[/]")

    def quiet(self) -> None:
        """No spinner any more."""
        self._doing.clear()
        self._show_doing()

    def _show_doing(self) -> None:
        if self._status is None:
            return
        with self._lock, contextlib.suppress(OSError):
            if self._doing:
                self._status.update(", ".join(self._doing) + " ...")
                self._status.start()
            else:
                self._status.stop()
