"""The part of the world that a map shows: a box around its points, its grid, and the land in it. Pure geometry."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Point = tuple[float, float]  # longitude, latitude; degrees
Ring = Sequence[Point]

MARGIN = 0.07  # of the points' own extent, on each side
LEAST_DEGREES = 5.0  # in all: nearer, the simplified outlines would mislead
WIDE, WIDEST = 1.5, 2.0  # width by height, as drawn
STEPS = (0.25, 0.5, 1, 2, 5, 10, 15, 20, 30)
NORTHERNMOST, SOUTHERNMOST = 80.0, -70.0
PARTS = 4  # of a parallel


@dataclass(frozen=True)
class Box:
    """Degrees, west below east and south below north."""

    west: float
    south: float
    east: float
    north: float

    def edges(self) -> list[list[Point]]:
        """Its four sides."""
        sides = [self.meridian(self.west), self.meridian(self.east)]
        return [*sides, self.parallel(self.south), self.parallel(self.north)]

    def meridian(self, long: float) -> list[Point]:
        """A line from the lower edge to the upper one."""
        return [(long, self.south), (long, self.north)]

    def parallel(self, lat: float) -> list[Point]:
        """A line from the left edge to the right one, in parts: over 180 degrees it would go round the other way."""
        return [(self.west + part * (self.east - self.west) / PARTS, lat) for part in range(PARTS + 1)]


def box_around(points: Iterable[Point]) -> Box:
    """A box with a margin around all points (at least one), about as wide as a chart is."""
    longs, lats = zip(*points, strict=True)
    side, height = _margin(longs), _margin(lats)
    return _as_wide_as_a_chart(
        Box(
            max(min(longs) - side, -180.0),
            max(min(lats) - height, SOUTHERNMOST),
            min(max(longs) + side, 180.0),
            min(max(lats) + height, NORTHERNMOST),
        )
    )


def _margin(degrees: Sequence[float]) -> float:
    extent = max(degrees) - min(degrees)
    return max(extent * MARGIN, (LEAST_DEGREES - extent) / 2)


def _as_wide_as_a_chart(box: Box) -> Box:
    """Room is added at two sides: a narrow box becomes wider, a flat one higher."""
    wide = math.radians(box.east - box.west)
    low, high = mercator(box.south), mercator(box.north)
    if wide < WIDE * (high - low):
        more = math.degrees(WIDE * (high - low) - wide) / 2
        return Box(max(box.west - more, -180.0), box.south, min(box.east + more, 180.0), box.north)
    more = max(wide / WIDEST - (high - low), 0.0) / 2
    south, north = max(latitude(low - more), SOUTHERNMOST), min(latitude(high + more), NORTHERNMOST)
    return Box(box.west, south, box.east, north)


def mercator(lat: float) -> float:
    """How far north a latitude is drawn, in radians of longitude (Mercator: every small shape keeps its form)."""
    return math.asinh(math.tan(math.radians(lat)))


def latitude(drawn: float) -> float:
    """The latitude that is drawn so far north.

    >>> round(latitude(mercator(40.0)), 9)
    40.0
    """
    return math.degrees(math.atan(math.sinh(drawn)))


def grid(box: Box) -> tuple[list[float], list[float]]:
    """Meridians and parallels inside the box, round degrees; seven across its width at most, but for the world."""
    step = next((step for step in STEPS if (box.east - box.west) / step <= 7), STEPS[-1])
    return _multiples(step, box.west, box.east), _multiples(step, box.south, box.north)


def _multiples(step: float, first: float, last: float) -> list[float]:
    numbers = range(math.floor(first / step) + 1, math.ceil(last / step))
    return [number * step for number in numbers]


def degrees_text(degrees: float, positive: str, negative: str) -> str:
    """A degree of the grid with its side of the world.

    >>> degrees_text(-100.0, "E", "W"), degrees_text(0.0, "N", "S"), degrees_text(52.5, "N", "S")
    ('100° W', '0°', '52.5° N')
    """
    side = "" if not degrees else f" {positive if degrees > 0 else negative}"
    return f"{abs(degrees):g}°{side}"


def clipped(ring: Ring, box: Box) -> list[Point]:
    """The part of a closed ring inside the box, closed, its direction kept; empty if there is none.

    One edge of the box after the other cuts (Sutherland and Hodgman). Lines are straight in degrees.
    """
    found = list(ring)
    for axis, limit, side in ((0, box.west, 1), (0, box.east, -1), (1, box.south, 1), (1, box.north, -1)):
        found = _cut(found, axis, limit, side)
    return found


def _cut(ring: list[Point], axis: int, limit: float, side: int) -> list[Point]:
    """The part of the ring above the limit (``side`` 1) or below it (-1)."""
    kept: list[Point] = []
    for start, end in pairwise(ring):
        start_inside, end_inside = (side * (point[axis] - limit) >= 0 for point in (start, end))
        if start_inside != end_inside:
            kept.append(_crossing(start, end, axis, limit))
        if end_inside:
            kept.append(end)
    return [*kept, kept[0]] if kept else []


def _crossing(start: Point, end: Point, axis: int, limit: float) -> Point:
    part = (limit - start[axis]) / (end[axis] - start[axis])
    other = start[1 - axis] + part * (end[1 - axis] - start[1 - axis])
    return (limit, other) if axis == 0 else (other, limit)
