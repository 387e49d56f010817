"""Airflow's connections `fraud_db`, `smtp_default` and `aws_default`, handed to the library where they are set.

Whatever Airflow finds them in: the environment (AIRFLOW_CONN_FRAUD_DB), its pages and command line, a secrets backend.
A task asks only for those that its step uses, and `extract` for none: it waits for nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import airflow
from airflow.sdk import Connection as AirflowConnection
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError, ErrorType
from airflow.sdk.log import mask_secret

from fraud_common.errors import TransientError
from fraud_scorer.settings import load_settings, settings_with
from fraud_scorer.settings.connections import (
    AWS,
    MAIL,
    STORE,
    Connection,
    aws_access,
    mail_settings,
    store_settings,
)

if TYPE_CHECKING:
    from airflow.sdk.execution_time.comms import ConnectionResult

    from fraud_scorer.wiring import Parts

Get = Callable[[str], AirflowConnection | None]
TRIED_WITH = "3.3"  # the release of Airflow whose private names `private_api` was tried with


def parts(*names: str, get: Get | None = None) -> Parts:
    """The adapters that the settings choose, with the connections ``names`` before every other source.

    Args:
        names: of `STORE`, `MAIL` and `AWS`, those that the task uses. AWS counts only where an endpoint is in use, and
            stands for the store too then: the endpoint's circuit breaker lives there.
        get: Airflow's connection of a name, None if there is none; tests hand in another.

    Raises:
        SettingsError: a connection asks for what cannot be had.
        TransientError: nobody knows whether one is set: to guess could mean another database.
    """
    from fraud_scorer import wiring

    wanted = _wanted(names)
    found = {name: _ours(name, one) for name in wanted if (one := (get or connection)(name))}
    given = (store_settings(found[STORE]) if STORE in found else {}) | (
        mail_settings(found[MAIL]) if MAIL in found else {}
    )
    if found:
        logging.getLogger(__name__).info("Settings of Airflow's connections: %s", ", ".join(map(_told, found.values())))
    settings = settings_with(given) if given else load_settings()
    return wiring.Parts(settings, aws=aws_access(found[AWS]) if AWS in found else None)


def connection(name: str) -> AirflowConnection | None:
    """Airflow's connection ``name``, None if there is none.

    Airflow's own ``Connection.get`` takes an API server that fails for "there is none", and has to be asked again to
    know: so its backends are asked here, in its order, and the API server, the last of them, once. That needs names
    that are private to Airflow; where they are not those of `TRIED_WITH`, ``Connection.get`` answers.

    Raises:
        TransientError: the API server does not say.
    """
    private = private_api()
    if private is None:
        return _by_the_public_api(name)
    for backend in private.backends():
        ours = isinstance(backend, private.api_server)
        found = _of_the_api_server(private.ask, name) if ours else _of(backend, name)
        if found is not None:
            return found
    return None


class PrivateApi(NamedTuple):
    """The private names of Airflow that are used here; a release may change them without notice."""

    backends: Callable[[], Iterable[Any]]  # where connections are looked up, in order
    api_server: type  # the backend among them that asks the API server
    ask: Callable[[str], Any]  # its raw answer about a connection


def private_api() -> PrivateApi | None:
    """Airflow's private names; None in another release than `TRIED_WITH`, where they are gone, or outside a task."""
    if not airflow.__version__.startswith(f"{TRIED_WITH}."):
        return None
    try:
        from airflow.sdk.execution_time.comms import GetConnection
        from airflow.sdk.execution_time.secrets.execution_api import ExecutionAPISecretsBackend
        from airflow.sdk.execution_time.supervisor import ensure_secrets_backend_loaded
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS
    except ImportError:
        return None
    return PrivateApi(
        ensure_secrets_backend_loaded,
        ExecutionAPISecretsBackend,
        lambda name: SUPERVISOR_COMMS.send(GetConnection(conn_id=name)),
    )


def _by_the_public_api(name: str) -> AirflowConnection | None:
    try:
        found: AirflowConnection = AirflowConnection.get(name)
    except AirflowNotFoundException:
        logging.getLogger(__name__).warning(
            "Airflow %s has no connection %s, or its API server does not answer: the settings hold. Set %s in the "
            "environment of Airflow's tasks to be sure of it.",
            airflow.__version__, name, f"AIRFLOW_CONN_{name.upper()}",
        )  # fmt: skip
        return None
    except Exception as error:  # whatever another release raises
        raise TransientError(f"Airflow {airflow.__version__} does not say whether the connection {name} is set",
                             "Is its API server up?") from error  # fmt: skip
    _mask(found)
    return found


def _of(backend: Any, name: str) -> AirflowConnection | None:
    try:
        found: AirflowConnection | None = backend.get_connection(conn_id=name)
    except Exception as error:  # whatever a secrets backend raises
        raise TransientError(f"{type(backend).__name__} does not say whether the connection {name} is set") from error
    if found is not None:
        _mask(found)
    return found


def _of_the_api_server(ask: Callable[[str], Any], name: str) -> AirflowConnection | None:
    from airflow.sdk.execution_time.comms import ConnectionResult, ErrorResponse

    try:
        answer = ask(name)
    except AirflowRuntimeError as error:
        answer = error.error
    if isinstance(answer, ConnectionResult):
        _mask(answer)
        return AirflowConnection(**answer.model_dump(exclude={"type"}, by_alias=True))
    if isinstance(answer, ErrorResponse) and answer.error == ErrorType.CONNECTION_NOT_FOUND:
        return None
    raise TransientError(
        f"Airflow's API server does not say whether the connection {name} is set", "Is it up? May this task ask it?"
    )


def _mask(found: AirflowConnection | ConnectionResult) -> None:
    """Keep its secrets out of the log, as Airflow does for what it looks up itself: AWS keys may stand in ``extra``."""
    for secret in (found.password, found.extra):
        if secret:
            mask_secret(secret)


def _wanted(names: tuple[str, ...]) -> list[str]:
    if AWS not in names:
        return list(names)
    settings = load_settings()
    if settings.sagemaker_endpoint and settings.scorer != "local":
        return list(dict.fromkeys((*names, STORE)))
    return [name for name in names if name != AWS]


def _ours(name: str, one: AirflowConnection) -> Connection:
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


def _told(connection: Connection) -> str:
    place = connection.host + (f":{connection.port}" if connection.port else "")
    return f"{connection.name} ({place})" if place else connection.name
