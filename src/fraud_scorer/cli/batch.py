"""Batches that wait, failed or were passed: see them, pass one, load one."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from fraud_common.errors import SettingsError
from fraud_common.logs import without_card_numbers
from fraud_scorer import wiring
from fraud_scorer.cli.output import AsJson, Last, print_json, table_of, tell
from fraud_scorer.domain.batches import Batch
from fraud_scorer.settings import load_settings

Id = Annotated[str, typer.Argument(metavar="ID", help="Its name in the list, e.g. 2026-11-20T10:31Z")]

batch = typer.Typer(help="What landed, and is not loaded.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    batch.command("list")(batch_list)
    batch.command("pass")(batch_pass)
    batch.command("retry")(batch_retry)
    app.add_typer(batch, name="batch")


def batch_list(last: Last = 50, as_json: AsJson = False) -> None:
    """What waits, in the order in which it is loaded, then what failed or was passed: its size, and what runs met.

    attempts: runs that took it; unanswered: of the last ones, those that died or ran out of time (lone: over it alone,
    at the third it is passed); refusals: runs in which it alone was refused (at the fifth it is passed).
    """
    parts = wiring.Parts(load_settings())
    rows = parts.database.store.troubled(last)
    if as_json:
        print_json(rows)
        return
    columns = ("batch_id", "state", "byte_count", "attempts", "unanswered", "lone_unanswered", "refusals")
    table_of(rows, (*columns, "landed_at", "passed_at", "passed_for", "error"), "nothing waits, and nothing has failed")


def batch_pass(
    batch_id: Id,
    why: Annotated[str, typer.Option(help="Why, for the ledger; no card data")],
    by: Annotated[str, typer.Option(help="Who says it; else this shell's user")] = "",
    as_json: AsJson = False,
) -> None:
    """Pass a batch: those behind it wait for it no more. Its bytes are kept, and `batch retry` loads it after all."""
    from fraud_scorer.use_cases.pipeline.landing_order import pass_batch

    if not why.strip():
        raise SettingsError("--why is empty", "Say why: it is what your colleagues read in the ledger")
    who = without_card_numbers(by.strip()) or getpass.getuser()
    pass_batch(wiring.Parts(load_settings()), Batch.of_id(batch_id), by=who, why=why.strip())
    tell({"passed": batch_id, "by": who}, as_json)


def batch_retry(batch_id: Id, as_json: AsJson = False) -> None:
    """Load a batch here and now, by this process and in its memory: one that waits, failed or was passed.

    What waits and landed before it is loaded first. Safe to run again.
    """
    from fraud_scorer.use_cases.pipeline.landing_order import retry_batch

    tell(retry_batch(wiring.Parts(load_settings()), Batch.of_id(batch_id)), as_json)
