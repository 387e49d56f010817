"""How commands print: tables for people, JSON for scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

# a pipe has no width: then tables are as wide as they need
console = Console(soft_wrap=True, width=None if sys.stdout.isatty() else 240)

Decimal = Annotated[
    str | None,
    typer.Option("--decimal", help="How a CSV writes its amounts: point (1,234.50) or comma (1.234,50)"),
]
Last = Annotated[int, typer.Option("--last", min=1, help="How many at most")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts")]


def print_json(value: Any) -> None:
    """``value`` as JSON on standard output; times as ISO."""
    typer.echo(json.dumps(value, indent=2, default=str))


def warn(sentence: str) -> None:
    """Print a warning to standard error: the command went on in spite of it."""
    typer.secho(f"warning: {sentence}", err=True, fg="yellow")


Advance = Callable[[int, int], None]


@contextmanager
def progress_bar(what: str, *, quiet: bool = False) -> Iterator[Advance]:
    """Hand out ``advance(done, total)``: a bar on standard error for people, from its first call on.

    Nothing if ``quiet``, or if nobody looks.
    """
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=quiet or not console.is_terminal,
    )
    task = bar.add_task(what, total=None)

    def advance(done: int, total: int) -> None:
        bar.start()  # the second start does nothing
        bar.update(task, completed=done, total=total)

    try:
        yield advance
    finally:
        bar.stop()


def tell(result: dict[str, Any], as_json: bool) -> None:
    """A command's counts, on one line or as JSON."""
    if as_json:
        print_json(result)
        return
    console.print(
        ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in result.items()), highlight=False, markup=False
    )


def table_of(rows: list[dict[str, Any]], columns: tuple[str, ...], nothing: str) -> None:
    """These columns of the rows; ``nothing``: what is said where there is no row."""
    if not rows:
        console.print(nothing)
        return
    table = Table(*columns, box=None)
    for row in rows:
        table.add_row(*(cell(row[name]) for name in columns))
    console.print(table, markup=False)


def cell(value: object) -> str:
    """The text of a table's cell; times in UTC."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    return "" if value is None else str(value)
