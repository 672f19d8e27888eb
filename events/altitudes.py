"""The altitude of the Sun or the Moon at a place on Earth."""

import math
from dataclasses import dataclass
from typing import Protocol

from events.tracks import EARTH_RADIUS_KM

# Flattening of the Earth, WGS 84 (NIMA TR8350.2).
FLATTENING = 1 / 298.257223563


class Directions(Protocol):
    """Where a body is, seen from the centre of the Earth."""

    def direction(self, time: float) -> tuple[float, float, float]:
        """Return hour angle (radians), declination and parallax sine at a time (Unix seconds)."""
        ...

    def illumination(self, time: float) -> float:
        """Return the lit share of the disc (0 to 1) at a time (Unix seconds)."""
        ...


@dataclass(frozen=True)
class Place:
    """A place on Earth.

    Attributes
    ----------
    latitude, longitude
        Geodetic, positive to the north and to the east (degrees).
    elevation
        Above the ellipsoid (m).
    """

    latitude: float
    longitude: float
    elevation: float = 0.0


class Altitude:
    """The altitude of a body, as a function of time: topocentric, of its centre, without refraction.

    Parameters
    ----------
    track
        Where the body is.
    place
        Where the observer is.
    """

    def __init__(self, track: Directions, place: Place) -> None:
        self.track = track
        latitude = math.radians(place.latitude)
        self._longitude = math.radians(place.longitude)
        self._sine, self._cosine = math.sin(latitude), math.cos(latitude)
        # The observer's distance from the equator's plane and from the axis, in equatorial radii
        # (Explanatory Supplement to the Astronomical Almanac, 2013, section 7.2.3).
        height = place.elevation / 1000 / EARTH_RADIUS_KM
        curvature = 1 / math.sqrt(1 - FLATTENING * (2 - FLATTENING) * self._sine**2)
        self._north = (curvature * (1 - FLATTENING) ** 2 + height) * self._sine
        self._out = (curvature + height) * self._cosine

    def __call__(self, time: float) -> float:
        """Return the altitude (degrees) at a moment (Unix seconds)."""
        south, west, north = self._to_body(time)
        up = self._cosine * south + self._sine * north
        return math.degrees(math.asin(up / math.sqrt(south * south + west * west + north * north)))

    def vector(self, time: float) -> tuple[float, float, float]:
        """Return the direction at a moment (Unix seconds), of length 1, in the same axes for all bodies."""
        south, west, north = self._to_body(time)
        length = math.sqrt(south * south + west * west + north * north)
        return south / length, west / length, north / length

    def _to_body(self, time: float) -> tuple[float, float, float]:
        """Return the vector from the observer to the body, in units of the body's geocentric distance."""
        hour_angle, declination, parallax = self.track.direction(time)
        hour_angle += self._longitude
        equatorial = math.cos(declination)
        south = equatorial * math.cos(hour_angle) - self._out * parallax
        west = equatorial * math.sin(hour_angle)
        north = math.sin(declination) - self._north * parallax
        return south, west, north

    def hour_angle(self, time: float) -> float:
        """Return the hour angle: the angle west of the meridian (radians, from -pi to pi)."""
        return math.remainder(self.track.direction(time)[0] + self._longitude, math.tau)
