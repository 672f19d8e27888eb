"""The chart of a night: twilight, hours, the curves of Sun and Moon, and events as labelled marks."""

from datetime import UTC, datetime, tzinfo
from itertools import pairwise

from events.almanac import Almanac
from events.altitudes import Altitude
from events.plot.frame import Frame
from events.plot.label_positions import spread
from events.plot.svg import Point, element, line, polyline, rectangle, text
from events.schedule import EVENING

# State of the sky while the Sun is above each altitude (degrees).
SKY = {
    "day": EVENING["Sun Set"],
    "civil": EVENING["Civil Dusk"],
    "nautical": EVENING["Naut Dusk"],
    "astronomical": EVENING["Astro Dark"],
    "night": -90.0,
}
CURVE_STEP_S = 600
HOUR_S = 3600
GRID_DEGREES = 30
# Distance from the chart to its labels, and their slant (degrees) where time runs to the right.
LEADER = 24
SLANT = 45


def bands(frame: Frame, almanac: Almanac) -> str:
    """Return the chart's background: day, three twilights and night."""
    curve = almanac.curve(almanac.sun)
    changes = sorted(crossing.time for altitude in SKY.values() for crossing in curve.crossings(altitude))
    edges = [frame.night.start, *changes, frame.night.end]
    return "".join(
        rectangle(
            frame.point(start, frame.lowest),
            frame.point(end, frame.highest),
            class_=_sky(almanac.sun((start + end) / 2)),
        )
        for start, end in pairwise(edges)
    )


def grid(frame: Frame) -> str:
    """Return lines of equal altitude, the strongest for the horizon, and numbers where there is room."""
    altitudes = range(frame.lowest, frame.highest + 1, GRID_DEGREES)
    figures = [altitude for altitude in altitudes if altitude % (2 * GRID_DEGREES) == 0 or not frame.upright]
    return "".join(
        [_grid_line(frame, altitude) for altitude in altitudes]
        + [_figure(frame, altitude) for altitude in figures]
    )


def hours(frame: Frame, zone: tzinfo, size: float) -> str:
    """Return the hours from noon on, in UTC and in the site's local time."""
    distances = (4.2, 1.4) if frame.upright else (2.7, 1.2)
    clocks = ((UTC, "UTC"), (zone, "Local"))
    return "".join(
        _hour_names(frame, clock, title, distance * size, size)
        for (clock, title), distance in zip(clocks, distances, strict=True)
    )


def curve(frame: Frame, altitude: Altitude, body: str) -> str:
    """Return the curve of a body through the night."""
    points = [frame.point(time, altitude(time)) for time in frame.times(CURVE_STEP_S)]
    return polyline(points, class_="halo") + polyline(points, class_=f"way {body}")


def now(frame: Frame, almanac: Almanac, moment: float, size: float) -> str:
    """Return a line at the present moment (Unix seconds), and where Sun and Moon are on it."""
    start, end = frame.point(moment, frame.lowest), frame.point(moment, frame.highest)
    bodies = (("moon", almanac.moon), ("sun", almanac.sun))
    places = [(frame.point(moment, altitude(moment)), body) for body, altitude in bodies]
    circles = [element("circle", cx=x, cy=y, r=6, class_=f"dot {body}") for (x, y), body in places]
    return (
        line(start, end, class_="halo")
        + line(start, end, class_="now")
        + "".join(circles)
        + _now(frame, moment, size)
    )


def marks(frame: Frame, almanac: Almanac, pitch: float, room: float) -> str:
    """Return a mark for every event on the curve of its body, and a label beside the chart.

    Parameters
    ----------
    frame
        The chart.
    almanac
        The night.
    pitch
        The smallest distance between labels, along the time axis.
    room
        The smallest distance from the last label to the end of the time axis.
    """
    wanted = [frame.along(time) for time in almanac.events.values()]
    first, end = frame.along(frame.night.start), frame.along(frame.night.end)
    places = spread(wanted, pitch, first, end - room)
    return "".join(
        _mark(frame, almanac, name, time, place)
        for (name, time), place in zip(almanac.events.items(), places, strict=True)
    )


def clock(time: float, zone: tzinfo) -> str:
    """Return a time (Unix seconds) as local hours and minutes, to the nearest minute."""
    return f"{datetime.fromtimestamp(round(time / 60) * 60, zone):%H:%M}"


def _now(frame: Frame, moment: float, size: float) -> str:
    """Return the word "now" beside its line, on the side that has room inside the chart."""
    late = moment > (frame.night.start + frame.night.end) / 2
    if frame.upright:
        x, y = frame.point(moment, frame.lowest)
        return text("now", (x + 3, y - 3 if late else y + 0.9 * size), class_="figure")
    x, y = frame.point(moment, frame.lowest)
    at, anchor = ((x - 5, y - 6), "end") if late else ((x + 5, y - 6), "start")
    return text("now", at, class_="figure", text_anchor=anchor)


def _sky(sun: float) -> str:
    return next(name for name, limit in SKY.items() if sun >= limit)


def _grid_line(frame: Frame, altitude: int) -> str:
    start, end = frame.point(frame.night.start, altitude), frame.point(frame.night.end, altitude)
    return line(start, end, class_="grid" if altitude else "horizon")


def _figure(frame: Frame, altitude: int) -> str:
    x, y = frame.point(frame.night.start, altitude)
    at, anchor = ((x, y - 9), "middle") if frame.upright else ((x - 8, y + 5), "end")
    content = f"{altitude}°".replace("-", "\N{MINUS SIGN}")
    return text(content, at, class_="figure", text_anchor=anchor)


def _hour_names(frame: Frame, zone: tzinfo, title: str, distance: float, size: float) -> str:
    ahead = (2.3 if frame.upright else 2.6) * size
    names = [(frame.along(frame.night.start) - ahead, title)]
    names += [(frame.along(time), _hour(time, zone)) for time in frame.times(HOUR_S)]
    points = [(frame.before(along, distance), name) for along, name in names]
    return "".join(
        text(name, (x, y + size / 3), class_="hour", text_anchor="middle") for (x, y), name in points
    )


def _hour(time: float, zone: tzinfo) -> str:
    """Return the local hour, with minutes if the zone is not whole hours from UTC."""
    moment = datetime.fromtimestamp(time, zone)
    return f"{moment:%H:%M}" if moment.minute else f"{moment:%H}"


def _mark(frame: Frame, almanac: Almanac, name: str, time: float, place: float) -> str:
    """Return an event's dot, its label at a place along the time axis, and the line between them.

    An event outside the night has no dot; its line starts at the edge of the chart.
    """
    body = "moon" if name.startswith("Moon") else "sun"
    altitude = almanac.moon if body == "moon" else almanac.sun
    inside = frame.night.start <= time <= frame.night.end
    edge = frame.beside(frame.along(time), 0)
    dot = frame.point(time, altitude(time)) if inside else edge
    elbow = frame.beside(place, LEADER)
    leader = polyline([dot, edge, elbow], class_="leader" if inside else "leader outside")
    circle = element("circle", cx=dot[0], cy=dot[1], r=4, class_=f"dot {body}") if inside else ""
    return leader + circle + _label(frame, f"{clock(time, almanac.observer.zone)} {name}", elbow)


def _label(frame: Frame, content: str, at: Point) -> str:
    """Return a label: level if time runs down, slanted if time runs to the right."""
    x, y = at
    if frame.upright:
        return text(content, (x + 4, y + 4), class_="label")
    return text(
        content, (0, 0), class_="label", transform=f"translate({x - 2:.1f} {y + 12:.1f}) rotate({SLANT})"
    )
