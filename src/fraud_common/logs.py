"""Logs are events: a sentence, an ``action``, a ``batch_id``, counts. Never card data, never a secret."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

_FEWEST_DIGITS = 13


def configure_logging(*, as_json: bool | None = None, level: int = logging.INFO) -> None:
    """Send events from ``level`` on to standard error: one line each, JSON unless a person is looking."""
    if as_json is None:
        as_json = not sys.stderr.isatty()
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(pad_event_to=0)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _masked,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def without_card_numbers(text: str) -> str:
    """``text`` as it may be logged: an error that nobody foresaw may quote a payment.

    >>> without_card_numbers("at card 4242424242424242")
    'at card ************4242'
    """
    if sum(map(str.isdigit, text)) < _FEWEST_DIGITS:
        return text
    from fraud_common import card_numbers

    return card_numbers.without_card_numbers(text)


def masked(value: Any) -> Any:
    """``value`` of an event without card numbers: texts, whole numbers, and their containers.

    >>> masked({"error": ["at 4242424242424242", 4242424242424242], "payments": 12})
    {'error': ['at ************4242', '************4242'], 'payments': 12}
    """
    if isinstance(value, str):
        return without_card_numbers(value)
    if isinstance(value, Mapping):
        return {masked(name): masked(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [masked(one) for one in value]
    if value is None or isinstance(value, bool | datetime):
        return value
    shown = str(value)
    return value if (hidden := without_card_numbers(shown)) == shown else hidden


def masked_traceback(error: BaseException) -> str | None:
    """The traceback of ``error`` and its causes, masked; None if it holds no card number."""
    shown = "".join(traceback.format_exception(error))
    return None if (hidden := without_card_numbers(shown)) == shown else hidden


def _masked(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: masked(value) for name, value in event.items()}
