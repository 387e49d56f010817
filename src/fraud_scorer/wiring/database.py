"""Makes the connections to ``fraud_db`` and the stores in it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from fraud_scorer.settings import Settings

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


class Database:
    """``fraud_db`` and the stores in it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def engine(self) -> Engine:
        """Connections to ``fraud_db``."""
        from fraud_scorer.store.engine import create_store_engine

        return create_store_engine(self.settings.fraud_db_url.get_secret_value())

    @cached_property
    def store(self) -> PostgresStore:
        """Payments and run ledger: ``ports.Store``."""
        from fraud_scorer.store.payments import PostgresStore

        return PostgresStore(self.engine)

    @cached_property
    def ledger(self) -> PostgresLedger:
        """The run ledger alone, for commands that read no payments: it imports no pandas."""
        from fraud_scorer.store.run_ledger import PostgresLedger

        return PostgresLedger(self.engine)

    @cached_property
    def quarantine(self) -> PostgresQuarantine:
        """Records that could not become payments."""
        from fraud_scorer.store.quarantine import PostgresQuarantine

        return PostgresQuarantine(self.engine)

    @cached_property
    def purge(self) -> PostgresPurge:
        """Deletes rows at the end of their retention."""
        from fraud_scorer.store.retention import PostgresPurge

        return PostgresPurge(self.engine)

    @cached_property
    def labels(self) -> PostgresLabels:
        """Labels of payments."""
        from fraud_scorer.store.labels import PostgresLabels

        return PostgresLabels(self.engine)

    @cached_property
    def audit(self) -> PostgresAudit:
        """The audit log: who did what, apart from the pipeline's runs."""
        from fraud_scorer.store.audit import PostgresAudit

        return PostgresAudit(self.engine)

    @cached_property
    def days(self) -> PostgresDays:
        """The facts of whole days."""
        from fraud_scorer.store.days import PostgresDays

        return PostgresDays(self.engine)

    @cached_property
    def drift(self) -> PostgresDrift:
        """Feature drift of days, compared with the model's reference."""
        from fraud_scorer.store.analysis import long_engine
        from fraud_scorer.store.drift import PostgresDrift

        return PostgresDrift(long_engine(self.settings.fraud_db_url.get_secret_value()))

    @cached_property
    def sending_outbox(self) -> PostgresOutbox:
        """The outbox, by the login that may send its messages and nothing else."""
        from fraud_scorer.store.engine import create_store_engine
        from fraud_scorer.store.outbox import PostgresOutbox

        url = self.settings.fraud_db_alerter_url.get_secret_value()
        return PostgresOutbox(create_store_engine(url)) if url else self.outbox

    @cached_property
    def outbox(self) -> PostgresOutbox:
        """The outbox: messages that wait."""
        from fraud_scorer.store.outbox import PostgresOutbox

        return PostgresOutbox(self.engine)
