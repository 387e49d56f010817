"""Connections to ``fraud_db`` that always come to an end, and transactions whose errors are ours."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg2.extensions
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import NullPool

from fraud_scorer.store.errors import translated


def create_store_engine(
    url: str,
    *,
    connect_seconds: int = 5,
    statement_seconds: float = 45.0,
    lock_seconds: float = 20.0,
    transaction_seconds: float = 60.0,
    search_path: str = "public,report",
) -> Engine:
    """An engine on ``fraud_db`` (``postgresql+psycopg2://…``); nothing is connected yet.

    Every transaction has a connection of its own, so none is stale, and every wait ends: PostgreSQL ends statements and
    waits for locks, the kernel ends connections whose other side is gone, and after ``transaction_seconds`` we hang
    up ourselves, which also ends a connection whose other side is there and silent. The sessions' time zone is UTC.
    """
    limits = {
        "statement_timeout": f"{statement_seconds:g}s",
        "lock_timeout": f"{lock_seconds:g}s",
        "idle_in_transaction_session_timeout": f"{transaction_seconds:g}s",
        "timezone": "UTC",
        "search_path": search_path,
    }
    engine = create_engine(
        url,
        poolclass=NullPool,
        connect_args={
            "connect_timeout": connect_seconds,
            "keepalives": 1,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 15_000,
            "application_name": "fraud-scorer",
            "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
        },
    )
    _hang_up_after(engine, transaction_seconds)
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[psycopg2.extensions.cursor]:
    """A psycopg2 cursor in a transaction: committed at the end of the block, rolled back if it raises.

    Raises:
        StoreUnavailable: PostgreSQL cannot be reached, hung up, or gave the transaction up; after a lost answer to the
            commit it may have happened nevertheless, and doing it again must change nothing.
        TerminalError: the schema, a right or the data do not fit.
    """
    try:
        with engine.begin() as connection:
            yield cast("psycopg2.extensions.cursor", connection.connection.cursor())
    except Exception as error:
        ours = translated(error)
        if ours is None:
            raise
        raise ours from None  # PostgreSQL's own error may quote a row: keep it out of the logs


def _hang_up_after(engine: Engine, seconds: float) -> None:
    """Shut a connection's socket when it has been in use for longer; whoever waits on it gets an error at once."""

    @event.listens_for(engine, "checkout")
    def start(connection: psycopg2.extensions.connection, record: Any, _proxy: object) -> None:
        duplicate = socket.socket(fileno=os.dup(connection.fileno()))
        timer = threading.Timer(seconds, _shut, [duplicate])
        timer.daemon = True
        timer.start()
        record.info["watch"] = (timer, duplicate)

    @event.listens_for(engine, "checkin")
    def stop(_connection: object, record: Any) -> None:
        _stop_watching(record)

    @event.listens_for(engine, "invalidate")
    def forget(_connection: object, record: Any, _error: object) -> None:
        _stop_watching(record)


def _stop_watching(record: Any) -> None:
    timer, duplicate = record.info.pop("watch", (None, None))
    if timer is not None:
        timer.cancel()
        duplicate.close()


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # closed in the meantime
