"""Where settings choose the real things: the only module that knows both the steps and the outside.

Heavy parts (model, database, AWS) are made when first used: a command pays only for what it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraud_scorer.settings import Settings
from fraud_scorer.wiring.deciding import Deciding
from fraud_scorer.wiring.telling import Telling

if TYPE_CHECKING:
    from fraud_scorer.operations.database.migrate import Migrated


class Parts(Deciding, Telling):
    """The adapters that the settings choose, each made when first asked for."""


def migrate(settings: Settings) -> Migrated:
    """Bring ``fraud_db`` to the newest schema."""
    from fraud_scorer.operations.database.migrate import migrate as bring_up

    return bring_up(
        settings.fraud_db_url.get_secret_value(),
        time_zone=settings.fraud_time_zone,
        label_delay_days=settings.fraud_label_delay_days,
        currency=settings.fraud_currency,
        dashboard_password=settings.fraud_dashboard_db_password.get_secret_value(),
    )
