"""The legend: lines, colours and the phase of the Moon."""

from events.almanac import Almanac
from events.altitudes import Altitude
from events.plot.chart import CURVE_STEP_S, SKY
from events.plot.moon_phase import disc
from events.plot.svg import Point, line, rectangle, text
from events.plot.text_width import LETTER
from events.schedule import EVENING


def bodies(almanac: Almanac, at: Point, size: float) -> str:
    """Return a row that names the lines of Sun and Moon, with the Moon's phase in the middle of the night."""
    (x, y), night = at, almanac.night
    sun = _sun_text(almanac.sun, night.start, night.end)
    moon_x = x + (4.4 + LETTER * len(sun)) * size
    lit = almanac.moon.track.illumination
    share, waxing = lit((night.start + night.end) / 2), lit(night.end) > lit(night.start)
    moon = f"Moon, {100 * share:.0f} % lit, {'waxing' if waxing else 'waning'}"
    # The Moon's waxing side points west: to the right where it culminates in the south.
    lit_right = waxing == (almanac.observer.place.latitude >= 0)
    disc_x = moon_x + (3.4 + LETTER * len(moon)) * size
    return (
        _way((x, y), "sun", sun, size)
        + _way((moon_x, y), "moon", moon, size)
        + disc((disc_x, y - 0.35 * size), 0.75 * size, share, lit_right=lit_right)
    )


def skies(at: Point, size: float) -> str:
    """Return a row that names the colours of day, twilights and night."""
    x, y = at
    row = ""
    for name in SKY:
        row += rectangle((x, y - 0.8 * size), (x + size, y + 0.2 * size), class_=f"{name} swatch")
        row += text(name, (x + 1.3 * size, y), class_="note")
        x += (1.3 + LETTER * len(name) + 0.7) * size
    return row


def _way(at: Point, body: str, content: str, size: float) -> str:
    x, y = at
    start, end = (x, y - 0.35 * size), (x + 2 * size, y - 0.35 * size)
    return line(start, end, class_=f"way {body}") + text(content, (x + 2.4 * size, y), class_="note")


def _sun_text(sun: Altitude, start: float, end: float) -> str:
    altitudes = [sun(time) for time in range(int(start), int(end), CURVE_STEP_S)]
    if min(altitudes) > EVENING["Sun Set"]:
        return "Sun, up all night"
    return "Sun, down all day" if max(altitudes) < EVENING["Sun Set"] else "Sun"
