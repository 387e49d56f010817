"""Errors that end a start: somebody stops it, or a process fails."""

from __future__ import annotations

from fraud_common.errors import TransientError


class StopRequested(Exception):
    """Ctrl-C while starting."""


class ProcessFailed(TransientError):
    """A process ended, or was not ready in time. ``lines`` are the last of its log."""

    def __init__(self, what: str, cure: str = "", lines: tuple[str, ...] = ()) -> None:
        super().__init__(what, cure)
        self.args = (what, cure, lines)
        self.lines = lines
