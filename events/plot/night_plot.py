"""A picture of a night, as an SVG that fits both an upright phone and a wall screen.

It contains two pages, and the style sheet shows the one that fits the view. Time runs to the right on the
wide page and down on the tall page, so that labels have room on both.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from events.almanac import Almanac
from events.arguments import Target
from events.plot import chart, notes, target_curves, words
from events.plot.frame import Frame
from events.plot.legend import bodies, skies
from events.plot.stylesheet import stylesheet
from events.plot.svg import element, plain, text
from events.plot.text_width import BOLD, PLAIN, fitting_size, shortened
from events.targets import TargetNight

# The line at the present moves in steps of this length (s), so a poll within a step gets a 304.
NOW_STEP_S = 60


@dataclass(frozen=True)
class Page:
    """How a page is laid out, in its own units.

    Attributes
    ----------
    name
        The class that the style sheet shows or hides.
    width, height
        Of the page.
    left, top, right, bottom
        Edges of the chart.
    upright
        Whether time runs down.
    size
        Font size.
    pitch
        Distance between labels along the time axis.
    room
        Smallest distance from the last label to the end of the time axis.
    title_length
        The largest number of characters in its title.
    margin
        Left edge of the title.
    legend, legend_top
        Left edge and first base line of the legend.
    """

    name: str
    width: int
    height: int
    left: int
    top: int
    right: int
    bottom: int
    upright: bool
    size: float
    pitch: float
    room: float
    title_length: int
    margin: int
    legend: int
    legend_top: int

    @property
    def title_room(self) -> int:
        """The width for the title, beside the legend or above it."""
        end = self.legend if self.legend > self.margin else self.width
        return end - 2 * self.margin


WIDE = Page(
    name="wide",
    width=1280,
    height=720,
    left=90,
    top=144,
    right=1256,
    bottom=492,
    upright=False,
    size=17,
    pitch=27,
    room=150,
    title_length=52,
    margin=24,
    legend=700,
    legend_top=32,
)
TALL = Page(
    name="tall",
    width=400,
    height=780,
    left=72,
    top=136,
    right=176,
    bottom=768,
    upright=True,
    size=12.5,
    pitch=17,
    room=4,
    title_length=36,
    margin=14,
    legend=14,
    legend_top=64,
)


@dataclass(frozen=True)
class Content:
    """What the picture shows.

    Attributes
    ----------
    almanac
        The site's night.
    targets
        The targets of the night, and their names.
    now
        The present moment (Unix seconds); None if it is not in the night.
    """

    almanac: Almanac
    targets: list[tuple[TargetNight, str]]
    now: float | None

    @cached_property
    def lines(self) -> list[notes.Note]:
        """The lines of words below the chart."""
        now = [] if self.now is None else words.now(self.almanac, self.now)
        sky = words.sky(self.almanac)
        return [notes.Note(sentence) for sentence in (*now, *([sky] if sky else []))] + [
            notes.Note(night.summary, name, number) for number, (night, name) in enumerate(self.targets, 1)
        ]


def svg(almanac: Almanac, targets: Sequence[Target], now: float) -> str:
    """Return the picture of a night.

    It shows the altitude of Sun and Moon from noon to noon, day, twilights and night, every event with its
    local time, the hours in UTC and local time, and the lit share of the Moon in the middle of the night.

    Parameters
    ----------
    almanac
        The site's night.
    targets
        Their curves are drawn with the airmass, and each is described in words.
    now
        The present moment (Unix seconds). If it is in the night, a line and a sentence show it.
    """
    step = now // NOW_STEP_S * NOW_STEP_S
    is_tonight = almanac.night.start <= step < almanac.night.end
    nights = [(TargetNight(almanac, target.ra, target.dec), target.name) for target in targets]
    content = Content(almanac, nights, step if is_tonight else None)
    title = f"Sun, Moon and events at {almanac.observer.name}, {_date(almanac)}"
    sentences = " ".join(note.sentence for note in content.lines)
    return element(
        "svg",
        element("title", plain(title)),
        element("desc", plain(sentences)),
        element("style", stylesheet()),
        element("rect", width="100%", height="100%", class_="paper"),
        *(_page(page, content) for page in (WIDE, TALL)),
        xmlns="http://www.w3.org/2000/svg",
        role="img",
    )


def _page(page: Page, content: Content) -> str:
    almanac = content.almanac
    frame = _frame(page, content)
    below = notes.Layout(page.margin, page.width - page.margin, page.height, page.size, page.upright)
    return element(
        "svg",
        _header(page, almanac),
        chart.bands(frame, almanac),
        chart.grid(frame),
        target_curves.airmasses(frame, page.size) if content.targets else "",
        chart.hours(frame, almanac.observer.zone, page.size),
        chart.curve(frame, almanac.moon, "moon"),
        chart.curve(frame, almanac.sun, "sun"),
        chart.marks(frame, almanac, page.pitch, page.room),
        "" if content.now is None else chart.now(frame, almanac, content.now, page.size),
        target_curves.curves(frame, [night for night, _ in content.targets], page.size),
        notes.drawn(content.lines, below),
        class_=page.name,
        viewBox=f"0 0 {page.width} {notes.bottom(content.lines, below):.0f}",
        font_size=page.size,
    )


def _frame(page: Page, content: Content) -> Frame:
    """Return the chart's frame. It covers all altitudes of the night, in whole steps of the grid.

    Targets are drawn above the horizon only.
    """
    almanac, night = content.almanac, content.almanac.night
    times = range(int(night.start), int(night.end) + 1, chart.HOUR_S)
    altitudes = [altitude(time) for altitude in (almanac.sun, almanac.moon) for time in times]
    altitudes += [max(0.0, target.curve.extremes()[1]) for target, _ in content.targets]
    return Frame(
        page.left,
        page.top,
        page.right,
        page.bottom,
        page.upright,
        night,
        math.floor(min(altitudes) / chart.GRID_DEGREES) * chart.GRID_DEGREES,
        math.ceil(max(altitudes) / chart.GRID_DEGREES) * chart.GRID_DEGREES,
    )


def _header(page: Page, almanac: Almanac) -> str:
    size, room = page.size, page.title_room
    name = shortened(almanac.observer.name, page.title_length)
    night = f"{_date(almanac)} · {almanac.observer.zone}"
    name_size = fitting_size(name, 1.4 * size, room, BOLD)
    night_size = fitting_size(night, size, room, PLAIN)
    return (
        text(name, (page.margin, 1.9 * size), class_="title", font_size=name_size)
        + text(night, (page.margin, 3.5 * size), class_="note", font_size=night_size)
        + bodies(almanac, (page.legend, page.legend_top), size)
        + skies((page.legend, page.legend_top + 1.7 * size), size)
    )


def _date(almanac: Almanac) -> str:
    evening = datetime.fromtimestamp(almanac.night.start, almanac.observer.zone)
    return f"Night of {evening:%a} {evening.day} {evening:%B %Y}"
