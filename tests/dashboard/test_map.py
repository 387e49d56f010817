"""The map of flagged payments: fitted to them wherever they lie."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_dashboard.charts import map_area, map_chart
from fraud_dashboard.charts.map_area import Box

POINTS = st.lists(st.tuples(st.floats(-179, 179), st.floats(-69, 79)), min_size=1, max_size=20)
EUROPE = [(13.4, 52.5), (2.35, 48.86), (-3.7, 40.4)]
HAWAII_TO_MAINE = [(-157.8, 21.3), (-149.9, 61.2), (-70.3, 43.7)]


@given(POINTS)
def test_every_point_lies_in_the_box(points: list[tuple[float, float]]) -> None:
    """With a margin, and within the world."""
    box = map_area.box_around(points)
    assert -180 <= box.west < box.east <= 180
    assert map_area.SOUTHERNMOST <= box.south < box.north <= map_area.NORTHERNMOST
    assert all(box.west < long < box.east and box.south < lat < box.north for long, lat in points)


@pytest.mark.parametrize("points", [EUROPE, HAWAII_TO_MAINE, [(-95.4, 29.8)]])
def test_the_box_is_as_wide_as_a_chart_and_no_larger_than_it_must_be(points: list[tuple[float, float]]) -> None:
    """Not the world with the points in a corner: they span most of the width or of the height."""
    box = map_area.box_around(points)
    longs, lats = zip(*points, strict=True)
    wide = box.east - box.west
    high = map_area.mercator(box.north) - map_area.mercator(box.south)
    assert 1.4 < wide * 0.017453 / high < 2.1
    if len(points) > 1:
        drawn = map_area.mercator(max(lats)) - map_area.mercator(min(lats))
        assert max((max(longs) - min(longs)) / wide, drawn / high) > 0.8


@given(POINTS)
def test_the_grid_names_a_few_round_degrees_inside(points: list[tuple[float, float]]) -> None:
    """Never none on both sides, never a lattice."""
    box = map_area.box_around(points)
    meridians, parallels = map_area.grid(box)
    assert 1 <= len(meridians) <= 12
    assert all(box.west < long < box.east for long in meridians)
    assert all(box.south < lat < box.north for lat in parallels)


@given(POINTS)
def test_land_is_cut_at_the_box(points: list[tuple[float, float]]) -> None:
    """Nothing sticks out, and what is left is closed."""
    box = map_area.box_around(points)
    for ring in map_chart.us_rings():
        part = map_area.clipped(ring, box)
        assert all(box.west <= long <= box.east and box.south - 1e-9 <= lat <= box.north + 1e-9 for long, lat in part)
        assert not part or part[0] == part[-1]


def test_a_ring_is_cut_where_it_leaves() -> None:
    """A square that lies half inside: the half."""
    square = [(0.0, 0.0), (0.0, 2.0), (2.0, 2.0), (2.0, 0.0), (0.0, 0.0)]
    found = map_area.clipped(square, Box(1.0, -1.0, 5.0, 5.0))
    assert set(found) == {(1.0, 0.0), (1.0, 2.0), (2.0, 2.0), (2.0, 0.0)}
    assert map_area.clipped(square, Box(3.0, 3.0, 5.0, 5.0)) == []


def test_outlines_run_clockwise() -> None:
    """The other way round would be all the world but that land."""
    for ring in map_chart.us_rings():
        twice_area = sum(x * y_next - x_next * y for (x, y), (x_next, y_next) in pairwise(ring))
        assert twice_area < 0
        assert ring[0] == ring[-1]


@pytest.mark.parametrize(("points", "has_land"), [(EUROPE, False), (HAWAII_TO_MAINE, True)])
def test_the_chart_holds_land_only_where_we_have_its_outline(points: list[tuple[float, float]], has_land: bool) -> None:
    """Elsewhere the grid of degrees stands alone."""
    longs, lats = zip(*points, strict=True)
    texts = {"merchant": "m", "money": "1.00 USD", "when": "now", "chance": "99%"}
    flagged = pd.DataFrame({"merch_lat": lats, "merch_long": longs, "amount": 1.0}).assign(**texts)
    chart = map_chart.places(flagged).to_dict()
    land, grid = (chart["datasets"][layer["data"]["name"]] for layer in chart["layer"][:2])
    assert bool(land) == has_land
    assert len(grid) > 3
