"""`fraud-scorer watch`: the watchdog, a server beside Airflow."""

from __future__ import annotations

import signal
from datetime import timedelta
from typing import Annotated

import typer

from fraud_scorer import wiring
from fraud_scorer.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add the watchdog to the command line."""
    app.command()(watch)


def watch(
    interval: Annotated[float, typer.Option(min=1, help="Seconds between two looks")] = 30.0,
    once: Annotated[bool, typer.Option("--once", help="Look once, for cron and tests")] = False,
) -> None:
    """Mail the operator when minutes stall, payments stay away, mail is stuck, scoring falls back or fraud_db is gone.

    Once per incident, and once when it is over. Runs outside Airflow, for ever.
    """
    from fraud_scorer.monitoring.watchdog import watch as run

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)  # at once, also while it waits for a server; its memory is on disk
    parts = wiring.Parts(load_settings())
    with parts.monitoring.watch_state.alone():
        dog = parts.monitoring.watchdog(interval=timedelta(seconds=interval))
        run(dog, interval_seconds=interval, now=parts.clock.now, rounds=1 if once else None)
