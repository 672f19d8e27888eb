"""Altitude from a known direction, without an ephemeris."""

import math
from typing import Any, cast

import pytest

from events.altitudes import Altitude, Place


class Fixed:
    """A body that does not move. Its hour angle is measured from the meridian of Greenwich."""

    def __init__(self, hour_angle: float, declination: float, parallax_sine: float) -> None:
        self._direction = hour_angle, declination, parallax_sine

    def direction(self, _time: float) -> tuple[float, float, float]:
        return self._direction


def altitude(place: Place, *direction: float) -> Altitude:
    return Altitude(cast("Any", Fixed(*direction)), place)


def test_the_figure_of_the_earth() -> None:
    # Meeus, Astronomical Algorithms (1998), example 11.a: for Palomar, 33 deg 21' 22" N and 1706 m,
    # rho sin phi' = +0.546861 and rho cos phi' = +0.836339.
    latitude, north, out = 33 + 21 / 60 + 22 / 3600, 0.546861, 0.836339
    # A body over Greenwich's meridian and the equator, only two Earth radii away, so that flattening shows.
    south, up = 1 - out / 2, -north / 2
    expected = math.degrees(math.atan2(up, south)) + 90 - latitude
    # The six digits of the example are 0.4 arcsec here; an Earth without flattening is 400 off.
    found = altitude(Place(latitude, 0, 1706), 0, 0, 0.5)(0)
    assert found == pytest.approx(expected, abs=0.5 / 3600)


@pytest.mark.parametrize(
    ("latitude", "hour_angle", "declination", "expected"),
    [
        (0, 0, 0, 90),
        (90, 1, math.radians(23), 23),
        (-90, 2, math.radians(23), -23),
        (50, 0, 0, 40),
        (50, math.pi, math.radians(20), -20),
        (0, math.pi / 2, 0, 0),
    ],
)
def test_a_star(latitude: float, hour_angle: float, declination: float, expected: float) -> None:
    assert altitude(Place(latitude, 0), hour_angle, declination, 0)(0) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("longitude", "hour_angle", "expected"),
    [(0, 1, 1), (180, 1, 1 - math.pi), (-180, 2, 2 - math.pi), (0, 7, 7 - math.tau)],
)
def test_the_hour_angle_is_from_the_places_own_meridian(
    longitude: float, hour_angle: float, expected: float
) -> None:
    assert altitude(Place(0, longitude), hour_angle, 0, 0).hour_angle(0) == pytest.approx(expected)
