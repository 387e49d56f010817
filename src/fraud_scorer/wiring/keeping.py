"""What is kept: ``fraud_db`` and its rooms."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from fraud_scorer.wiring.chosen import Chosen

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from fraud_scorer.store.audit import PostgresAudit
    from fraud_scorer.store.days import PostgresDays
    from fraud_scorer.store.drift import PostgresDrift
    from fraud_scorer.store.labels import PostgresLabels
    from fraud_scorer.store.outbox import PostgresOutbox
    from fraud_scorer.store.payments import PostgresStore
    from fraud_scorer.store.quarantine import PostgresQuarantine
    from fraud_scorer.store.retention import PostgresPurge
    from fraud_scorer.store.run_ledger import PostgresLedger


class Keeping(Chosen):
    """``fraud_db``."""

    @cached_property
    def engine(self) -> Engine:
        """``fraud_db``."""
        from fraud_scorer.store.engine import create_store_engine

        return create_store_engine(self.settings.fraud_db_url.get_secret_value())

    @cached_property
    def store(self) -> PostgresStore:
        """Payments and ledger."""
        from fraud_scorer.store.payments import PostgresStore

        return PostgresStore(self.engine)

    @cached_property
    def ledger(self) -> PostgresLedger:
        """The ledger alone, for what looks at no payments: it imports no pandas."""
        from fraud_scorer.store.run_ledger import PostgresLedger

        return PostgresLedger(self.engine)

    @cached_property
    def quarantine(self) -> PostgresQuarantine:
        """Records that could not become payments."""
        from fraud_scorer.store.quarantine import PostgresQuarantine

        return PostgresQuarantine(self.engine)

    @cached_property
    def purge(self) -> PostgresPurge:
        """Rows that are kept no longer."""
        from fraud_scorer.store.retention import PostgresPurge

        return PostgresPurge(self.engine)

    @cached_property
    def labels(self) -> PostgresLabels:
        """What others say of payments."""
        from fraud_scorer.store.labels import PostgresLabels

        return PostgresLabels(self.engine)

    @cached_property
    def audit(self) -> PostgresAudit:
        """Who did what beside the pipeline's own runs."""
        from fraud_scorer.store.audit import PostgresAudit

        return PostgresAudit(self.engine)

    @cached_property
    def days(self) -> PostgresDays:
        """What is known of whole days."""
        from fraud_scorer.store.days import PostgresDays

        return PostgresDays(self.engine)

    @cached_property
    def drift(self) -> PostgresDrift:
        """Days compared with the model's reference."""
        from fraud_scorer.store.analysis import long_engine
        from fraud_scorer.store.drift import PostgresDrift

        return PostgresDrift(long_engine(self.settings.fraud_db_url.get_secret_value()))

    @cached_property
    def sending_outbox(self) -> PostgresOutbox:
        """Messages that wait, by the login that may send them and nothing else."""
        from fraud_scorer.store.engine import create_store_engine
        from fraud_scorer.store.outbox import PostgresOutbox

        url = self.settings.fraud_db_alerter_url.get_secret_value()
        return PostgresOutbox(create_store_engine(url)) if url else self.outbox

    @cached_property
    def outbox(self) -> PostgresOutbox:
        """Messages that wait."""
        from fraud_scorer.store.outbox import PostgresOutbox

        return PostgresOutbox(self.engine)
