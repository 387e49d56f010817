"""``fraud_db``: the adapters on PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fraud_scorer.store.engine import create_store_engine

if TYPE_CHECKING:
    from fraud_scorer.store.payments import PostgresStore

__all__ = ["PostgresStore", "create_store_engine"]


def __getattr__(name: str) -> type[PostgresStore]:
    """The store when it is asked for: it imports pandas, which the rooms beside it do without."""
    if name != "PostgresStore":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from fraud_scorer.store.payments import PostgresStore

    return PostgresStore
