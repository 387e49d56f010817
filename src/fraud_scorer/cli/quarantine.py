"""`fraud-scorer quarantine`: list, show, retry and drop the records that could not become payments."""

from __future__ import annotations

from typing import Annotated

import typer

from fraud_common.errors import SettingsError
from fraud_scorer import wiring
from fraud_scorer.cli.output import AsJson, Last, cell, console, print_json, progress_bar, table_of, tell
from fraud_scorer.settings import load_settings

Reason = Annotated[str | None, typer.Option(help="Only records of this reason")]
Everything = Annotated[bool, typer.Option("--all", help="All that are open")]
Numbers = Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="Their numbers", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the quarantine's commands to the command line."""
    group = typer.Typer(help="Records that could not become payments.", no_args_is_help=True)
    for command in (quarantine_list, quarantine_show, quarantine_retry, quarantine_drop):
        group.command(command.__name__.removeprefix("quarantine_"))(command)
    app.add_typer(group, name="quarantine")


def quarantine_list(reason: Reason = None, last: Last = 50, as_json: AsJson = False) -> None:
    """List the open records, latest first, and the number of each reason."""
    parts = wiring.Parts(load_settings())
    rows = parts.database.quarantine.listed(last, reason=reason)
    if as_json:
        print_json(rows)
        return
    columns = ("quarantine_id", "batch_id", "part", "row_index", "reason", "detail", "created_at")
    table_of(rows, columns, "no record is open")
    if rows:
        counts = ", ".join(f"{count} {name}" for name, count in parts.database.quarantine.reasons().items())
        console.print(f"open: {counts}", highlight=False, markup=False)


def quarantine_show(
    number: Annotated[int, typer.Argument(metavar="ID", help="Its number in the list")],
    full: Annotated[bool, typer.Option("--full", help="All of it, without card numbers, codes and PINs")] = False,
    as_json: AsJson = False,
) -> None:
    """Show why one record is in quarantine: its fields, and the values of those that tell nothing of a person."""
    from fraud_scorer.use_cases.quarantine.show import show_record

    record = show_record(wiring.Parts(load_settings()), number, full=full)
    if as_json:
        print_json(record)
        return
    for name in ("quarantine_id", "batch_id", "part", "row_index", "status", "reason", "detail", "created_at"):
        console.print(f"{name:<14}{cell(record[name])}", highlight=False, markup=False)
    typer.echo(record["record"])


def quarantine_retry(
    numbers: Numbers = None, reason: Reason = None, everything: Everything = False, as_json: AsJson = False
) -> None:
    """Try records again, after what was wrong (field map, key, zone) is mended. Bad ones stay; safe to run again."""
    from fraud_scorer.use_cases.pipeline.minute import Pipeline
    from fraud_scorer.use_cases.quarantine.retry import retry_records

    _require_a_choice(numbers, reason, everything)
    pipeline = Pipeline(wiring.Parts(load_settings()))
    with progress_bar("trying again", quiet=as_json) as advance:
        done = retry_records(pipeline, numbers or None, reason=reason, progress=advance)
    problems = done.problems + _not_open(pipeline.parts, numbers or [], done.tried)
    counts = {name: value for name, value in vars(done).items() if name != "problems"}
    tell(counts | {"problems": problems} if as_json else counts, as_json)
    for problem in [] if as_json else problems:
        console.print(problem, highlight=False, markup=False)


def _not_open(parts: wiring.Parts, numbers: list[int], tried: int) -> list[str]:
    """The reasons why named records were not tried."""
    if tried >= len(set(numbers)):
        return []
    states = parts.database.quarantine.states(numbers)
    told = {"dropped": "was dropped before", "": "does not exist"}
    return [f"record {number} {told[state]}" for number in numbers if (state := states.get(number, "")) in told]


def quarantine_drop(
    numbers: Numbers = None, reason: Reason = None, everything: Everything = False, as_json: AsJson = False
) -> None:
    """Drop records: they are not tried again, and are no longer counted as open."""
    _require_a_choice(numbers, reason, everything)
    tell({"dropped": wiring.Parts(load_settings()).database.quarantine.drop(numbers or None, reason=reason)}, as_json)


def _require_a_choice(numbers: list[int] | None, reason: str | None, everything: bool) -> None:
    if sum([bool(numbers), reason is not None, everything]) != 1:
        raise SettingsError("which records?", "Name them by number, or by --reason, or say --all")
