"""Where things stand in a site's sky, and when it is dark there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

import ephem

from local.demo.sites import Site
from local.demo.targets import Target

DARK: Final = -15.0
"""The Sun's altitude at which the demo network begins and ends its night (degrees)."""


@dataclass(frozen=True)
class Place:
    """A direction in a site's sky at some moment, without refraction.

    Parameters
    ----------
    altitude, azimuth
        Above the horizon, and from north through east (degrees).
    """

    altitude: float
    azimuth: float

    @property
    def airmass(self) -> float:
        """Air that its light passes, over that at the zenith (after Kasten and Young)."""
        height = self.altitude
        return 1 / (math.sin(math.radians(height)) + 0.50572 * math.pow(height + 6.07995, -1.6364))


@dataclass(frozen=True)
class Moonlight:
    """The Moon as it bears on an exposure.

    Parameters
    ----------
    place
        Where it stands.
    phase
        Lit share of its disc (0 to 1).
    distance
        From the target (degrees).
    """

    place: Place
    phase: float
    distance: float


def darkness(site: Site, night: date) -> tuple[datetime, datetime]:
    """When the night that begins in the evening of local date `night` is dark (naive, UTC)."""
    noon = site.zone.localize(datetime.combine(night, time(12))).astimezone(UTC).replace(tzinfo=None)
    observer = _observer(site, noon)
    observer.horizon = str(DARK)
    dusk = observer.next_setting(ephem.Sun(), use_center=True)
    observer.date = dusk
    dawn = observer.next_rising(ephem.Sun(), use_center=True)
    return dusk.datetime(), dawn.datetime()


def place(site: Site, target: Target, moment: datetime) -> Place:
    """Where `target` stands at `moment` (naive, UTC)."""
    return _place(_body(target, _observer(site, moment)))


def sun(site: Site, moment: datetime) -> Place:
    """Where the Sun stands at `moment` (naive, UTC)."""
    body = ephem.Sun()
    body.compute(_observer(site, moment))
    return _place(body)


def moon(site: Site, target: Target, moment: datetime) -> Moonlight:
    """How the Moon stands to `target` at `moment` (naive, UTC)."""
    observer = _observer(site, moment)
    body = ephem.Moon()
    body.compute(observer)
    distance = math.degrees(ephem.separation(body, _body(target, observer)))
    return Moonlight(_place(body), body.phase / 100, distance)


def sidereal_time(site: Site, moment: datetime) -> float:
    """Local sidereal time at `moment` (hours)."""
    return math.degrees(_observer(site, moment).sidereal_time()) / 15


def _observer(site: Site, moment: datetime) -> Any:
    """Somebody at the site, at `moment`, where no air bends the light."""
    observer = ephem.Observer()
    observer.lat, observer.lon = math.radians(site.latitude), math.radians(site.longitude)
    observer.elevation = site.elevation
    observer.pressure = 0
    observer.date = moment
    return observer


def _body(target: Target, observer: Any) -> Any:
    """The target as that observer sees it."""
    body = ephem.FixedBody()
    body._ra, body._dec = math.radians(target.right_ascension * 15), math.radians(target.declination)  # noqa: SLF001 - ephem's names of its settings
    body.compute(observer)
    return body


def _place(body: Any) -> Place:
    """Direction to a computed body, to the decimals that headers give."""
    return Place(round(math.degrees(body.alt), 4), round(math.degrees(body.az), 4))
