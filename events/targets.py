"""A star or another fixed place on the sky, seen from a site during a night."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import ephem

from events.almanac import Almanac
from events.altitudes import Altitude
from events.crossings import Curve
from events.iso import utc_text
from events.tracks import SIDEREAL_RATE, dynamical_date, sidereal_time

# The Sun's altitude (degrees) below which it is dark: nautical twilight, when observing begins.
DARK = -12.0
# Time between the altitudes of a response (s).
STEP_S = 600
# Two hours at most between samples of a curve: see `Curve`.
_SAMPLE_S = 3600


class FixedPlace:
    """The apparent place of a star through a night, in the form of `events.tracks.Track`.

    ephem computes it once: precession, nutation and aberration move it by less than 1 arcsec in a night.

    Parameters
    ----------
    ra, dec
        ICRS, degrees.
    time
        The middle of the night (Unix seconds).
    """

    def __init__(self, ra: float, dec: float, time: float) -> None:
        body = ephem.FixedBody()
        body._ra, body._dec = math.radians(ra), math.radians(dec)  # noqa: SLF001 - ephem's names of its arguments
        body.compute(dynamical_date(time))
        self._time = time
        self._hour_angle = sidereal_time(time) - float(body.g_ra)
        self._declination = float(body.g_dec)

    def direction(self, time: float) -> tuple[float, float, float]:
        """Return hour angle (radians), declination and parallax sine at a time (Unix seconds)."""
        return self._hour_angle + SIDEREAL_RATE * (time - self._time), self._declination, 0.0

    def illumination(self, _time: float) -> float:
        """Return 1: a star has no phases."""
        return 1.0


@dataclass(frozen=True)
class TargetNight:
    """A target during a site's night.

    Attributes
    ----------
    night
        The site's night.
    ra, dec
        ICRS, degrees.
    """

    night: Almanac
    ra: float
    dec: float

    @cached_property
    def altitude(self) -> Altitude:
        """Its altitude."""
        middle = (self.night.night.start + self.night.night.end) / 2
        return Altitude(FixedPlace(self.ra, self.dec, middle), self.night.observer.place)

    @cached_property
    def curve(self) -> Curve:
        """The curve of its altitude through the night."""
        return Curve(self.altitude, self.night.night.start, self.night.night.end, _SAMPLE_S)

    @cached_property
    def altitudes(self) -> list[dict[str, Any]]:
        """`time` (Unix seconds), `altitude`, `airmass` and `moon_distance` every 10 minutes in the dark."""
        return [_seen(self.night, self.altitude, time) for time in _dark_times(self.night)]

    @cached_property
    def highest(self) -> dict[str, Any] | None:
        """The one of `altitudes` with the greatest altitude; None if it does not get dark."""
        return max(self.altitudes, key=lambda each: each["altitude"], default=None)

    @property
    def summary(self) -> str:
        """A sentence about the night: when and where the target is highest, in the site's time."""
        return _summary(self.night, self.highest)


def visibility(night: Almanac, ra: float, dec: float) -> dict[str, Any]:
    """Return when a target can be observed in a night. Times are UTC texts, angles degrees.

    Parameters
    ----------
    night
        A site's night.
    ra, dec
        ICRS, degrees.

    Returns
    -------
    dict
        `rise`, `transit` and `set`: the first of each in the night, without refraction, or None.
        `altitudes`: `time`, `altitude`, `airmass` and `moon_distance` every 10 minutes while the Sun is below
        -12 degrees. `highest`: the one of these with the greatest altitude, or None. `summary`: a sentence.
    """
    target = TargetNight(night, ra, dec)
    crossings, highest = target.curve.crossings(0.0), target.highest
    return {
        "rise": _first(crossing.time for crossing in crossings if crossing.rising),
        "transit": utc_text(_transit(target.altitude, night.night.start)),
        "set": _first(crossing.time for crossing in crossings if not crossing.rising),
        "altitudes": [{**each, "time": utc_text(each["time"])} for each in target.altitudes],
        "highest": highest and {**highest, "time": utc_text(highest["time"])},
        "summary": target.summary,
    }


def airmass(altitude: float) -> float | None:
    """Return the airmass at a true altitude (degrees); None below the horizon.

    Young (1994), Applied Optics 33, 1108: for altitudes without refraction, 38 at the horizon.
    """
    if altitude < 0:
        return None
    sine = math.sin(math.radians(altitude))
    above = (1.002432 * sine + 0.148386) * sine + 0.0096467
    return round(above / (((sine + 0.149864) * sine + 0.0102963) * sine + 0.000303978), 3)


def _dark_times(night: Almanac) -> list[float]:
    """Return the times (Unix seconds) of a night, at every full ten minutes, at which it is dark."""
    first = math.ceil(night.night.start / STEP_S)
    last = math.ceil(night.night.end / STEP_S)
    times = (step * STEP_S for step in range(first, last))
    return [float(time) for time in times if night.sun(time) < DARK]


def _seen(night: Almanac, target: Altitude, time: float) -> dict[str, Any]:
    altitude = target(time)
    return {
        "time": time,
        "altitude": round(altitude, 2),
        "airmass": airmass(altitude),
        "moon_distance": round(_separation(target.vector(time), night.moon.vector(time)), 1),
    }


def _separation(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """Return the angle (degrees) between two directions of unit length, exact also for small angles."""
    chord = math.dist(one, other)
    return math.degrees(2 * math.asin(min(1.0, chord / 2)))


def _transit(target: Altitude, start: float) -> float:
    """Return the first time (Unix seconds) at which the target is on the meridian, within a day."""
    return start + (-target.hour_angle(start) % math.tau) / SIDEREAL_RATE


def _first(times: Iterable[float]) -> str | None:
    time = min(times, default=None)
    return None if time is None else utc_text(time)


def _summary(night: Almanac, highest: dict[str, Any] | None) -> str:
    if highest is None:
        return "It does not get dark: the Sun stays above -12°."
    if highest["altitude"] < 0:
        return "Below the horizon while it is dark."
    clock = datetime.fromtimestamp(highest["time"], night.observer.zone).strftime("%H:%M")
    return (
        f"Highest at {clock}, {highest['altitude']:.0f}°, airmass {highest['airmass']:.2f}; "
        f"{highest['moon_distance']:.0f}° from the Moon."
    )
