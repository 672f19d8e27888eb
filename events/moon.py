"""Rises, transits and sets of the Moon, and its lit share."""

import math
from itertools import pairwise
from typing import Any

import ephem

from events.altitudes import Altitude, Place
from events.crossings import Curve, culmination
from events.iso import utc_text
from events.tai import DAY_S
from events.tracks import Track

# The altitude (degrees) of the Moon's centre at rise and set: below the horizon by the refraction there, 34
# arcmin (Explanatory Supplement to the Astronomical Almanac, 2013, section 12.2.1).
HORIZON = -34 / 60

# Two hours: the most that `Curve` allows.
SAMPLE_S = 7200
# Mean time between two transits (s). A synodic month has 29.530589 days, and one transit fewer than days.
LUNAR_DAY_S = DAY_S * 29.530589 / 28.530589
# A transit is found to this precision (s).
PRECISION_S = 0.01


def passages(place: Place, start: float, end: float) -> list[dict[str, Any]]:
    """Return each rise of the Moon that is followed by its set within an interval, with the transit between.

    Parameters
    ----------
    place
        Where the observer is.
    start, end
        Unix seconds.

    Returns
    -------
    list
        `{"rise", "set", "transit", "illumination"}`: UTC as ISO 8601 to the second, and the lit share of the
        disc at transit (0 to 1).
    """
    altitude = Altitude(Track(ephem.Moon(), start - SAMPLE_S, end + 2 * SAMPLE_S), place)
    crossings = Curve(altitude, start, end, SAMPLE_S).crossings(HORIZON)
    return [
        _passage(altitude, rise.time, following.time)
        for rise, following in pairwise(crossings)
        if rise.rising
    ]


def _passage(altitude: Altitude, rise: float, set_: float) -> dict[str, Any]:
    transit = _transit(altitude, rise, set_)
    return {
        "rise": utc_text(rise),
        "set": utc_text(set_),
        "transit": utc_text(transit),
        "illumination": altitude.track.illumination(transit),
    }


def _transit(altitude: Altitude, rise: float, set_: float) -> float:
    """Return the time (Unix seconds) of the Moon's first crossing of the meridian after its rise.

    Near the poles, a Moon that barely rises may set before it reaches the meridian: its changing declination
    moves its highest point away from the meridian. Then the time of its highest point is returned.
    """
    turn = -altitude.hour_angle(rise) % math.tau
    transit = rise
    while abs(step := turn / math.tau * LUNAR_DAY_S) > PRECISION_S:
        transit += step
        turn = -altitude.hour_angle(transit)
    return transit if transit < set_ else culmination(altitude, rise, set_, upper=True)
