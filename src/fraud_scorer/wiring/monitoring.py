"""Makes the watchdog."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING

from fraud_scorer.settings import Settings
from fraud_scorer.wiring.alerting import Alerting
from fraud_scorer.wiring.files import Files

if TYPE_CHECKING:
    from fraud_scorer.monitoring.watchdog import Watchdog
    from fraud_scorer.monitoring.watchdog_state import StateFile


class Monitoring:
    """The watchdog and its memory."""

    def __init__(self, settings: Settings, files: Files, alerting: Alerting) -> None:
        self.settings, self._files, self._alerting = settings, files, alerting

    @cached_property
    def watch_state(self) -> StateFile:
        """What the watchdog remembers."""
        from fraud_scorer.monitoring.watchdog_state import StateFile

        return StateFile(self.settings.fraud_data_dir)

    def watchdog(self, *, interval: timedelta) -> Watchdog:
        """Looks at the ledger and tells the operator; ``fraud_db`` may be down."""
        from fraud_scorer.alerting.render import domain_of
        from fraud_scorer.monitoring.step_failures import read_failures
        from fraud_scorer.monitoring.watchdog import Operator, Watchdog
        from fraud_scorer.store.health import PostgresWatching

        settings, replicator = self.settings, self._files.replicator
        return Watchdog(
            PostgresWatching(settings.fraud_db_url.get_secret_value(), lag_minutes=settings.payments_api_lag_minutes),
            self._alerting.mailers,
            self.watch_state,
            Operator(settings.alert_operator, domain_of(settings.alert_from), settings.dashboard_url),
            silent_after=timedelta(minutes=settings.watch_no_payments_minutes),
            interval=interval,
            uncopied_since=replicator.uncopied_since if replicator else None,
            rules_fault=self._alerting.rules_fault,
            failures=partial(read_failures, settings.fraud_data_dir),
        )
