"""The curves of targets, and the altitudes of some airmasses."""

from collections.abc import Iterator
from itertools import pairwise
from math import dist

from events.plot.chart import CURVE_STEP_S
from events.plot.frame import Frame
from events.plot.svg import Point, element, line, polyline, text
from events.targets import TargetNight

# True altitudes (degrees) of some airmasses: see `events.targets.airmass`.
AIRMASSES = {"1": 90.0, "1.5": 41.7, "2": 29.9, "3": 19.3}
# The tall page has no room for this number between its neighbours.
_WIDE_ONLY = "1.5"
# Radius of the disc with a target's number, in units of the font size.
RADIUS = 0.62


def curves(frame: Frame, targets: list[TargetNight], size: float) -> str:
    """Return the curves of targets while they are above the horizon, each with its number."""
    drawn = "".join(_curve(frame, target, number) for number, target in enumerate(targets, 1))
    places: list[Point] = []
    for number, target in enumerate(targets, 1):
        place = _place_of_number(frame, target, places, 2.1 * RADIUS * size)
        if place is not None:
            places.append(place)
            drawn += badge(place, number, size)
    return drawn


def badge(at: Point, number: int, size: float) -> str:
    """Return a disc with the number of a target."""
    x, y = at
    return element("circle", cx=x, cy=y, r=RADIUS * size, class_=f"disc t{number}") + text(
        str(number), (x, y + 0.3 * size), class_="number", text_anchor="middle", font_size=0.85 * size
    )


def airmasses(frame: Frame, size: float) -> str:
    """Return a line and a number at the altitudes of some airmasses, as far as the chart shows them."""
    shown = {name: altitude for name, altitude in AIRMASSES.items() if altitude <= frame.highest}
    lines = "".join(_line(frame, altitude) for altitude in shown.values())
    names = [name for name in shown if not (frame.upright and name == _WIDE_ONLY)]
    return lines + "".join(_name(frame, name, shown[name], size) for name in names) + _title(frame, size)


def _above_horizon(frame: Frame, target: TargetNight) -> Iterator[list[Point]]:
    """Yield the points of each part of the curve above the horizon."""
    edges = [frame.night.start, *(each.time for each in target.curve.crossings(0.0)), frame.night.end]
    for start, end in pairwise(edges):
        if target.altitude((start + end) / 2) > 0:
            times = [start, *(time for time in frame.times(CURVE_STEP_S) if start < time < end), end]
            yield [frame.point(time, max(0.0, target.altitude(time))) for time in times]


def _curve(frame: Frame, target: TargetNight, number: int) -> str:
    parts = [points for points in _above_horizon(frame, target) if len(points) > 1]
    return "".join(
        polyline(points, class_="halo") + polyline(points, class_=f"way t{number}") for points in parts
    )


def _place_of_number(frame: Frame, target: TargetNight, others: list[Point], distance: float) -> Point | None:
    """Return the highest point in the dark that is over `distance` from the others; None if there is none."""
    highest_first = sorted(target.altitudes, key=lambda each: -each["altitude"])
    points = (frame.point(each["time"], each["altitude"]) for each in highest_first if each["altitude"] > 0)
    return next((point for point in points if all(dist(point, other) > distance for other in others)), None)


def _line(frame: Frame, altitude: float) -> str:
    start, end = frame.point(frame.night.start, altitude), frame.point(frame.night.end, altitude)
    return line(start, end, class_="airmass")


def _name(frame: Frame, name: str, altitude: float, size: float) -> str:
    """Return an airmass at the end of its line, outside the chart."""
    x, y = frame.point(frame.night.end, altitude)
    small = 0.72 * size
    at, anchor = ((x, y + size), "middle") if frame.upright else ((x + 3, y + 0.35 * small), "start")
    return text(name, at, class_="figure", text_anchor=anchor, font_size=small)


def _title(frame: Frame, size: float) -> str:
    if frame.upright:
        at, anchor = (frame.right + 0.8 * size, frame.bottom + size), "start"
    else:
        x, y = frame.point(frame.night.end, 0)
        at, anchor = (x - 4, y - 3), "end"
    return text("airmass", at, class_="figure", text_anchor=anchor, font_size=0.72 * size)
