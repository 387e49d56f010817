"""How far a day's payments lie from those the model was measured on."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import typer
from rich.table import Table

from fraud_common.text import count_text
from fraud_scorer import wiring
from fraud_scorer.cli.daily import Day
from fraud_scorer.cli.output import AsJson, console, print_json
from fraud_scorer.settings import load_settings

# marks and words as on the dashboard's Model page
_MARKED = {
    "stable": "stable",
    "watch": "▲ worth watching",
    "drifted": "✖ drifted",
    "too_few": "? too few payments to say",
    "young": "† does not count",
}
_COUNTED = {"watch": "worth watching", "young": "without enough history (†)", "stable": "stable"}
_MOST_NAMED = 5
_DAGGER = "† without enough history: it looks back further than the stored payments reached, and so does not count"


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(drift)


def drift(day: Day = None, as_json: AsJson = False) -> None:
    """Compare a day (today: as far as it has come) with the model's training, feature by feature, and keep the result.

    Without --day every missed day that is over and loaded. The population stability index (PSI): below 0.1 stable, to
    0.25 worth watching, above it another population.
    """
    from fraud_scorer.use_cases.drift import drift as compare

    result = compare(wiring.Parts(load_settings()), day)
    if as_json:
        print_json(result)
        return
    for done in result["days"]:
        _print_day(done, every_figure=day is not None)
    if any(_shown(one) == "young" for done in result["days"] for one in done["features"]):
        console.print(_DAGGER)
    if result["note"]:
        console.print(result["note"], highlight=False)


def _print_day(done: dict[str, Any], *, every_figure: bool) -> None:
    so_far = "" if done["is_over"] else ", so far"
    count = f"{done['compared']:,} of {done['payments']:,} payments compared"
    if not done["features"]:
        console.print(f"{done['day']}{so_far}: {count}", highlight=False)
        return
    console.print(f"{done['day']}{so_far}: {summary(done['features'], done['compared'])}", highlight=False)
    if every_figure:
        console.print(f"{count}\n", highlight=False)
        console.print(_table(done["features"]))


def summary(features: list[dict[str, Any]], compared: int) -> str:
    """A day in a sentence, word for word the Model page's.

    Args:
        features: of one day, the farthest first; at least one.
        compared: payments of that day that were compared.
    """
    if all(one["state"] == "too_few" for one in features):
        return f"{count_text(compared, 'payment')}, too few to say whether anything drifted."
    counts = Counter(_shown(one) for one in features)
    others = ", ".join(f"{counts[shown]} {word}" for shown, word in _COUNTED.items() if counts[shown])
    return f"{'; '.join(filter(None, [_told(features), others]))}."


def _told(features: list[dict[str, Any]]) -> str:
    drifted = [one for one in features if _shown(one) == "drifted"]
    if not drifted:
        return "no feature drifted"
    named = ", ".join(f"{one['feature'].replace('_', ' ')} {_number(one['psi'])}" for one in drifted[:_MOST_NAMED])
    more = f" and {len(drifted) - _MOST_NAMED} more" if len(drifted) > _MOST_NAMED else ""
    return f"{count_text(len(drifted), 'feature')} drifted: {named}{more}"


def _number(psi: float) -> str:
    """An index in four characters, never rounded up over a limit."""
    return f"{math.floor(psi * 100 + 1e-9) / 100:.2f}" if psi < 10 else f"{psi:.0f}"


def _shown(feature: dict[str, Any]) -> str:
    """The feature's drift state; "young" where only a short history explains the index."""
    state: str = feature["state"]
    return "young" if feature["is_young"] and state in {"watch", "drifted"} else state


def _counting_first(feature: dict[str, Any]) -> tuple[bool, float]:
    return _shown(feature) not in {"drifted", "watch"}, -feature["psi"]


def _table(features: list[dict[str, Any]]) -> Table:
    table = Table("feature", "PSI", "", "missing", "most apart", box=None)
    for one in sorted(features, key=_counting_first):
        apart = [abs(now - then) for now, then in zip(one["day_shares"], one["reference_shares"], strict=True)]
        place = apart.index(max(apart))
        shares = f"{one['reference_shares'][place]:.1%} → {one['day_shares'][place]:.1%}"
        table.add_row(
            one["feature"], f"{one['psi']:.3f}", _MARKED[_shown(one)], f"{one['missing_share']:.1%}",
            f"{one['bins'][place]}: {shares}",
        )  # fmt: skip
    return table
