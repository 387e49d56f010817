"""``fraud_db``: the adapters on PostgreSQL."""

from fraud_scorer.adapters.postgres.engine import create_store_engine
from fraud_scorer.adapters.postgres.store import PostgresStore

__all__ = ["PostgresStore", "create_store_engine"]
