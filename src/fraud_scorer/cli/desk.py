"""The operator's desk: quarantine, alerts, labels, landing, housekeeping, and the watchdog."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from fraud_common.errors import SettingsError
from fraud_scorer import wiring
from fraud_scorer.cli.output import AsJson, cell, console, print_json, progress_bar, table_of, tell
from fraud_scorer.settings import load_settings

Last = Annotated[int, typer.Option("--last", min=1, help="How many at most")]
Reason = Annotated[str | None, typer.Option(help="Only records of this reason")]
Everything = Annotated[bool, typer.Option("--all", help="All that are open")]
Numbers = Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="Their numbers", show_default=False)]

quarantine = typer.Typer(help="Records that could not become payments.", no_args_is_help=True)
alerts = typer.Typer(help="Messages about frauds.", no_args_is_help=True)
labels = typer.Typer(help="What others found out about payments.", no_args_is_help=True)
landing = typer.Typer(help="The raw answers.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (quarantine_list, quarantine_show, quarantine_retry, quarantine_drop):
        quarantine.command(command.__name__.removeprefix("quarantine_"))(command)
    alerts.command("list")(alerts_list)
    alerts.command("retry")(alerts_retry)
    labels.command("import")(labels_import)
    landing.command("rebuild")(landing_rebuild)
    for name, group in {"quarantine": quarantine, "alerts": alerts, "labels": labels, "landing": landing}.items():
        app.add_typer(group, name=name)
    app.command()(housekeeping)
    app.command()(watch)


def _parts() -> wiring.Parts:
    return wiring.Parts(load_settings())


# --- quarantine ---------------------------------------------------------------------------------------------------
def quarantine_list(reason: Reason = None, last: Last = 50, as_json: AsJson = False) -> None:
    """The open records, latest first; how many there are of each reason."""
    parts = _parts()
    rows = parts.quarantine.listed(last, reason=reason)
    if as_json:
        print_json(rows)
        return
    columns = ("quarantine_id", "batch_id", "part", "row_index", "reason", "detail", "created_at")
    table_of(rows, columns, "no record is open")
    if rows:
        counts = ", ".join(f"{count} {name}" for name, count in parts.quarantine.reasons().items())
        console.print(f"open: {counts}", highlight=False, markup=False)


def quarantine_show(
    number: Annotated[int, typer.Argument(metavar="ID", help="Its number in the list")],
    full: Annotated[bool, typer.Option("--full", help="All of it, without card numbers, codes and PINs")] = False,
    as_json: AsJson = False,
) -> None:
    """What is wrong with one record: its fields, and the values of those that tell nothing of a person."""
    from fraud_scorer.use_cases.quarantine.show import shown

    record = shown(_parts(), number, full=full)
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
    from fraud_scorer.use_cases.quarantine.retry import retry

    _require_a_choice(numbers, reason, everything)
    pipeline = Pipeline(wiring.Parts(load_settings()))
    with progress_bar("trying again", quiet=as_json) as advance:
        done = retry(pipeline, numbers or None, reason=reason, progress=advance)
    problems = done.problems + _not_open(pipeline.parts, numbers or [], done.tried)
    counts = {name: value for name, value in vars(done).items() if name != "problems"}
    tell(counts | {"problems": problems} if as_json else counts, as_json)
    for problem in [] if as_json else problems:
        console.print(problem, highlight=False, markup=False)


def _not_open(parts: wiring.Parts, numbers: list[int], tried: int) -> list[str]:
    """What keeps named records from being tried."""
    if tried >= len(set(numbers)):
        return []
    states = parts.quarantine.states(numbers)
    told = {"dropped": "was dropped before", "": "does not exist"}
    return [f"record {number} {told[state]}" for number in numbers if (state := states.get(number, "")) in told]


def quarantine_drop(
    numbers: Numbers = None, reason: Reason = None, everything: Everything = False, as_json: AsJson = False
) -> None:
    """Give records up: they are not tried again, and count as open no more."""
    _require_a_choice(numbers, reason, everything)
    tell({"dropped": _parts().quarantine.drop(numbers or None, reason=reason)}, as_json)


def _require_a_choice(numbers: list[int] | None, reason: str | None, everything: bool) -> None:
    if sum([bool(numbers), reason is not None, everything]) != 1:
        raise SettingsError("which records?", "Name them by number, or by --reason, or say --all")


# --- alerts -------------------------------------------------------------------------------------------------------
def alerts_list(
    status: Annotated[
        list[str] | None, typer.Option(help="pending, failed, sent or suppressed; again for several")
    ] = None,
    last: Last = 50,
    as_json: AsJson = False,
) -> None:
    """Messages that wait or were refused, latest first (or of the states that are asked for)."""
    states = ("pending", "failed", "sent", "suppressed")
    if unknown := set(status or ()) - set(states):
        raise SettingsError(f"no such state: {', '.join(sorted(unknown))}", f"There are {', '.join(states)}")
    rows = _parts().outbox.listed(status or ("pending", "failed"), last)
    if as_json:
        print_json(rows)
        return
    columns = ("message_id", "kind", "channel", "recipient", "status", "payments", "attempts", "created_at")
    nothing = "no such message" if status else "nothing waits and nothing was refused; --status sent shows the rest"
    table_of(rows, (*columns, "last_error"), nothing)


def alerts_retry(
    message_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[MESSAGE_ID]...", help="Only these", show_default=False)
    ] = None,
    held: Annotated[bool, typer.Option("--held", help="Also what was held back because too much was flagged")] = False,
    as_json: AsJson = False,
) -> None:
    """Queue refused messages again, unchanged; the next minute's run sends them."""
    tell({"queued": _parts().outbox.retry(message_ids or None, held=held)}, as_json)


