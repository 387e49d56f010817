"""Flagged payments on a map of the part of the world they lie in. No map server is asked."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

from fraud_dashboard.charts.map_area import Box, Point, Ring, box_around, clipped, degrees_text, grid
from fraud_dashboard.charts.plots import GREY, ORANGE, Chart

OUTLINE = Path(__file__).with_name("us_outline.json")
HEIGHT = 330
LABELS_FROM, LABELS_TO = 0.06, 0.9  # of the width or height: labels neither meet in the corner nor leave the map


def places(flagged: pd.DataFrame) -> Chart:
    """The merchants on a map fitted to them, with a grid of degrees, and the United States' outline where it is near.

    Args:
        flagged: columns merch_lat, merch_long (degrees, no nulls), amount, merchant, money, when, chance (texts).
    """
    box = box_around(zip(flagged["merch_long"], flagged["merch_lat"], strict=True))
    layers = [_land(box), _lines(box), _labels(box), _points(flagged)]
    # precision 0: lines are drawn straight, as they were cut at the box
    return alt.layer(*layers).project("mercator", precision=0).properties(height=HEIGHT)


def _points(flagged: pd.DataFrame) -> Chart:
    return (
        alt.Chart(flagged)
        .mark_circle(color=ORANGE, opacity=0.65, stroke="white", strokeWidth=0.6)
        .encode(
            longitude="merch_long:Q",
            latitude="merch_lat:Q",
            size=alt.Size("amount:Q", title="amount", scale=alt.Scale(range=[30, 500]), legend=None),
            tooltip=[
                alt.Tooltip("merchant:N"),
                alt.Tooltip("money:N", title="amount"),
                alt.Tooltip("when:N", title="local time"),
                alt.Tooltip("chance:N", title="probability"),
            ],
        )
    )


def _land(box: Box) -> Chart:
    rings = [ring for ring in (clipped(ring, box) for ring in us_rings()) if ring]
    return _shapes("Polygon", [[ring] for ring in rings]).mark_geoshape(
        fill=GREY, fillOpacity=0.16, stroke=GREY, strokeWidth=1
    )


def _lines(box: Box) -> Chart:
    meridians, parallels = grid(box)
    lines = [*box.edges(), *map(box.meridian, meridians), *map(box.parallel, parallels)]
    return _shapes("LineString", lines).mark_geoshape(filled=False, stroke=GREY, strokeWidth=0.5, strokeOpacity=0.6)


def _labels(box: Box) -> Chart:
    """Each meridian's degrees at the lower edge, each parallel's at the left one."""
    meridians, parallels = grid(box)
    wide, high = box.east - box.west, box.north - box.south
    labels = [
        (long, box.south, degrees_text(long, "E", "W"))
        for long in meridians
        if LABELS_FROM * wide < long - box.west < LABELS_TO * wide
    ]
    labels += [
        (box.west, lat, degrees_text(lat, "N", "S")) for lat in parallels if lat - box.south > LABELS_FROM * high
    ]
    frame = pd.DataFrame(labels, columns=["long", "lat", "degrees"])
    return (
        alt.Chart(frame)
        .mark_text(color=GREY, align="left", baseline="bottom", dx=4, dy=-3, fontSize=11)
        .encode(longitude="long:Q", latitude="lat:Q", text="degrees:N")
    )


def _shapes(kind: str, coordinates: list[Any]) -> alt.Chart:
    shapes = [
        {"type": "Feature", "properties": {}, "geometry": {"type": kind, "coordinates": each}} for each in coordinates
    ]
    return alt.Chart(alt.InlineData(values=shapes))


@lru_cache(maxsize=1)
def us_rings() -> tuple[Ring, ...]:
    """The outlines of the United States' parts, closed, clockwise."""
    polygons = json.loads(OUTLINE.read_text())["geometry"]["coordinates"]
    return tuple(_ring(polygon[0]) for polygon in polygons)


def _ring(points: list[list[float]]) -> list[Point]:
    return [(long, lat) for long, lat in points]
