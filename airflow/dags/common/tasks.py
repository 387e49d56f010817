"""A task's limits, and its errors as Airflow understands them. Imported when a DAG file is parsed: keep it cheap."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import Any

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from fraud_common.errors import TerminalError
from fraud_common.logs import masked_traceback


def limits(*, tries: int, longest_seconds: int, pause_seconds: int = 10) -> dict[str, Any]:
    """The arguments of a task: how often it is tried, how long a try may take, and the pause between two tries.

    All tries of a run's tasks, one after the other, must fit into the DAG's ``dagrun_timeout`` (tests add them up).
    """
    return {
        "retries": tries - 1,
        "retry_delay": timedelta(seconds=pause_seconds),
        "execution_timeout": timedelta(seconds=longest_seconds),
    }


@contextmanager
def airflow_errors(step: str | None = None) -> Iterator[None]:
    """Translate errors for Airflow: it does not retry a terminal error, and no error quotes a card number.

    Args:
        step: the step of `fraud_pipeline` that runs; the watchdog is told why it failed. None: no step runs.

    Raises:
        AirflowFailException: trying again does not help.
        AirflowException: trying again may help.
    """
    try:
        with _noted(step):
            yield
    except Exception as error:
        kind = AirflowFailException if isinstance(error, TerminalError) else AirflowException
        if (masked := masked_traceback(error)) is not None:
            raise kind(masked) from None
        if kind is AirflowException:
            raise
        raise kind(str(error)) from error


def _noted(step: str | None) -> AbstractContextManager[None]:
    if step is None:
        return nullcontext()
    from fraud_scorer.monitoring.step_failures import record_failure

    return record_failure(step)
