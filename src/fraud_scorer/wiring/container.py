"""The container: groups of adapters that the settings choose, each adapter made when it is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraud_scorer.settings import Settings
from fraud_scorer.settings.connections import AwsAccess
from fraud_scorer.wiring.alerting import Alerting
from fraud_scorer.wiring.database import Database
from fraud_scorer.wiring.files import Files
from fraud_scorer.wiring.monitoring import Monitoring
from fraud_scorer.wiring.scoring import Scoring
from fraud_scorer.wiring.source import Source

if TYPE_CHECKING:
    from fraud_scorer.steps.extract import Clock


class Parts:
    """The adapters by group.

    Args:
        settings: choose the adapters.
        clock: the time; None: the system's.
        aws: how AWS is reached; None: boto3 finds region and keys.
    """

    def __init__(self, settings: Settings, clock: Clock | None = None, aws: AwsAccess | None = None) -> None:
        from fraud_common.system_clock import SystemClock

        self.settings, self.aws = settings, aws or AwsAccess()
        self.clock: Clock = clock or SystemClock()
        self.source = Source(settings, self.clock)
        self.files = Files(settings)
        self.database = Database(settings)
        self.scoring = Scoring(settings, self.aws, self.database)
        self.alerting = Alerting(settings)
        self.monitoring = Monitoring(settings, self.files, self.alerting)
