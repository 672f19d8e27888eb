"""What the picture says in words: the present moment, where the Sun stays, and each target."""

from events import polar
from events.almanac import Almanac
from events.plot.chart import clock


def now(almanac: Almanac, moment: float) -> list[str]:
    """Return sentences about a moment (Unix seconds): the altitudes of Sun and Moon, and the next event."""
    sun, moon = (
        f"{altitude(moment):.0f}°".replace("-", "\N{MINUS SIGN}") for altitude in (almanac.sun, almanac.moon)
    )
    return [
        f"Now {clock(moment, almanac.observer.zone)}: Sun {sun}, Moon {moon}.",
        _next_event(almanac, moment),
    ]


def sky(almanac: Almanac) -> str | None:
    """Return where the Sun stays if it does not cross the horizon; else None. `/now` has the same words."""
    return polar.sentence(almanac.curve(almanac.sun))


def span(seconds: float) -> str:
    """Return a length of time, to the minute: "35 min" or "1 h 7 min"."""
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _next_event(almanac: Almanac, moment: float) -> str:
    """Return the next event of the schedule. Rise and set of the Moon are not part of it."""
    for name, time in almanac.events.items():
        if time > moment and not name.startswith("Moon"):
            return f"Next: {name} at {clock(time, almanac.observer.zone)}, in {span(time - moment)}."
    return "No other event until noon."
