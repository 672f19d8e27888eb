"""The sky of an observatory at a moment: Sun, Moon, twilight, and the next event of its schedule.

Why: two hundred observatories share the same Sun and Moon. So a process computes each body's places once a
day, and a night's schedule once a night. For each answer, only two altitudes per site are left to compute.
"""

from functools import lru_cache
from typing import NamedTuple, TypedDict

import ephem
from pytz.tzinfo import BaseTzInfo

from events import polar
from events.altitudes import Altitude, Place
from events.crossings import Curve
from events.nights import Night, night_of
from events.observers import Observer
from events.schedule import EVENING, schedule
from events.tai import DAY_S
from events.tracks import Track

# The most that `Curve` allows.
SAMPLE_S = 7200

# The sky by the Sun's altitude (degrees): the first line whose altitude the Sun is above. The levels are
# those of the events, so that the sky changes at them.
STATES = (
    ("day", EVENING["Sun Set"]),
    ("civil", EVENING["Civil Dusk"]),
    ("nautical", EVENING["Naut Dusk"]),
    ("astronomical", EVENING["Astro Dark"]),
)
NIGHT = "night"

# A night's first event, Eve Bias Dark, may come this long before its noon: see `events.schedule`.
EARLY_S = 39_600

# How many schedules (one for a site and a night) and how many days of tracks a process keeps.
_PLANS, _TRACKS = 4096, 8


class NextEvent(TypedDict):
    """An event of the Sun or of the observatory's schedule; `at` in Unix seconds."""

    name: str
    at: int


class Sky(TypedDict):
    """The sky of an observatory. Altitudes in degrees, topocentric, without refraction."""

    sun_altitude: float | None
    moon_altitude: float | None
    moon_illumination: float | None
    sky: str | None
    next_event: NextEvent | None
    sky_note: str | None


class _Plan(NamedTuple):
    """The schedule of a night, sorted by time, and in words where the Sun stays if it does not set."""

    events: list[tuple[float, str]]
    note: str | None


def sky_at(observer: Observer, now: float) -> Sky:
    """Return the sky of an observer at a moment (Unix seconds).

    The next event is one of the Sun or of the schedule. None if tonight and the next night have none left.
    """
    sun, moon = (Altitude(track, observer.place) for track in _tracks(_day(now)))
    altitude = sun(now)
    tonight, tomorrow = _nights(observer.zone, now)
    plan = _plan(observer.place, tonight)
    ahead = [event for event in plan.events if event[0] > now]
    if not ahead or now > tonight.end - EARLY_S:
        ahead += [event for event in _plan(observer.place, tomorrow).events if event[0] > now]
    at, name = min(ahead, default=(0.0, ""))
    return {
        "sun_altitude": round(altitude, 2),
        "moon_altitude": round(moon(now), 2),
        "moon_illumination": round(moon.track.illumination(now), 3),
        "sky": state(altitude),
        "next_event": {"name": name, "at": round(at)} if ahead else None,
        "sky_note": plan.note,
    }


def unknown(note: str) -> Sky:
    """Return the sky of an observatory whose place is unknown. The note says why."""
    return {
        "sun_altitude": None,
        "moon_altitude": None,
        "moon_illumination": None,
        "sky": None,
        "next_event": None,
        "sky_note": note,
    }


def state(sun_altitude: float) -> str:
    """Return day, civil, nautical, astronomical or night."""
    return next((name for name, level in STATES if sun_altitude > level), NIGHT)


def sun_altitude(place: Place, time: float) -> float:
    """Return the Sun's altitude (degrees) at a moment (Unix seconds)."""
    return Altitude(_tracks(_day(time))[0], place)(time)


def forget() -> None:
    """Drop what is kept, as in a new process."""
    for kept in (_tracks, _plan):
        kept.cache_clear()
    _last_nights.clear()


def _day(time: float) -> int:
    return int(time // DAY_S)


@lru_cache(_TRACKS)
def _tracks(day: int) -> tuple[Track, Track]:
    """Return the tracks of Sun and Moon through a day of UTC.

    The Sun's track also covers the nights near that day.
    """
    start = day * DAY_S
    return (
        Track(ephem.Sun(), start - 2 * DAY_S, start + 4 * DAY_S),
        Track(ephem.Moon(), start, start + DAY_S),
    )


# The night of each time zone and the next night, as `_nights` found them last.
_last_nights: dict[BaseTzInfo, tuple[Night, Night]] = {}


def _nights(zone: BaseTzInfo, now: float) -> tuple[Night, Night]:
    """Return the night of a moment and the next one. The next one's first events may come before its noon."""
    last = _last_nights.get(zone)
    if last is None or not last[0].start <= now < last[0].end:
        tonight = night_of(now, zone)
        last = _last_nights[zone] = (tonight, night_of(tonight.end, zone))
    return last


@lru_cache(_PLANS)
def _plan(place: Place, night: Night) -> _Plan:
    """Return the schedule of a night at a place."""
    sun = Altitude(_tracks(_day(night.start))[0], place)
    curve = Curve(sun, night.start, night.end, SAMPLE_S)
    return _Plan(
        sorted((time, name) for name, time in schedule(curve).items()),
        polar.sentence(curve),
    )
