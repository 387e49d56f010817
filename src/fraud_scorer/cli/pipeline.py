"""The five verbs, one by one and together; replay; the import of past payments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fraud_common.errors import SettingsError
from fraud_scorer import wiring
from fraud_scorer.cli.output import AsJson, Decimal, console, print_json, progress_bar, warn
from fraud_scorer.domain.batches import Batch, minutes_between, parse_minute
from fraud_scorer.settings import load_settings, settings_with

if TYPE_CHECKING:
    from fraud_scorer.use_cases.pipeline.minute import Pipeline

At = Annotated[
    datetime, typer.Option("--at", parser=parse_minute, metavar="TIME", help="The minute, e.g. 2026-11-20T10:31Z")
]
From = Annotated[
    datetime, typer.Option("--from", parser=parse_minute, metavar="TIME", help="First minute, e.g. 2026-11-20T10:00Z")
]
To = Annotated[datetime, typer.Option("--to", parser=parse_minute, metavar="TIME", help="First minute left out")]

history = typer.Typer(help="Past payments.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (extract, transform, score, load, alert, run_minute):
        app.command()(_noted(command))
    app.command()(replay)
    history.command("import")(import_history)
    app.add_typer(history, name="history")


def _pipeline() -> Pipeline:
    from fraud_scorer.use_cases.pipeline.minute import Pipeline

    return Pipeline(wiring.Parts(load_settings()))


def _noted(step: Callable[..., None]) -> Callable[..., None]:
    """Run the command; note for the watchdog why it failed, as Airflow's tasks do."""

    @wraps(step)
    def command(**options: Any) -> None:
        from fraud_scorer.monitoring.step_failures import record_failure

        with record_failure(step.__name__):
            step(**options)

    return command


def _tell(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(result)
        return
    console.print(
        ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in result.items() if value not in (None, ""))
    )


def extract(
    at: Annotated[datetime | None, typer.Option("--at", parser=parse_minute, metavar="TIME", help="The minute")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Ask a windowed API again for minutes that are closed: --at, or --from --to")
    ] = False,
    start: Annotated[
        datetime | None, typer.Option("--from", parser=parse_minute, metavar="TIME", help="First minute, with --again")
    ] = None,
    end: Annotated[
        datetime | None, typer.Option("--to", parser=parse_minute, metavar="TIME", help="First minute left out")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask the payments API for a minute and land its answers as they are.

    With --again what comes lands as batches of their own (again-…); the next run loads them, and known payments are
    unchanged.
    """
    if not again:
        if at is None or start or end:
            raise SettingsError("which minute?", "Say --at TIME; with --again also --from TIME --to TIME")
        _tell(_pipeline().extract(Batch.of_minute(at)), as_json)
        return
    minutes = _minutes(at, start, end)
    with progress_bar("asking again", quiet=as_json) as advance:
        _tell(_pipeline().extract_again(minutes, progress=advance), as_json)


def _minutes(at: datetime | None, start: datetime | None, end: datetime | None) -> list[Batch]:
    """The minutes that --at, or --from and --to, name."""
    if at is not None and start is None and end is None:
        return [Batch.of_minute(at)]
    if at is not None or start is None or end is None:
        raise SettingsError("which minutes?", "Say --at TIME, or --from TIME --to TIME")
    if minutes := list(minutes_between(start, end)):
        return minutes
    raise SettingsError("--to is not later than --from", "Give the first minute, and the first one left out")


def transform(at: At, as_json: AsJson = False) -> None:
    """Check the waiting batches, quarantine what is bad, compute features. --at names the run."""
    _tell(_pipeline().transform(Batch.of_minute(at).batch_id), as_json)


def score(at: At, as_json: AsJson = False) -> None:
    """Score what transform left for this run, on SageMaker or locally."""
    _tell(_pipeline().score(Batch.of_minute(at).batch_id), as_json)


def load(at: At, as_json: AsJson = False) -> None:
    """Write what score decided for this run: one transaction a batch."""
    _tell(_pipeline().load(Batch.of_minute(at).batch_id), as_json)


def alert(at: At, as_json: AsJson = False) -> None:
    """Send the mails that wait, this run's and earlier ones."""
    _tell(_pipeline().alert(Batch.of_minute(at).batch_id), as_json)


def run_minute(at: At, as_json: AsJson = False) -> None:
    """All five steps for one minute; takes what else waits, and asks a windowed API for missed minutes."""
    _tell(_pipeline().run_minute(Batch.of_minute(at)), as_json)


def replay(
    start: From,
    end: To,
    rescore: Annotated[bool, typer.Option(help="Decide anew; old decisions go to the history")] = False,
    dry_run: Annotated[bool, typer.Option(help="Say what would change, write nothing")] = False,
    as_json: AsJson = False,
) -> None:
    """Run the five steps again over landed bytes. Without --rescore every recorded decision is kept."""
    with progress_bar("replaying", quiet=as_json) as advance:
        result = _pipeline().replay(start, end, rescore=rescore, dry_run=dry_run, progress=advance)
    _tell(result, as_json)
    if not as_json and not (result["minutes"] or result["payments"]):
        console.print("none of these minutes has landed: there is nothing to replay")
    elif not as_json and not (result["new"] or result["updated"]):
        console.print("nothing changed: every payment of these minutes is stored as it was decided")


def import_history(
    file: Annotated[
        Path, typer.Argument(help="CSV, JSON or Parquet: the public schema's columns, or your own by a field map")
    ],
    fields: Annotated[
        Path | None, typer.Option("--fields", help="The file's field map; PAYMENTS_API_FIELDS if not given")
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Of times that name none; PAYMENTS_API_TIME_ZONE if not given")
    ] = None,
    currency: Annotated[str | None, typer.Option(help="Of amounts that name none; FRAUD_CURRENCY if not given")] = None,
    decimal: Decimal = None,
    as_json: AsJson = False,
) -> None:
    """Import past payments: scored and stored, never alerted; a second import of the same payments changes nothing."""
    from fraud_scorer.use_cases.drift import catch_up
    from fraud_scorer.use_cases.pipeline.history_import import import_history as import_file

    given = {
        "payments_api_fields": fields,
        "payments_api_time_zone": time_zone,
        "fraud_currency": currency and currency.upper(),
    }
    said = {name: value for name, value in given.items() if value is not None}
    parts = wiring.Parts(settings_with(said))
    with progress_bar("importing", quiet=as_json) as advance:
        result = import_file(parts, file, decimal=decimal, progress=advance, warn=warn)
    catch_up(parts)
    _tell(result, as_json)
