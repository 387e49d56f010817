"""Where settings choose the adapters: the only package that knows both the steps and the outside.

Heavy parts (model, database, AWS) are made when first used: a command pays only for what it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraud_scorer.settings import Settings
from fraud_scorer.wiring.container import Parts

if TYPE_CHECKING:
    from fraud_scorer.store.schema.migrate import Migrated

__all__ = ["Parts", "migrate"]


def migrate(settings: Settings) -> Migrated:
    """Bring ``fraud_db`` to the newest schema."""
    from fraud_scorer.store.schema.logins import passwords_of
    from fraud_scorer.store.schema.migrate import migrate as bring_up

    secret = {name: getattr(settings, name).get_secret_value() for name in _LOGINS}
    return bring_up(
        secret["fraud_db_owner_url"] or secret["fraud_db_url"],
        admin_url=secret["fraud_db_admin_url"],
        time_zone=settings.fraud_time_zone,
        label_delay_days=settings.fraud_label_delay_days,
        currency=settings.fraud_currency,
        passwords=passwords_of(
            [secret["fraud_db_url"], secret["fraud_db_owner_url"], secret["fraud_db_alerter_url"]],
            {
                "fraud_dashboard": secret["fraud_dashboard_db_password"],
                "fraud_auditor": secret["fraud_auditor_db_password"],
            },
        ),
        signing_key=settings.fraud_dashboard_signing_key.get_secret_value(),
    )


_LOGINS = (
    "fraud_db_url",
    "fraud_db_owner_url",
    "fraud_db_admin_url",
    "fraud_db_alerter_url",
    "fraud_dashboard_db_password",
    "fraud_auditor_db_password",
)
