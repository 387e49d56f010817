"""Charts, drawn in the browser from a few numbers. Their colours read on light and dark; shapes say the same."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

Chart = Any  # Altair types a layered chart as one of several classes

BLUE = "#4a7fd0"
ORANGE = "#d9622b"
GREY = "#8a93a3"
GREEN = "#3c9a66"
WIDE_DAYS = 10  # fewer days leave room behind them: a bar is never wider than of so many

KINDS = {
    "other": ("circle", GREY, 55),
    "flagged": ("triangle-up", ORANGE, 130),
    "known fraud": ("cross", "#c23b4a", 130),
    "this payment": ("diamond", BLUE, 260),
}


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


def card_line(payments: pd.DataFrame) -> Chart:
    """A card's payments over time, by amount; shape and colour both tell flagged payments and frauds apart.

    Args:
        payments: columns at, amount, what (a key of KINDS), merchant, money and when (texts).
    """
    kinds = list(KINDS)
    shapes, colours, sizes = zip(*KINDS.values(), strict=True)
    return (
        alt.Chart(payments)
        .mark_point(filled=True, opacity=0.9)
        .encode(
            x=alt.X("at:T", title=None, axis=_times(payments["at"]), scale=alt.Scale(padding=14)),
            y=alt.Y("amount:Q", title="amount"),
            shape=alt.Shape("what:N", scale=alt.Scale(domain=kinds, range=list(shapes)), legend=None),
            color=alt.Color("what:N", scale=alt.Scale(domain=kinds, range=list(colours)), legend=None),
            size=alt.Size("what:N", scale=alt.Scale(domain=kinds, range=list(sizes)), legend=None),
            tooltip=[
                alt.Tooltip("merchant:N"),
                alt.Tooltip("money:N", title="amount"),
                alt.Tooltip("when:N", title="local time"),
                alt.Tooltip("what:N", title="state"),
            ],
        )
        .properties(height=230)
    )


def _times(at: pd.Series[Any]) -> alt.Axis:
    """An axis that names no day twice: ticks on whole days, at most about eight; the hour too within two days."""
    days = (at.max() - at.min()).days
    if days < 2:
        return alt.Axis(format="%-d %b, %H:%M", tickCount=4, labelOverlap="greedy")
    return alt.Axis(format="%-d %b", tickCount={"interval": "day", "step": days // 8 + 1}, labelOverlap="greedy")


def flags(days: pd.DataFrame) -> Chart:
    """Flagged payments by day, stacked by their later label (columns day, became, payments)."""
    names, colours = ["fraud", "not fraud", "not known yet"], ["#c23b4a", GREEN, GREY]
    every = [f"{day.day} {day:%b}" for day in pd.date_range(days["day"].min(), days["day"].max())]
    name = pd.to_datetime(days["day"]).map(lambda day: f"{day.day} {day:%b}")
    legend = alt.Legend(orient="top", title=None, offset=4)
    blanks = ["\u200b" * number for number in range(1, WIDE_DAYS - len(every) + 1)]
    room = alt.Scale(domain=every + blanks, paddingInner=0.2)
    return (
        alt.Chart(days.assign(place=days["became"].map(names.index), name=name))
        .mark_bar()
        .encode(
            x=alt.X(
                "name:O",
                title=None,
                sort=None,
                scale=room,
                axis=alt.Axis(labelAngle=0, labelOverlap="greedy"),
            ),
            y=alt.Y("payments:Q", title="flagged payments", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color(
                "became:N",
                scale=alt.Scale(domain=names, range=colours),
                legend=legend,
            ),
            order=alt.Order("place:Q"),
            tooltip=[alt.Tooltip("name:O", title="day"), "became:N", "payments:Q"],
        )
        .properties(height=230)
    )


def calibration(groups: pd.DataFrame) -> Chart:
    """Share of frauds over the probability said (columns said, seen, payments); the diagonal is right."""
    share = alt.Axis(format="%", tickCount=5)
    diagonal = (
        alt.Chart(pd.DataFrame({"said": [0, 1], "seen": [0, 1]}))
        .mark_line(color=GREY, strokeDash=[5, 4])
        .encode(x="said:Q", y="seen:Q")
    )
    points = (
        alt.Chart(groups)
        .mark_line(color=BLUE, point=alt.OverlayMarkDef(size=70, filled=True, color=BLUE))
        .encode(
            x=alt.X("said:Q", title="said", axis=share, scale=alt.Scale(domain=[0, 1])),
            y=alt.Y("seen:Q", title="came true", axis=share, scale=alt.Scale(domain=[0, 1])),
            tooltip=[
                alt.Tooltip("said:Q", format=".1%"),
                alt.Tooltip("seen:Q", title="came true", format=".1%"),
                alt.Tooltip("payments:Q", format=","),
            ],
        )
    )
    return alt.layer(diagonal, points).properties(height=260)


def distribution(groups: pd.DataFrame) -> Chart:
    """Payments by probability, on a logarithmic scale (columns percent: the group's lower end, payments)."""
    ticks = alt.Axis(values=[0, 20, 40, 60, 80], labelAngle=0, labelExpr="datum.value + '%'")
    return (
        alt.Chart(groups)
        .mark_bar(color=BLUE, cornerRadiusEnd=2)
        .encode(
            x=alt.X("percent:O", title="probability, from", axis=ticks),
            y=alt.Y(
                "payments:Q", scale=alt.Scale(type="symlog"), axis=alt.Axis(values=[1, 10, 100, 1e3, 1e4, 1e5, 1e6])
            ),
            tooltip=[alt.Tooltip("percent:O", title="from (%)"), alt.Tooltip("payments:Q", format=",")],
        )
        .properties(height=260)
    )
