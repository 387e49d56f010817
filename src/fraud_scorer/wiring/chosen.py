"""What every group of parts is made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraud_scorer.settings import Settings

if TYPE_CHECKING:
    from fraud_scorer.steps.extract import Clock


class Chosen:
    """What every group of parts is made from: the settings and the clock."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        from fraud_scorer.adapters.clock import SystemClock

        self.settings = settings
        self.clock: Clock = clock or SystemClock()
