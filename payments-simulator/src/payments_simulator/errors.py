"""The one error a user of the simulator sees."""

from __future__ import annotations


class SimulatorError(Exception):
    """An error that the user can mend.

    Args:
        what: one sentence, the cause.
        cure: one sentence, what to do.
    """

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(what, cure)
        self.what = what
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.what}. {self.cure}."
