"""What PostgreSQL's errors mean to us: to be tried again, or for someone to mend. Never the row that it choked on."""

from __future__ import annotations

import psycopg2
from psycopg2 import errors as pg
from sqlalchemy.exc import DBAPIError

from fraud_common.errors import FraudScorerError, SettingsError, StoreTooSlow, StoreUnavailable, TerminalError

_SCHEMA = (pg.UndefinedTable, pg.UndefinedColumn, pg.UndefinedFunction, pg.UndefinedObject, pg.InvalidColumnReference)
_LOGIN = ("authentication failed", "no password supplied", "does not exist", "no pg_hba.conf entry", "is not permitted")
_TRANSACTION_STATE = "25"  # SQLSTATE class: a read-only server (a failover under way), a transaction that was ended


def translated(error: BaseException) -> FraudScorerError | None:
    """Our error for one of psycopg2's or SQLAlchemy's; None if it is neither."""
    if isinstance(error, DBAPIError):
        error = error.orig or error
    if not isinstance(error, psycopg2.Error):
        return None
    said = _primary(error)
    if isinstance(error, pg.DeadlockDetected | pg.SerializationFailure | pg.LockNotAvailable):
        return StoreUnavailable(f"fraud_db gave the transaction up ({said})", "It is tried again")
    if isinstance(error, pg.QueryCanceled):
        return StoreTooSlow(f"fraud_db took too long ({said})", "It is tried again; is the database overloaded?")
    if (error.pgcode or "").startswith(_TRANSACTION_STATE):
        return StoreUnavailable(f"fraud_db gave the transaction up ({said})", "It is tried again; did it fail over?")
    if isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
        return _connection_fault(error, said)
    if isinstance(error, _SCHEMA):
        return SettingsError(f"fraud_db's schema does not fit this release ({said})", "Run `fraud-scorer migrate`")
    if isinstance(error, pg.InsufficientPrivilege):
        return SettingsError(f"fraud_db refused: {said}", "Give FRAUD_DB_URL's user this right")
    return TerminalError(f"fraud_db refused the data ({type(error).__name__}: {said})", "Nothing of it was written")


def _connection_fault(error: psycopg2.Error, said: str) -> FraudScorerError:
    if error.pgcode is None and any(words in said for words in _LOGIN):
        return SettingsError(f"fraud_db refused the login ({said})", "Check FRAUD_DB_URL, then `fraud-scorer migrate`")
    return StoreUnavailable(f"fraud_db cannot be reached or hung up ({said})", "It is tried again; is it running?")


def _primary(error: psycopg2.Error) -> str:
    """The first line only: what follows (DETAIL, CONTEXT) may quote rows."""
    text = getattr(getattr(error, "diag", None), "message_primary", None) or str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0].split("FATAL:")[-1].strip() if lines else type(error).__name__
