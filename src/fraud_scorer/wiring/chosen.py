"""What every group of parts is made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraud_scorer.settings import Settings
from fraud_scorer.settings.connections import AwsAccess

if TYPE_CHECKING:
    from fraud_scorer.steps.extract import Clock


class Chosen:
    """What every group of parts is made from: the settings, the clock, and how AWS is reached (None: boto3 knows)."""

    def __init__(self, settings: Settings, clock: Clock | None = None, aws: AwsAccess | None = None) -> None:
        from fraud_common.system_clock import SystemClock

        self.settings = settings
        self.aws = aws or AwsAccess()
        self.clock: Clock = clock or SystemClock()
