"""Airflow's own logging, but no task's log holds a card number: neither a library's words nor any traceback.

`airflow.cfg` names `LOGGING_CONFIG`. Airflow passes every line of a task through the processors of `REMOTE_TASK_LOG`,
in the task's process and again where the line is written to the file; what a team chose to keep logs elsewhere
(`remote_logging`) comes behind ours and gets masked lines.
"""

from __future__ import annotations

from typing import Any

from airflow.config_templates import airflow_local_settings as airflows_own

from fraud_common.logs import masked

__all__ = ["DEFAULT_REMOTE_CONN_ID", "LOGGING_CONFIG", "REMOTE_TASK_LOG"]

LOGGING_CONFIG = airflows_own.DEFAULT_LOGGING_CONFIG
DEFAULT_REMOTE_CONN_ID = airflows_own.DEFAULT_REMOTE_CONN_ID


def without_card_numbers(_logger: Any, _method: str, event: Any) -> dict[str, Any]:
    """A line of a task's log without card numbers, the texts of its exceptions included."""
    return {name: masked(value) for name, value in event.items()}


class MaskedTaskLog:
    """Where task logs are kept beside the file (``kept``; None: nowhere), behind the masking."""

    def __init__(self, kept: Any) -> None:
        self._kept = kept

    def __getattr__(self, name: str) -> Any:
        """What else the chosen place can do (``stream``)."""
        return getattr(self.__dict__.get("_kept"), name)

    @property
    def processors(self) -> tuple[Any, ...]:
        return (without_card_numbers, *(self._kept.processors if self._kept else ()))

    def upload(self, path: Any, ti: Any = None) -> None:
        if self._kept:
            self._kept.upload(path, ti)

    def read(self, relative_path: str, ti: Any) -> Any:
        return self._kept.read(relative_path, ti) if self._kept else ([], None)


REMOTE_TASK_LOG = MaskedTaskLog(airflows_own.REMOTE_TASK_LOG)
