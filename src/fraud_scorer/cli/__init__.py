"""``fraud-scorer``: the pipeline's commands.

Exit codes: 0 done, 1 failed, 2 used wrongly. Results go to standard output (``--json`` where a script would read
them), everything else to standard error.
"""

from __future__ import annotations

import sys

import typer
from rich.console import Console
from rich.markup import escape

from fraud_scorer.cli import daily, desk, pipeline, sagemaker, system, training
from fraud_scorer.errors import FraudScorerError, SettingsError
from fraud_scorer.logs import configure_logging

app = typer.Typer(
    help="Scores payments minute by minute, e-mails what looks like fraud, keeps the daily report.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for commands in (pipeline, daily, desk, system, training, sagemaker):
    commands.register(app)


def main() -> None:
    """Run the command line; an error of ours is one line that says what happened and what to do."""
    configure_logging()
    try:
        app()
    except FraudScorerError as error:
        Console(stderr=True, soft_wrap=True).print(f"[bold red]error:[/] {escape(str(error))}", highlight=False)
        sys.exit(2 if isinstance(error, SettingsError) else 1)
