"""Apparent places of the Sun or the Moon over some days, seen from the centre of the Earth.

Why: ephem needs 40 microseconds for one place of the Moon. A month of moonrises needs a thousand places, and
a plot hundreds. So ephem computes one place every 16 hours, and places between them are interpolated: one
microsecond each, exact to 0.5 arcsec (0.03 s of a moonrise). It also allows UTC's own Delta T: see
`dynamical_date`.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import ephem

from events.tai import DAY_S, tai_minus_utc

# ephem counts days from 1899-12-31T12:00 (JD 2415020): the Unix epoch on that scale.
UNIX_EPOCH_DUBLIN = 25567.5
# TT-TAI (s), by definition of TT (IAU 1991, Recommendation IV).
TT_MINUS_TAI_S = 32.184

# IAU 2012 Resolution B2, and the equatorial radius of WGS 84 (NIMA TR8350.2).
ASTRONOMICAL_UNIT_KM = 149_597_870.7
EARTH_RADIUS_KM = 6378.137

# Mean rotation of the Earth against the equinox (Aoki et al. 1982, A&A 105, 359), in radians a UT1 second.
SIDEREAL_RATE = 2 * math.pi * 1.00273790935 / DAY_S

# Time between the places that ephem computes (s).
STEP_S = 57_600
# Points of an interpolation, half of them before the wanted time.
POINTS = 8
BEFORE = POINTS // 2


class Apparent(NamedTuple):
    """The apparent geocentric place of a body.

    Attributes
    ----------
    hour_angle
        West of the meridian of Greenwich (radians, not reduced to one turn).
    declination
        From the true equator of date (radians).
    parallax_sine
        The equatorial radius of the Earth over the body's distance.
    illumination
        The lit share of its disc (0 to 1).
    """

    hour_angle: float
    declination: float
    parallax_sine: float
    illumination: float


class Track:
    """The apparent places of a body between two moments.

    Parameters
    ----------
    body
        `ephem.Sun()` or `ephem.Moon()`.
    start, end
        Unix seconds.
    """

    def __init__(self, body: Any, start: float, end: float) -> None:
        first = math.floor(start / STEP_S) - BEFORE + 1
        last = math.floor(end / STEP_S) + POINTS - BEFORE
        self._epoch = first * STEP_S
        places = [self._node(body, node * STEP_S) for node in range(first, last + 1)]
        hour_angles, declinations, parallaxes, illuminations = zip(*places, strict=True)
        self._hour_angles = newton_coefficients(_unwrapped(hour_angles))
        self._declinations = newton_coefficients(declinations)
        self._parallaxes = newton_coefficients(parallaxes)
        self._illuminations = newton_coefficients(illuminations)

    def direction(self, time: float) -> tuple[float, float, float]:
        """Return hour angle, declination and parallax sine at a time (Unix seconds) of the interval."""
        run, steps = self._run(time)
        return (
            newton(self._hour_angles[run], steps) + SIDEREAL_RATE * (time - self._epoch),
            newton(self._declinations[run], steps),
            newton(self._parallaxes[run], steps),
        )

    def illumination(self, time: float) -> float:
        """Return the lit share of the disc (0 to 1) at a time (Unix seconds) of the interval."""
        run, steps = self._run(time)
        return newton(self._illuminations[run], steps)

    def _run(self, time: float) -> tuple[int, float]:
        """Return the index of the first place to interpolate from, and the steps from it to a time."""
        steps = (time - self._epoch) / STEP_S
        run = int(steps) - BEFORE + 1
        return run, steps - run

    def _node(self, body: Any, time: float) -> Apparent:
        """Return a place. Its hour angle excludes the Earth's mean rotation since the track's first place."""
        body.compute(dynamical_date(time))
        rotation = SIDEREAL_RATE * (time - self._epoch)
        return Apparent(
            hour_angle=sidereal_time(time) - body.g_ra - rotation,
            declination=body.g_dec,
            parallax_sine=EARTH_RADIUS_KM / (body.earth_distance * ASTRONOMICAL_UNIT_KM),
            illumination=body.phase / 100,
        )


def dynamical_date(time: float) -> float:
    """Return the date to give to ephem for a time in Unix seconds, so that its dynamical time is right.

    ephem computes dynamical time from its UT with its own prediction of Delta T: 84 s for 2035, while UTC has
    69 s today. With UTC as ephem's UT the Moon would be 7 arcsec ahead.
    """
    utc = time / DAY_S + UNIX_EPOCH_DUBLIN
    return utc + (tai_minus_utc(time) + TT_MINUS_TAI_S - float(ephem.delta_t(utc))) / DAY_S


def newton_coefficients(values: Sequence[float]) -> list[tuple[float, ...]]:
    """Return the coefficients for `newton`, for every run of `POINTS` equidistant values.

    Newton's forward differences, each over the factorial of its order.
    """
    columns = [list(values)]
    for order in range(1, POINTS):
        columns.append([(after - before) / order for before, after in pairwise(columns[-1])])
    return list(zip(*columns, strict=False))


def newton(coefficients: tuple[float, ...], steps: float) -> float:
    """Return the interpolated value `steps` steps after the first point of a run."""
    c0, c1, c2, c3, c4, c5, c6, c7 = coefficients
    # Written out: a loop takes three times as long.
    tail = c4 + (steps - 4) * (c5 + (steps - 5) * (c6 + (steps - 6) * c7))
    return c0 + steps * (c1 + (steps - 1) * (c2 + (steps - 2) * (c3 + (steps - 3) * tail)))


def sidereal_time(time: float) -> float:
    """Return the apparent sidereal time of Greenwich (radians). UTC stands for UT1, at most 0.9 s apart."""
    greenwich = ephem.Observer()
    greenwich.date = time / DAY_S + UNIX_EPOCH_DUBLIN
    return float(greenwich.sidereal_time())


def _unwrapped(angles: Sequence[float]) -> list[float]:
    """Return angles without jumps by whole turns."""
    smooth = [angles[0]]
    for angle in angles[1:]:
        smooth.append(angle - math.tau * round((angle - smooth[-1]) / math.tau))
    return smooth
