"""Charts, drawn in the browser from a few numbers. Their colours read on light and dark; shapes say the same."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

Chart = Any  # Altair types a layered chart as one of several classes

BLUE = "#4a7fd0"
ORANGE = "#d9622b"
GREY = "#8a93a3"
GREEN = "#3c9a66"

OUTLINE = Path(__file__).with_name("us_outline.json")
US = {"south": 24.0, "north": 50.0, "west": -125.5, "east": -66.0}


def hours(day: pd.DataFrame, value: str, title: str, colour: str) -> Chart:
    """Bars of a day's 24 local hours, the usual as a line of steps over them.

    Args:
        day: columns local_hour, ``value``, ``usual`` (null: no usual known).
        value: the column that is drawn.
        title: of the vertical axis.
        colour: of the bars.
    """
    hour = alt.X("local_hour:O", title="local hour", axis=alt.Axis(labelAngle=0, values=list(range(0, 24, 3))))
    tooltip = [
        alt.Tooltip("local_hour:O", title="hour"),
        alt.Tooltip(f"{value}:Q", title=title, format=",.0f"),
        alt.Tooltip("usual:Q", title="usual", format=",.1f"),
    ]
    bars = (
        alt.Chart(day)
        .mark_bar(color=colour, cornerRadiusEnd=2)
        .encode(x=hour, y=alt.Y(f"{value}:Q", title=title, axis=alt.Axis(tickMinStep=1, tickCount=4)), tooltip=tooltip)
    )
    usual = (
        alt.Chart(day.dropna(subset=["usual"]))
        .mark_tick(color=GREY, thickness=3, width=alt.RelativeBandSize(1.0))
        .encode(x=hour, y=alt.Y("usual:Q"), tooltip=tooltip)
    )
    return alt.layer(bars, usual).properties(height=210)


def places(flagged: pd.DataFrame) -> Chart:
    """Flagged payments where their merchants are; the United States' outline if they lie there. No map server is asked.

    Args:
        flagged: columns merch_lat, merch_long, amount, merchant, when, chance (texts).
    """
    in_us = _in_us(flagged)
    ground = _outline() if in_us else _graticule()
    points = (
        alt.Chart(flagged)
        .mark_circle(color=ORANGE, opacity=0.65, stroke="white", strokeWidth=0.6)
        .encode(
            longitude="merch_long:Q",
            latitude="merch_lat:Q",
            size=alt.Size("amount:Q", title="amount", scale=alt.Scale(range=[30, 700]), legend=None),
            tooltip=[
                alt.Tooltip("merchant:N"),
                alt.Tooltip("place:N"),
                alt.Tooltip("money:N", title="amount"),
                alt.Tooltip("when:N", title="local time"),
                alt.Tooltip("chance:N", title="probability"),
            ],
        )
    )
    projection: Any = "albersUsa" if in_us else "equirectangular"
    return alt.layer(ground, points).project(projection).properties(height=330)


def _in_us(flagged: pd.DataFrame) -> bool:
    north_south = flagged["merch_lat"].between(US["south"], US["north"])
    return bool((north_south & flagged["merch_long"].between(US["west"], US["east"])).all())


def _graticule() -> Chart:
    return alt.Chart(alt.graticule(step=[5, 5])).mark_geoshape(stroke=GREY, strokeWidth=0.4, filled=False)


def _outline() -> Chart:
    return alt.Chart(alt.InlineData(values=[_us_outline()])).mark_geoshape(
        fill=GREY, fillOpacity=0.13, stroke=GREY, strokeWidth=1
    )


@lru_cache(maxsize=1)
def _us_outline() -> dict[str, object]:
    outline: dict[str, object] = json.loads(OUTLINE.read_text())
    return outline
