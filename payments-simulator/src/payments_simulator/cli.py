"""The command ``payments-simulator``."""

from __future__ import annotations

import socket
import sys
import time
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfoNotFoundError

import numpy as np
import typer
import uvicorn
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from payments_simulator import history as history_files
from payments_simulator.api.answers import Form
from payments_simulator.api.handed_out import HandedOutList
from payments_simulator.api.server import Settings, application
from payments_simulator.errors import SimulatorError
from payments_simulator.payment_times import local_seconds
from payments_simulator.replay import open_replay
from payments_simulator.sources import Source, WithStaged
from payments_simulator.staged_fraud import staged_payments
from payments_simulator.stream import Stream, World

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="A payments API for people who have none: card holders with ordinary, shops, and several kinds of fraud.",
)
_errors = Console(stderr=True)


class Encoding(StrEnum):
    """See ``Form.encoding``."""

    double = "double"
    decoded = "decoded"


class TimeForm(StrEnum):
    """See ``Form.time``."""

    millis = "millis"
    iso = "iso"
    trans_date = "trans_date"
    unix = "unix"


class FileFormat(StrEnum):
    """The file formats that ``history`` can write."""

    parquet = "parquet"
    csv = "csv"


Rate = Annotated[
    float, typer.Option("--rate", "--pace", min=0.1, max=20_000, help="Payments a minute, the week's mean.")
]
Seed = Annotated[int, typer.Option(help="The same seed, rate and cards are the same payments, for ever.")]
Cards = Annotated[
    int | None, typer.Option(min=20, help="Card holders at most. Default: as many as make 2.5 payments a day each.")
]
Zone = Annotated[str, typer.Option("--time-zone", help="Whose clock the card holders live by.")]


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: any free one.")] = 8090,
    rate: Rate = 20.0,
    seed: Seed = 7,
    cards: Cards = None,
    time_zone: Zone = "UTC",
    replay: Annotated[
        Path | None, typer.Option(help="Play this CSV or Parquet file (public schema) as if it happened now.")
    ] = None,
    rows: Annotated[int, typer.Option(min=1, max=10_000, help="Rows of an answer without a window.")] = 1,
    calls_per_minute: Annotated[int | None, typer.Option(min=1, help="More calls are answered 429.")] = None,
    spree: Annotated[
        bool, typer.Option("--spree/--no-spree", help="Stage an obvious fraud in minutes 2 to 5 after the start.")
    ] = False,
    state: Annotated[
        Path | None, typer.Option(help="Folder that keeps what a restart must know, and the list of what was given.")
    ] = None,
    encoding: Annotated[Encoding, typer.Option(help="JSON in a JSON string, or plain JSON.")] = Encoding.double,
    time_form: Annotated[TimeForm, typer.Option("--time", help="How the payment's time is written.")] = TimeForm.millis,
) -> None:
    """Serve the payments API: GET /current-transactions, with ?start=&end= (ISO, UTC) for exactly a window."""
    world = World(seed, rate, cards, time_zone)
    settings = Settings(
        form=Form(encoding=encoding.value, time=time_form.value),
        sample_rows=rows,
        recent_seconds=max(60, min(3600, int(20_000 / rate * 60))),
        calls_per_minute=calls_per_minute,
        seed=seed,
    )
    with _listen(host, port) as listening:
        served = application(_source(world, replay, spree, state), settings, HandedOutList(state))
        address = f"http://{host}:{listening.getsockname()[1]}"
        typer.echo(f"payments simulator: {address}/current-transactions ({_described(world, replay)}), Ctrl-C ends it")
        uvicorn.Server(uvicorn.Config(served, log_level="warning", access_log=False)).run(sockets=[listening])


@app.command()
def history(
    out: Annotated[Path, typer.Option(help="The file to write.")],
    days: Annotated[float, typer.Option(min=0.01, max=3660, help="How many days.")] = 8.0,
    until: Annotated[
        str | None, typer.Option(help="Where it ends (excluded), ISO with a zone. Default: this minute.")
    ] = None,
    file_format: Annotated[
        FileFormat | None, typer.Option("--format", help="Default: as the file's name says, else Parquet.")
    ] = None,
    rate: Rate = 20.0,
    seed: Seed = 7,
    cards: Cards = None,
    time_zone: Zone = "UTC",
) -> None:
    """Write labelled past payments; `serve` with the same seed, rate and cards goes on where they end."""
    end = _moment(until) if until else int(time.time()) // 60 * 60
    start = end - round(days * 86_400)
    chosen = file_format or (FileFormat.csv if out.suffix == ".csv" else FileFormat.parquet)
    stream = Stream(_checked(World(seed, rate, cards, time_zone)))
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f}"), TimeElapsedColumn())
    with Progress(*columns, console=_errors, transient=True) as bar:
        task = bar.add_task("payments", total=days * 1440 * rate)
        written = history_files.write(
            stream, start, end, out, chosen.value, lambda done: bar.update(task, completed=done)
        )
    typer.echo(f"{written:,} payments from {_iso(start)} until {_iso(end)} in {out}")


def _source(world: World, replay: Path | None, spree: bool, state: Path | None) -> Source:
    now = int(time.time())
    if replay:
        if spree:
            raise SimulatorError("--spree needs the simulator's own payments", "Leave out --spree or --replay")
        return open_replay(replay, now, state)
    stream = Stream(_checked(world))
    stream.between(now - 60, now)  # draws the running hour's episodes, so that the first call is as fast as any
    return WithStaged(stream, staged_payments(stream, now, state)) if spree else stream


def _checked(world: World) -> World:
    try:
        local_seconds(world.time_zone, np.zeros(1, np.int64))
    except (ZoneInfoNotFoundError, ValueError):
        raise SimulatorError(f"{world.time_zone!r} is no time zone", "Write it as Europe/Berlin or UTC") from None
    return world


def _described(world: World, replay: Path | None) -> str:
    if replay:
        return f"replay of {replay.name}"
    return f"{world.rate:g} payments a minute, {world.card_count:,} cards, seed {world.seed}"


def _listen(host: str, port: int) -> socket.socket:
    try:
        listening = socket.create_server((host, port))
    except OSError as error:
        raise SimulatorError(
            f"cannot listen on {host}:{port} ({error.strerror or error})", "End what uses the port, or choose --port"
        ) from error
    listening.setblocking(False)
    return listening


def _moment(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SimulatorError(f"{text!r} is no time", "Write it as 2026-11-20T10:31Z") from None
    if moment.tzinfo is None:
        raise SimulatorError(f"the time {text} names no zone", "Add Z for UTC, or an offset like +02:00")
    return int(moment.timestamp())


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def main(arguments: list[str] | None = None) -> None:
    """Run the command; an error that the user can mend is one line on stderr and exit code 1."""
    try:
        app(arguments)
    except SimulatorError as error:
        typer.echo(f"payments-simulator: {error}", err=True)
        sys.exit(1)
