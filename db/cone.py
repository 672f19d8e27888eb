"""Searches for images in a circle on the sky.

The sky is cut into zones of equal height in declination, and the images of a zone are sorted by right
ascension: see Gray, Nieto-Santisteban and Szalay (2006), "The Zones Algorithm for Finding Points-Near-a-Point
or Cross-Matching Spatial Datasets", Microsoft Research MSR-TR-2006-52. Zone and right ascension are combined
into one number, the place. So one index has both. Its statistics show how many images are where.

A circle covers one or two ranges of places in each zone. The ranges hold every image of the circle, and some
others near it. `inside` decides.

The SQL never fails, whatever a row contains. An index computes it for each new row, and a failure would stop
the ingester's INSERT. It yields NULL for a row without coordinates, or with impossible coordinates.
"""

import math
from collections.abc import Iterable, Iterator
from datetime import datetime

# The zones of 0.5 degrees are about as high as the usual circle.
_ZONES_PER_DEGREE = 2
_LARGEST_ZONE = 180 * _ZONES_PER_DEGREE
_CIRCLE = 360.0
# Added to all ranges, far more than rounding errors, so that they never miss an image.
_MARGIN = 1e-6
_RELATIVE_MARGIN = 1e-6

# Images captured before this moment have their right ascension in hours: see docs/images.md.
DEGREES_FROM = datetime(2023, 3, 8, 9, 20)  # noqa: DTZ001 - the table's times are UTC without saying so
# In degrees.
RIGHT_ASCENSION = (
    f"CASE WHEN capture_date < '{DEGREES_FROM:%Y-%m-%d %H:%M}'"
    " THEN CASE WHEN abs(right_ascension) <= 24 THEN right_ascension * 15 END"
    " ELSE CASE WHEN abs(right_ascension) <= 360 THEN right_ascension END END"
)
# In degrees, from 0 to 360.
POSITIVE_RIGHT_ASCENSION = f"({RIGHT_ASCENSION}) + CASE WHEN right_ascension < 0 THEN 360 ELSE 0 END"
DECLINATION = "CASE WHEN abs(declination) <= 90 THEN declination END"

# PostgreSQL uses an index only if the query repeats its expression exactly: see schema.sql.
PLACE = f"(floor((({DECLINATION}) + 90) * {_ZONES_PER_DEGREE}) * 360 + {POSITIVE_RIGHT_ASCENSION})"


def inside(prefix: str = "") -> str:
    """Return the SQL condition for images in a circle: the haversine formula, also exact for tiny angles.

    Parameters
    ----------
    prefix
        The beginning of the names of the bound values `ra`, `dec` and `radius` (degrees).
    """
    # PostgreSQL fails if the square of a number is too small for a double. To add 90 and 360 makes every
    # difference zero, or larger than 1e-14.
    return f"""(
        power(sind(((({DECLINATION}) + 90) - (%({prefix}dec)s::double precision + 90)) / 2), 2)
        + cosd({DECLINATION}) * cosd(%({prefix}dec)s)
        * power(sind(((({RIGHT_ASCENSION}) + 360) - (%({prefix}ra)s::double precision + 360)) / 2), 2)
        <= power(sind(%({prefix}radius)s::double precision / 2), 2)
    )"""


def ranges(ra: float, dec: float, radius: float) -> list[tuple[float, float]]:
    """Return the first and last place of each range that a circle covers, in ascending order.

    Parameters
    ----------
    ra, dec
        The centre, in degrees: 0 to 360 and -90 to 90.
    radius
        In degrees, less than 90.
    """
    return list(_merged(_ranges(ra, dec, radius)))


def _ranges(ra: float, dec: float, radius: float) -> Iterator[tuple[float, float]]:
    south, north = dec - radius - _MARGIN, dec + radius + _MARGIN
    for zone in range(max(_zone(south), 0), min(_zone(north), _LARGEST_ZONE) + 1):
        bottom = zone / _ZONES_PER_DEGREE - 90
        width = _half_width(dec, radius, bottom, bottom + 1 / _ZONES_PER_DEGREE) + _MARGIN
        start = zone * _CIRCLE
        for first, last in _within_circle(ra - width, ra + width):
            yield start + first, start + last


def _zone(dec: float) -> int:
    return math.floor((dec + 90) * _ZONES_PER_DEGREE)


def _half_width(dec: float, radius: float, bottom: float, top: float) -> float:
    """Return how far a circle reaches in right ascension, between two declinations; degrees, at most 180.

    By the law of haversines, at declination d it reaches to
    sin²(a / 2) = (sin²(radius / 2) - sin²((d - dec) / 2)) / (cos d cos dec).
    It reaches farthest where sin d = sin dec / cos radius, or at a pole that it contains.
    """
    sine = math.sin(math.radians(dec)) / math.cos(math.radians(radius))
    widest = math.degrees(math.asin(max(-1.0, min(sine, 1.0))))
    at = max(bottom, min(widest, top))
    squares = _haversine(radius + _MARGIN) - _haversine(max(abs(at - dec) - _MARGIN, 0))
    reached = squares / (math.cos(math.radians(at)) * math.cos(math.radians(dec)))
    return 2 * math.degrees(math.asin(math.sqrt(max(0.0, min(reached * (1 + _RELATIVE_MARGIN), 1.0)))))


def _haversine(degrees: float) -> float:
    return math.sin(math.radians(degrees) / 2) ** 2


def _within_circle(first: float, last: float) -> Iterator[tuple[float, float]]:
    """Yield a range of right ascensions as one or two ranges that lie within 0 to 360."""
    if last - first >= _CIRCLE:
        yield 0.0, _CIRCLE
    elif first < 0 or last > _CIRCLE:
        yield 0.0, last % _CIRCLE
        yield first % _CIRCLE, _CIRCLE
    else:
        yield first, last


def _merged(pieces: Iterable[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Yield ranges, given in ascending order; those that touch are joined.

    Around a pole, the ranges of the zones are complete circles, so they touch.
    """
    pending: tuple[float, float] | None = None
    for first, last in pieces:
        if pending and first <= pending[1]:
            pending = pending[0], last
            continue
        if pending:
            yield pending
        pending = first, last
    if pending:
        yield pending
