"""``python -m fraud_stack start | stop | clean``: what `make run`, `make stop` and `make clean` call."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fraud_scorer.cli.output import console
from fraud_scorer.settings import load_settings, named_data_dir

if TYPE_CHECKING:
    from fraud_stack.clean import Written

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Everything that is written; else FRAUD_DATA_DIR, .data"),
]


app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def start(
    pace: Annotated[int, typer.Option(min=1, help="Payments a minute that the simulator plays")] = 20,
    scorer: Annotated[Literal["auto", "local", "sagemaker"], typer.Option(help="As the setting SCORER")] = "auto",
    endpoint: Annotated[
        bool | None,
        typer.Option(help="Score on a local twin of the SageMaker endpoint; by default with --scorer sagemaker"),
    ] = None,
    data_dir: DataDir = None,
    history_days: Annotated[int, typer.Option(min=0, help="Days of past payments the first start imports")] = 8,
    ports: Annotated[str, typer.Option(help="Ports to move, e.g. airflow=8081,dashboard=8502")] = "",
) -> None:
    """Start everything on this machine and keep it up until Ctrl-C: `make run`."""
    from fraud_scorer.wiring.alert_routing import rules_as_written
    from fraud_stack.options import StackOptions, parse_ports
    from fraud_stack.run import run_stack

    folder = _folder(data_dir)
    rules_as_written(load_settings())  # what is wrong in .env, the environment or the rules is said at once
    options = StackOptions(
        checkout=Path.cwd(),
        data_dir=folder,
        pace=pace,
        history_days=history_days,
        scorer=scorer,
        endpoint=scorer == "sagemaker" if endpoint is None else endpoint,
        ports=parse_ports(ports),
    )
    raise typer.Exit(run_stack(options))


@app.command()
def stop(data_dir: DataDir = None) -> None:
    """End what `make run` started, from another terminal: `make stop`. Also what a killed one left."""
    from fraud_stack.options import StackOptions
    from fraud_stack.stop import stop_stack

    folder = _folder(data_dir)
    ended = stop_stack(StackOptions(Path.cwd(), folder))
    console.print(f"the stack on {folder} is ended" if ended else f"no stack runs on {folder}", highlight=False)


@app.command()
def clean(
    data_dir: DataDir = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove them; else they are only listed")] = False,
    leftovers: Annotated[
        bool, typer.Option("--leftovers", help="Only databases whose data folder is not there: of removed clones")
    ] = False,
) -> None:
    """List what this stack wrote, or with --leftovers what others left; with --yes remove it for good: `make clean`."""
    from fraud_stack.clean import left_over, remove_left_over, remove_written, written
    from fraud_stack.options import StackOptions

    options = StackOptions(Path.cwd(), _folder(data_dir))
    found = left_over() if leftovers else written(options)
    _list(found)
    if not found:
        console.print("there is nothing to remove")
    elif not yes:
        console.print("nothing was removed. The same with YES=1 (--yes) removes all of it for good", highlight=False)
    else:
        remove_left_over(found) if leftovers else remove_written(options)
        console.print("all of it is removed")
    if not leftovers and left_over():
        told = "databases whose data folder is not there stay: make clean ARGS=--leftovers lists them"
        console.print(told, highlight=False)


def _list(found: list[Written]) -> None:
    for one in found:
        console.print(f"{one.bytes_used / 1e6:8.0f} MB  {one.folder}  {one.what}", highlight=False, markup=False)


def _folder(chosen: Path | None) -> Path:
    """The data folder that is meant; one that was named is it for the settings too, never another stack's."""
    if chosen is not None:
        os.environ["FRAUD_DATA_DIR"] = str(chosen.absolute())
    return named_data_dir().resolve()
