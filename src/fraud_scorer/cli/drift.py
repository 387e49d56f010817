"""How far a day's payments lie from those the model was measured on."""

from __future__ import annotations

from typing import Any

import typer
from rich.table import Table

from fraud_scorer import wiring
from fraud_scorer.cli.daily import Day
from fraud_scorer.cli.output import AsJson, console, print_json
from fraud_scorer.settings import load_settings

_WORDS = {"stable": "stable", "watch": "watch", "drifted": "DRIFTED", "too_few": "too few payments"}


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(drift)


def drift(day: Day = None, as_json: AsJson = False) -> None:
    """Compare a day (today: as far as it has come) with the model's training, feature by feature, and keep the result.

    Without --day every missed day that is over and loaded. The population stability index (PSI): below 0.1 stable, to
    0.25 worth watching, above it another population.
    """
    from fraud_scorer.operations.drift import drift as compare

    result = compare(wiring.Parts(load_settings()), day)
    if as_json:
        print_json(result)
        return
    for done in result["days"]:
        so_far = "" if done["is_over"] else ", so far"
        console.print(f"{done['day']}{so_far}: {done['compared']:,} of {done['payments']:,} payments compared")
        if done["features"] and day:
            console.print(_table(done["features"]))
        elif done["features"]:
            console.print(f"  {_worst(done['features'])}", highlight=False)
    if any(_star(one) for done in result["days"] for one in done["features"]):
        console.print("* looks back further than fraud_db's payments reached on that day")
    if result["note"]:
        console.print(result["note"], highlight=False)


def _worst(features: list[dict[str, Any]]) -> str:
    found = [f"{one['feature']}{_star(one)} {one['psi']:.2f}" for one in features if one["state"] == "drifted"]
    return f"drifted: {', '.join(found)}" if found else "no feature has drifted"


def _star(feature: dict[str, Any]) -> str:
    return "*" if feature["is_young"] and feature["state"] != "stable" else ""


def _table(features: list[dict[str, Any]]) -> Table:
    table = Table("feature", "PSI", "", "missing", "most apart", box=None)
    for one in features:
        apart = [abs(now - then) for now, then in zip(one["day_shares"], one["reference_shares"], strict=True)]
        place = apart.index(max(apart))
        shares = f"{one['reference_shares'][place]:.1%} → {one['day_shares'][place]:.1%}"
        table.add_row(
            one["feature"] + _star(one), f"{one['psi']:.3f}", _WORDS[one["state"]], f"{one['missing_share']:.1%}",
            f"{one['bins'][place]}: {shares}",
        )  # fmt: skip
    return table
