"""A night at a site: Sun, Moon and the times of the events."""

from dataclasses import dataclass
from functools import cached_property

import ephem

from events.altitudes import Altitude
from events.crossings import Curve
from events.iso import utc_text
from events.moon import HORIZON
from events.nights import Night, night_of
from events.observers import Observer
from events.schedule import schedule
from events.tai import tai_julian_date
from events.tracks import Track

SAMPLE_S = 3600


@dataclass(frozen=True)
class Almanac:
    """What happens in the sky of an observer during a night."""

    observer: Observer
    night: Night

    @cached_property
    def sun(self) -> Altitude:
        """The Sun's altitude."""
        return self._altitude(ephem.Sun())

    @cached_property
    def moon(self) -> Altitude:
        """The Moon's altitude."""
        return self._altitude(ephem.Moon())

    @cached_property
    def events(self) -> dict[str, float]:
        """The times (Unix seconds) of the night's events, sorted by time."""
        events = schedule(self.curve(self.sun)) | self._moon_events()
        return dict(sorted(events.items(), key=lambda event: event[1]))

    def curve(self, altitude: Altitude) -> Curve:
        """Return the curve of an altitude through the night."""
        return Curve(altitude, self.night.start, self.night.end, SAMPLE_S)

    def _altitude(self, body: ephem.Body) -> Altitude:
        track = Track(body, self.night.start - SAMPLE_S, self.night.end + 2 * SAMPLE_S)
        return Altitude(track, self.observer.place)

    def _moon_events(self) -> dict[str, float]:
        """Return the first rise and the first set of the Moon."""
        crossings = reversed(self.curve(self.moon).crossings(HORIZON))
        return {"Moon Rise" if crossing.rising else "Moon Set": crossing.time for crossing in crossings}


def almanac(observer: Observer, when: float) -> Almanac:
    """Return the almanac of the night to which a moment (Unix seconds) belongs."""
    return Almanac(observer, night_of(when, observer.zone))


def iso_events(night: Almanac) -> dict[str, str]:
    """Return a night's events as UTC texts, sorted by time."""
    return {name: utc_text(time) for name, time in night.events.items()}


def tai_events(night: Almanac) -> dict[str, float]:
    """Return a night's events as Julian dates in TAI, sorted by time."""
    return {name: tai_julian_date(time) for name, time in night.events.items()}
