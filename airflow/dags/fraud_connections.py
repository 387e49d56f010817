"""Airflow's connections `fraud_db`, `smtp_default` and `aws_default`, handed to the library where they are set.

Whatever Airflow finds them in: the environment (AIRFLOW_CONN_FRAUD_DB), its pages and command line, a secrets backend.
A task asks only for those that its step uses, and `extract` for none: it waits for nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow.sdk import Connection as AirflowConnection
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError

from fraud_scorer.errors import TransientError
from fraud_scorer.settings import settings_with
from fraud_scorer.settings_connections import (
    AWS,
    MAIL,
    STORE,
    Connection,
    aws_access,
    mail_settings,
    store_settings,
)

if TYPE_CHECKING:
    from fraud_scorer.wiring import Parts

Get = Callable[[str], Any]
UNSURE = "Airflow's API server does not say whether the connection {} is set"


def parts(*names: str, get: Get | None = None, absent: Callable[[str], bool] | None = None) -> Parts:
    """The adapters that the settings choose, with the connections ``names`` before every other source.

    Args:
        names: of `STORE`, `MAIL` and `AWS`, those that the task uses.
        get: Airflow's own ``Connection.get``.
        absent: whether Airflow is sure that there is no such connection.

    Raises:
        SettingsError: a connection asks for what cannot be had.
        TransientError: nobody knows whether one is set: to guess could mean another database.
    """
    from fraud_scorer import wiring

    found = {name: one for name in names if (one := _found(name, get or AirflowConnection.get, absent or _is_absent))}
    given = (store_settings(found[STORE]) if STORE in found else {}) | (
        mail_settings(found[MAIL]) if MAIL in found else {}
    )
    if found:
        logging.getLogger(__name__).info("Settings of Airflow's connections: %s", ", ".join(map(_told, found.values())))
    return wiring.Parts(settings_with(given), aws=aws_access(found[AWS]) if AWS in found else None)


def _found(name: str, get: Get, absent: Callable[[str], bool]) -> Connection | None:
    try:
        one = get(name)
    except AirflowNotFoundException:
        if absent(name):
            return None
        raise TransientError(UNSURE.format(name)) from None
    return Connection(
        name=name,
        kind=(one.conn_type or "").lower(),
        host=one.host or "",
        port=one.port,
        login=one.login or "",
        password=one.password or "",
        schema=one.schema or "",
        extra=one.extra_dejson,
    )


def _is_absent(name: str) -> bool:
    """Whether the API server itself says so: to Airflow's ``Connection.get`` one that fails to answer is as good."""
    from airflow.sdk.exceptions import ErrorType
    from airflow.sdk.execution_time.comms import ErrorResponse, GetConnection
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    try:
        answer = SUPERVISOR_COMMS.send(GetConnection(conn_id=name))
    except AirflowRuntimeError:
        return False
    return isinstance(answer, ErrorResponse) and answer.error == ErrorType.CONNECTION_NOT_FOUND


def _told(connection: Connection) -> str:
    place = connection.host + (f":{connection.port}" if connection.port else "")
    return f"{connection.name} ({place})" if place else connection.name
