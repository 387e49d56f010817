"""Keeping the data in order: rebuild the run ledger from landing, and purge what is old."""

from __future__ import annotations

from typing import Annotated

import typer

from fraud_scorer import wiring
from fraud_scorer.cli.output import AsJson, tell
from fraud_scorer.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add `landing rebuild` and `housekeeping` to the command line."""
    group = typer.Typer(help="The raw answers.", no_args_is_help=True)
    group.command("rebuild")(landing_rebuild)
    app.add_typer(group, name="landing")
    app.command()(housekeeping)


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

    tell(vars(rebuild_ledger(wiring.Parts(load_settings()), take_over=take_over, pass_lost=pass_lost)), as_json)


def housekeeping(as_json: AsJson = False) -> None:
    """Once a day: purge what is older than the settings FRAUD_…_KEEP_DAYS allow, and write down how much went."""
    from fraud_scorer.use_cases.housekeeping import run_housekeeping

    tell(vars(run_housekeeping(wiring.Parts(load_settings()))), as_json)
