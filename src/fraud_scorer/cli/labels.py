"""`fraud-scorer labels`: import labels from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fraud_common.errors import SettingsError
from fraud_scorer import wiring
from fraud_scorer.cli.output import AsJson, console, print_json, progress_bar, tell
from fraud_scorer.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add the labels' command to the command line."""
    group = typer.Typer(help="What others found out about payments.", no_args_is_help=True)
    group.command("import")(labels_import)
    app.add_typer(group, name="labels")


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
    parts = wiring.Parts(load_settings())
    with progress_bar("importing", quiet=as_json) as advance:
        done = import_labels(
            parts.database.labels,
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
