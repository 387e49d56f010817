"""Commands that keep the system up: migrate, check, status, settings."""

from __future__ import annotations

import os
from typing import Annotated

import typer
from rich.table import Table

from fraud_common.env_file import read_env_file
from fraud_common.masked_url import masked_url
from fraud_scorer import wiring
from fraud_scorer.cli.output import AsJson, console, print_json
from fraud_scorer.settings import Settings, env_files, load_settings
from fraud_scorer.settings.connections import NOT_SEEN, named_in


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(migrate)
    app.command()(check)
    app.command()(status)
    app.command()(settings)


def migrate() -> None:
    """Bring fraud_db to the newest schema: migrations, views, roles, report settings. Safe to run again."""
    done = wiring.migrate(load_settings())
    for name in done.migrations:
        console.print(f"applied {name}", highlight=False)
    for note in done.notes:
        console.print(f"note: {note}", highlight=False)
    console.print("fraud_db is at the newest schema")


def check(
    as_json: AsJson = False,
    production: Annotated[bool, typer.Option("--production", help="Refuse what is only for trying out")] = False,
) -> None:
    """Try every setting and connection; say what is wrong and how to mend it."""
    from fraud_scorer.use_cases.check.run_checks import run_checks

    findings = run_checks(wiring.Parts(load_settings()), production=production)
    if as_json:
        print_json([vars(finding) for finding in findings])
    for finding in [] if as_json else findings:
        mark = ("[yellow]warn[/]" if finding.cure else "[green]ok  [/]") if finding.ok else "[bold red]FAIL[/]"
        console.print(f"{mark} {finding.name:<18} {finding.found}", highlight=False)
        if finding.cure:
            console.print(f"     → {finding.cure}", highlight=False)
    if not as_json:
        console.print(f"note {'Airflow':<18} {_connections()}", highlight=False)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def status(
    last: Annotated[int, typer.Option(min=1, max=1440, help="How many minutes back")] = 15, as_json: AsJson = False
) -> None:
    """Show the run ledger's last minutes, the batches that wait, and the endpoint's circuit breaker."""
    from fraud_scorer.use_cases.status import system_status

    state = system_status(wiring.Parts(load_settings()), last)
    if as_json:
        print_json(state)
        return
    columns = ("batch_id", "status", "received", "inserted", "updated", "quarantined", "flagged", "alerted")
    table = Table(*columns, "seconds", "scored by", "remarks", box=None)
    for line in state["ledger"]:
        seconds = "" if line["seconds"] is None else f"{line['seconds']:.1f}"
        cells = [str(line[name]) for name in columns]
        table.add_row(
            *cells,
            seconds,
            line["scored_by"] or "",
            "; ".join(filter(None, (line["error"], line["fallback_reason"], line["note"], _dropped(line["dropped"])))),
        )
    console.print(table)
    waiting = ", ".join(f"{what} {count}" for what, count in state["waiting"].items())
    console.print(f"waiting: {waiting}")
    if state["breaker"]:
        console.print(state["breaker"])


def _dropped(counts: dict[str, int] | None) -> str:
    """How many unusable optional values the payments of a batch lost, the most frequent reason first."""
    if not counts:
        return ""
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "optional values dropped: " + ", ".join(f"{reason} {count:,}" for reason, count in most)


def settings(
    as_json: AsJson = False,
    example: Annotated[bool, typer.Option("--example", help="Print .env.example instead")] = False,
) -> None:
    """Show the settings in force and the source of each value; secrets are masked, also inside addresses."""
    if example:
        typer.echo(env_example(), nl=False)
        return
    in_force = load_settings()
    rows = {
        name.upper(): {"value": masked_url(str(getattr(in_force, name))), "from": _source(name)}
        for name in Settings.model_fields
    }
    if as_json:
        print_json(rows)
        return
    table = Table("setting", "value", "from", box=None)
    for name, row in rows.items():
        table.add_row(name, row["value"], row["from"])
    console.print(table)
    console.print(f"note: {_connections()}", highlight=False)


def _connections() -> str:
    """What this command cannot see, and which of it stands in its environment."""
    named = named_in(os.environ)
    return NOT_SEEN + (f" (set here: {', '.join(named)})" if named else "")


def env_example() -> str:
    """Every setting with its sentence and default, as ``.env.example`` holds it.

    The values are empty, which means the default: a copy of the file chooses nothing, so that `make run` and
    docker-compose.yml still put their own addresses in.
    """
    blocks = []
    for name, field in Settings.model_fields.items():
        default = field.default.get_secret_value() if hasattr(field.default, "get_secret_value") else field.default
        told = "" if default in (None, "") else f" (default: {default})"
        blocks.append(f"# {field.description}{told}\n{name.upper()}=\n")
    return "\n".join(blocks)


def _source(name: str) -> str:
    if os.environ.get(name.upper()):
        return "environment"
    for path in reversed(env_files()):
        if path.is_file() and read_env_file(path).get(name.upper()):
            return str(path)
    return "default"
