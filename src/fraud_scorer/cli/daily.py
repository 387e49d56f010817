"""The morning mail."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from fraud_common.errors import SettingsError
from fraud_scorer import wiring
from fraud_scorer.cli.output import AsJson, console, print_json
from fraud_scorer.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("daily-report")(daily_report)


def parse_day(text: str) -> date:
    """A day as ``--day`` writes it.

    Raises:
        SettingsError: it is no day.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{text!r} is not a day", "Write it as 2026-11-19") from None


Day = Annotated[
    date | None, typer.Option("--day", parser=parse_day, metavar="DAY", help="Such as 2026-11-19; else yesterday")
]


def daily_report(
    day: Day = None,
    dry_run: Annotated[bool, typer.Option(help="Print the mail's text, write nothing")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the morning mail on a day to the outbox, once a recipient; `fraud-scorer alert` or the DAG sends it."""
    from fraud_scorer.use_cases.morning_report import daily_report as write
    from fraud_scorer.use_cases.morning_report import daily_report_text

    parts = wiring.Parts(load_settings())
    if dry_run:
        typer.echo(daily_report_text(parts, day), nl=False)
        return
    result = write(parts, day)
    if as_json:
        print_json(result)
        return
    told = f"{result['messages']} of {result['day']} wait to be sent"
    console.print(f"messages: {told}" if result["messages"] else result["note"], highlight=False)
