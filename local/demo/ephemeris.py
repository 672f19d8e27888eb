"""Positions in a site's sky, without refraction, and the hours of darkness."""

import math
from datetime import UTC, date, datetime, time
from typing import Any, Final, NamedTuple

import ephem

from local.demo.sites import Site
from local.demo.targets import Target

DARK: Final = -15.0  # the Sun's altitude at which the demo network starts and ends its night (degrees)


class Place(NamedTuple):
    """A direction: altitude, and azimuth from north through east (degrees)."""

    altitude: float
    azimuth: float


class Moonlight(NamedTuple):
    """The Moon's place, the lit share of its disc (0 to 1), and its distance from the target (degrees)."""

    place: Place
    phase: float
    distance: float


def darkness(site: Site, night: date) -> tuple[datetime, datetime]:
    """Return start and end of the dark hours after the evening of local date `night` (naive, UTC)."""
    noon = site.zone.localize(datetime.combine(night, time(12))).astimezone(UTC).replace(tzinfo=None)
    observer = _observer(site, noon)
    observer.horizon = str(DARK)
    dusk = observer.next_setting(ephem.Sun(), use_center=True)
    observer.date = dusk
    dawn = observer.next_rising(ephem.Sun(), use_center=True)
    return dusk.datetime(), dawn.datetime()


def place(site: Site, target: Target, moment: datetime) -> Place:
    """Return the place of `target` at `moment` (naive, UTC)."""
    return _place(_fixed_body(target, _observer(site, moment)))


def sun(site: Site, moment: datetime) -> Place:
    """Return the Sun's place at `moment` (naive, UTC)."""
    return _place(ephem.Sun(_observer(site, moment)))


def moon(site: Site, target: Target, moment: datetime) -> Moonlight:
    """Return the Moon's place and light at `moment` (naive, UTC)."""
    observer = _observer(site, moment)
    body = ephem.Moon(observer)
    distance = math.degrees(ephem.separation(body, _fixed_body(target, observer)))
    return Moonlight(_place(body), round(body.phase / 100, 4), round(distance, 3))


def sidereal_time(site: Site, moment: datetime) -> float:
    """Return the local sidereal time at `moment` (hours)."""
    return math.degrees(_observer(site, moment).sidereal_time()) / 15


def _observer(site: Site, moment: datetime) -> Any:
    observer = ephem.Observer()
    observer.lat, observer.lon = math.radians(site.latitude), math.radians(site.longitude)
    observer.elevation = site.elevation
    observer.pressure = 0
    observer.date = moment
    return observer


def _fixed_body(target: Target, observer: Any) -> Any:
    body = ephem.FixedBody()
    body._ra, body._dec = math.radians(target.right_ascension * 15), math.radians(target.declination)  # noqa: SLF001 - ephem's names of its settings
    body.compute(observer)
    return body


def _place(body: Any) -> Place:
    return Place(round(math.degrees(body.alt), 4), round(math.degrees(body.az), 4))
