"""``fraud-scorer``: the pipeline's commands.

Exit codes: 0 done, 1 failed, 2 used wrongly. Results go to standard output (``--json`` where a script would read
them), everything else to standard error.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from fraud_common.errors import FraudScorerError, SettingsError, StoreUnavailable
from fraud_common.logs import configure_logging, without_card_numbers
from fraud_scorer.cli import (
    alerts,
    batch,
    daily,
    drift,
    evaluation,
    labels,
    model,
    pipeline,
    quarantine,
    sagemaker,
    system,
    training,
    upkeep,
    watch,
)
from fraud_scorer.settings import generated_file

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
SERVERS = ("watch", "serve-model")  # their events are all that they say
COMMANDS = (  # in the order in which --help lists them
    pipeline, batch, daily, drift, quarantine, alerts, labels, upkeep, watch, system, training,
    model, evaluation, sagemaker,
)  # fmt: skip
for commands in COMMANDS:
    commands.register(app)


@app.callback()
def before_any_command(
    context: typer.Context,
    data_dir: Annotated[
        Path | None, typer.Option(help="The data folder of the stack that is meant (as FRAUD_DATA_DIR); else .data")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log each step to standard error")] = False,
) -> None:
    """Scores payments minute by minute, e-mails what looks like fraud, keeps the daily report."""
    if context.invoked_subcommand not in SERVERS and not verbose:
        configure_logging(level=logging.WARNING)  # what a command did is its result
    if data_dir is not None:
        os.environ["FRAUD_DATA_DIR"] = str(data_dir.absolute())
        _refuse_where_no_stack_was(data_dir.absolute())


def _refuse_where_no_stack_was(data_dir: Path) -> None:
    if not generated_file().is_file():
        raise SettingsError(
            f"no stack was started on {data_dir}: it holds no {generated_file().name}",
            f"Name another, or start one there: make run DATA_DIR={data_dir}",
        )


def _with_its_cause(error: FraudScorerError) -> FraudScorerError:
    if not isinstance(error, StoreUnavailable | SettingsError):
        return error
    if isinstance(error, SettingsError) and "fraud_db" not in error.what:
        return error  # the settings themselves may be what is wrong
    from fraud_scorer.settings import load_settings
    from fraud_scorer.use_cases.local_stack import with_its_cause

    return with_its_cause(error, load_settings())


def main() -> None:
    """Run the command line."""
    run(app)


def run(commands: typer.Typer) -> None:
    """Run ``commands``; an error of ours is one line that says what happened and what to do."""
    configure_logging()
    try:
        commands()
    except FraudScorerError as raised:
        error = _with_its_cause(raised)
        text = escape(without_card_numbers(str(error)))
        Console(stderr=True, soft_wrap=True).print(f"[bold red]error:[/] {text}", highlight=False)
        sys.exit(2 if isinstance(error, SettingsError) else 1)
    except Exception:  # nobody foresaw it: its text may quote a payment
        sys.stderr.write(without_card_numbers(traceback.format_exc()))
        sys.exit(1)
