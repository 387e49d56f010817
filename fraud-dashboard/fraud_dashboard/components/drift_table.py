"""Drift as a table, feature by day, and in words. Pure: frames in, HTML and sentences out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any
from urllib.parse import quote

import pandas as pd

from fraud_dashboard.components.html import Html, safe
from fraud_dashboard.text import formats

PHONE_DAYS = 7
ANCHOR = "drift"
SIGNS = {"stable": "", "watch": "▲", "drifted": "✖", "too_few": "?", "young": "†"}
WORDS = {
    "stable": "stable",
    "watch": "worth watching",
    "drifted": "drifted",
    "too_few": "too few payments to say",
    "young": "looks back further than the stored payments reached",
}
KEY = {"stable": "below 0.1: stable", "watch": "0.1 to 0.25: worth watching", "drifted": "above 0.25: drifted"}
_COUNTED = {"watch": "worth watching", "young": "without enough history (†)", "stable": "stable"}
_MOST_NAMED = 5


@dataclass(frozen=True)
class Drift:
    """The days that were compared with training, and the index of each feature and day."""

    days: pd.DataFrame  # a row a day, of model_drift_days.sql
    cells: pd.DataFrame  # a row a day and feature; shown: its state, or young where a short history alone is to blame


def chosen(days: pd.DataFrame, cells: pd.DataFrame) -> Drift:
    """Keep for each day the model that decided most of its payments."""
    compared = days[days["compared"] > 0]
    kept = cells.merge(compared[["day", "model_hash"]], on=["day", "model_hash"])
    excused = kept["is_young"].astype(bool) & kept["state"].isin(["watch", "drifted"])
    return Drift(compared, kept.assign(shown=kept["state"].mask(excused, "young")))


def ranked(cells: pd.DataFrame) -> list[str]:
    """Features, the worst first: by the highest index that counts (neither young nor of too few), then by any."""
    counts = cells["shown"].isin(["watch", "drifted"])
    worst = cells["psi"].where(counts, 0).groupby(cells["feature"]).max()
    highest = cells.groupby("feature")["psi"].max()
    return sorted(highest.index, key=lambda name: (-worst[name], -highest[name], name))


def summary(found: Drift, today: date) -> str:
    """The latest day in a sentence, as Markdown: a day that is not over or not all there says so."""
    last = found.days.iloc[-1]
    cells = found.cells[found.cells["day"] == last["day"]]
    in_part = "" if last["whole_day"] else ", so far" if last["day"] == today else ", in part"
    day = f"**{formats.short_day(last['day'])}{in_part}**"
    if (cells["state"] == "too_few").all():
        return f"{day}: {formats.count(last['compared'], 'payment')}, too few to say whether anything drifted."
    drifted = cells[cells["shown"] == "drifted"].sort_values("psi", ascending=False)
    named = ", ".join(f"{name(row.feature)} {number(row.psi)}" for row in drifted.head(_MOST_NAMED).itertuples())
    more = f" and {len(drifted) - _MOST_NAMED} more" if len(drifted) > _MOST_NAMED else ""
    told = f"{formats.count(len(drifted), 'feature')} drifted: {named}{more}" if len(drifted) else "no feature drifted"
    counts = cells["shown"].value_counts()
    others = [f"{counts[state]} {word}" for state, word in _COUNTED.items() if state in counts]
    return f"{day}: {'; '.join([told, ', '.join(others)]) if others else told}."


def number(psi: float) -> str:
    """An index in four characters; never rounded up over a limit.

    >>> number(0.031), number(0.0999), number(12.34)
    ('0.03', '0.09', '12')
    """
    return f"{math.floor(psi * 100 + 1e-9) / 100:.2f}" if psi < 10 else f"{psi:.0f}"


def name(feature: str) -> str:
    """A feature's name for people.

    >>> name("card_count_7d")
    'card count 7d'
    """
    return formats.plain(feature)


def heat_map(found: Drift) -> Html:
    """A table of features by day, the worst first; features that were stable on every day are folded away."""
    days = list(found.days["day"])
    calm = found.cells.groupby("feature")["shown"].agg(lambda shown: bool((shown == "stable").all()))
    names = ranked(found.cells)
    moved, still = [one for one in names if not calm[one]], [one for one in names if calm[one]]
    table = _table(found.cells, moved, days) if moved else ""
    if still:
        told = f"{formats.count(len(still), 'feature')} stable on every day"
        rest = _table(found.cells, still, days)
        table += f'<details class="fd-drift-more"><summary>{told}</summary>{rest}</details>'
    return Html(f'{table}<div class="fd-key">{_key(found.cells)}</div>')


def _key(cells: pd.DataFrame) -> str:
    seen = set(cells["shown"])
    told = KEY | {state: WORDS[state] for state in ("young", "too_few") if state in seen}
    return "".join(
        f'<span><span class="fd-drift-cell {state}">{SIGNS[state] or "0.0"}</span>{text}</span>'
        for state, text in told.items()
    )


def _table(cells: pd.DataFrame, names: list[str], days: list[date]) -> str:
    by_place = {(row["feature"], row["day"]): row for row in cells.to_dict("records") if row["feature"] in names}
    minor = ["minor" if place < len(days) - PHONE_DAYS else "" for place in range(len(days))]
    head = "".join(
        f'<th scope="col" class="{kind}">{day.day}<br>{day:%b}</th>' for day, kind in zip(days, minor, strict=True)
    )
    body = "".join(
        f'<tr><th scope="row"><a href="./model?feature={quote(one)}#{ANCHOR}" target="_self">{safe(name(one))}</a></th>'
        + "".join(_cell(by_place.get((one, day)), kind) for day, kind in zip(days, minor, strict=True))
        + "</tr>"
        for one in names
    )
    return (
        '<table class="fd-drift" aria-label="Population stability index by feature and day">'
        f'<thead><tr><th scope="col">PSI</th>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def _cell(row: Mapping[Any, Any] | None, kind: str) -> str:
    if row is None:
        return f'<td class="{kind}"><span class="fd-drift-cell none">–</span></td>'
    shown = str(row["shown"])
    told = escape(f"{WORDS[shown]}; {row['missing_share']:.1%} missing")
    sign = f"<i>{SIGNS[shown]}</i>" if SIGNS[shown] else ""
    index = number(row["psi"])
    return f'<td class="{kind}"><span class="fd-drift-cell {shown}" title="{told}">{index}{sign}</span></td>'
