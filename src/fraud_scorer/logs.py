"""Logs are events: a sentence, an ``action``, a ``batch_id``, counts. Never card data, never a secret."""

from __future__ import annotations

import logging
import sys

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
    from fraud_scorer.payments import masking  # brings numpy

    return masking.without_card_numbers(text)


def _masked(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {
        name: without_card_numbers(value) if isinstance(value, str) and name != "timestamp" else value
        for name, value in event.items()
    }
