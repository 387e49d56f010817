"""`fraud-scorer alerts`: list the messages about frauds, and queue refused ones again."""

from __future__ import annotations

from typing import Annotated

import typer

from fraud_common.errors import SettingsError
from fraud_scorer import wiring
from fraud_scorer.cli.output import AsJson, Last, print_json, table_of, tell
from fraud_scorer.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add the alerts' commands to the command line."""
    group = typer.Typer(help="Messages about frauds.", no_args_is_help=True)
    group.command("list")(alerts_list)
    group.command("retry")(alerts_retry)
    app.add_typer(group, name="alerts")


def alerts_list(
    status: Annotated[
        list[str] | None, typer.Option(help="pending, failed, sent or suppressed; again for several")
    ] = None,
    last: Last = 50,
    as_json: AsJson = False,
) -> None:
    """List messages that wait or were refused, latest first, or messages of other states."""
    states = ("pending", "failed", "sent", "suppressed")
    if unknown := set(status or ()) - set(states):
        raise SettingsError(f"no such state: {', '.join(sorted(unknown))}", f"There are {', '.join(states)}")
    rows = wiring.Parts(load_settings()).database.outbox.listed(status or ("pending", "failed"), last)
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
    tell({"queued": wiring.Parts(load_settings()).database.outbox.retry(message_ids or None, held=held)}, as_json)