# --- labels -------------------------------------------------------------------------------------------------------
def labels_import(
    file: Annotated[
        Path,
        typer.Argument(help="CSV, JSON or Parquet: trans_num, is_fraud or verdict, known_at, note; others by a map"),
    ],
    fields: Annotated[Path | None, typer.Option("--fields", help="A map (YAML) of its columns and words")] = None,
    format_name: Annotated[str | None, typer.Option("--format", help="A ready-made map: stripe-disputes, …")] = None,
    source: Annotated[str, typer.Option(help="chargeback or verdict")] = "chargeback",
    author: Annotated[str, typer.Option(help="Who says it")] = "labels import",
    time_zone: Annotated[str | None, typer.Option(help="Of times that name none, e.g. Europe/Berlin")] = None,
    date_order: Annotated[str | None, typer.Option(help="Of dates like 01.02.2026: dmy or mdy")] = None,
    references: Annotated[
        Path | None, typer.Option("--references", help="A settlement file: trans_num of each acquirer_reference (ARN)")
    ] = None,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Leave out rows whose payment is not stored, or not unique")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Append labels from a file that is right in every row; a second import of the same changes nothing."""
    from fraud_scorer.use_cases.disputes.label_map import chosen_map
    from fraud_scorer.use_cases.labels_import import SOURCES, import_labels

    if source not in SOURCES:
        raise SettingsError(f"--source {source} is unknown", f"It is {' or '.join(SOURCES)}")
    label_map = chosen_map(fields, format_name).with_options(time_zone=time_zone, date_order=date_order)
    parts = _parts()
    with progress_bar("importing", quiet=as_json) as advance:
        done = import_labels(
            parts.labels,
            file,
            label_map=label_map,
            source=source,
            author=author,
            currency=parts.settings.fraud_currency,
            skip_unknown=skip_unknown,
            references=references,
            progress=advance,
        )
    if as_json:
        print_json(vars(done))
        return
    tell({name: value for name, value in vars(done).items() if name != "told"}, as_json)
    for line in done.told:
        console.print(line, highlight=False, markup=False)


# --- landing and housekeeping -------------------------------------------------------------------------------------
def landing_rebuild(
    take_over: Annotated[
        bool, typer.Option("--take-over", help="This machine takes the place of the one that copied to the bucket")
    ] = False,
    pass_lost: Annotated[
        bool, typer.Option("--pass-lost", help="Mark failed what waits and is in no landing any more")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make run ledger and landing index know every landed batch, after fraud_db or the machine was lost.

    Safe to run again. Where FRAUD_LANDING is a bucket, what it holds is learnt first.
    """
    from fraud_scorer.use_cases.housekeeping import rebuild_ledger

    tell(vars(rebuild_ledger(_parts(), take_over=take_over, pass_lost=pass_lost)), as_json)


def housekeeping(as_json: AsJson = False) -> None:
    """Once a day: purge what is older than the settings FRAUD_…_KEEP_DAYS allow, and write down how much went."""
    from fraud_scorer.use_cases.housekeeping import keep_house

    tell(vars(keep_house(_parts())), as_json)


# --- watchdog -----------------------------------------------------------------------------------------------------
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
    parts = _parts()
    with parts.watch_state.alone():
        dog = parts.watchdog(interval=timedelta(seconds=interval))
        run(dog, interval_seconds=interval, now=parts.clock.now, rounds=1 if once else None)
