"""Reads and checks the parameters of the events routes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from common.errors import BadRequest, NotFound
from common.number_parsing import as_float
from common.sites import check_site_code
from events.altitudes import Place
from events.tai import DAY_S

# From the Unix epoch to the end of 2099. Earlier, UTC was defined differently. Later, the Earth's rotation,
# and so UTC, cannot be predicted well enough.
FIRST_S, LAST_S = 0, 4_102_444_800
# The end of 2037. pytz has no later clock changes, and nights start at local noon.
LAST_NIGHT_S = 2_145_916_800

# A month takes about 5 ms.
MAX_DAYS = 366

# More curves than this cannot be told apart in a picture, and a longer name has no room in it.
MAX_TARGETS, MAX_NAME = 5, 40


class Target(NamedTuple):
    """A place on the sky, ICRS, in degrees, and its name."""

    ra: float
    dec: float
    name: str


def site_code(given: Any) -> str:
    """Return the site code that a caller gives.

    Raises
    ------
    BadRequest
        If it is missing or not a site code.
    """
    if given is None or given == "":
        raise BadRequest("site is required: the code of a site.")
    return check_site_code(str(given))


def moment(given: Any, now: float) -> float:
    """Return the time (Unix seconds) that a caller gives, or `now`.

    Raises
    ------
    BadRequest
        If it is not a number, or outside the supported years.
    """
    if given is None:
        return now
    when = as_float(given)
    if not FIRST_S <= when < LAST_NIGHT_S:
        raise BadRequest(
            f"when must be a number of Unix seconds from {FIRST_S} (1970) to below {LAST_NIGHT_S} (2038): "
            "time zone rules are known until then."
        )
    return when


def target(ra: Any, dec: Any) -> tuple[float, float]:
    """Return the place on the sky that a caller gives: right ascension and declination, ICRS, in degrees.

    Raises
    ------
    BadRequest
        If either is missing or out of its range.
    """
    found = as_float(ra), as_float(dec)
    if not 0 <= found[0] <= 360:  # noqa: PLR2004 - a circle
        raise BadRequest("ra must be a number of degrees from 0 to 360 (ICRS).")
    if not -90 <= found[1] <= 90:  # noqa: PLR2004 - from pole to pole
        raise BadRequest("dec must be a number of degrees from -90 to 90 (ICRS).")
    return found


def targets(ras: Sequence[Any], decs: Sequence[Any], names: Sequence[Any]) -> list[Target]:
    """Return the targets that a caller gives. The first `ra`, `dec` and `name` are those of the first target.

    A target without a name is named by its place.

    Raises
    ------
    BadRequest
        If a place is incomplete or out of its range, or there are too many targets or names.
    """
    if len(ras) != len(decs):
        raise BadRequest("ra and dec must be given equally often: each pair of them is a target.")
    if len(ras) > MAX_TARGETS:
        raise BadRequest(f"A plot shows at most {MAX_TARGETS} targets.")
    if len(names) > len(ras):
        raise BadRequest("There are more names than targets: give ra and dec for each name.")
    places = [target(ra, dec) for ra, dec in zip(ras, decs, strict=True)]
    named = [*map(_name, names), *([""] * (len(places) - len(names)))]
    return [
        Target(ra, dec, name or f"{ra:.2f}° {dec:+.2f}°")
        for (ra, dec), name in zip(places, named, strict=True)
    ]


def is_iso(given: Any) -> bool:
    """Return whether a caller wants times as UTC texts; by default they are Julian dates in TAI.

    Raises
    ------
    BadRequest
        If the caller wants another format.
    """
    if given not in (None, "", "tai", "iso"):
        raise BadRequest("format must be tai (Julian dates, the default) or iso (UTC texts).")
    return bool(given == "iso")


def place(latitude: Any, longitude: Any) -> Place:
    """Return the place that a caller gives.

    Raises
    ------
    BadRequest
        If either coordinate is missing or out of its range.
    """
    return Place(_degrees("lat", latitude, 90), _degrees("lng", longitude, 180))


def interval(start: Any, end: Any) -> tuple[float, float]:
    """Return the interval (Unix seconds) that a caller gives.

    Raises
    ------
    NotFound
        If either is not a date, or the interval ends before it starts or is too long.
    """
    start_s, end_s = _date("start", start), _date("end", end)
    if end_s < start_s:
        raise NotFound("end must not be before start.")
    if end_s - start_s > MAX_DAYS * DAY_S:
        raise NotFound(f"The interval from start to end must not be longer than {MAX_DAYS} days.")
    return start_s, end_s


def _name(given: Any) -> str:
    if not isinstance(given, str) or len(given) > MAX_NAME:
        raise BadRequest(f"name must be a text of at most {MAX_NAME} characters.")
    return given.strip()


def _degrees(name: str, given: Any, limit: int) -> float:
    value = as_float(given)
    if not -limit <= value <= limit:
        raise BadRequest(f"{name} must be a number of degrees from -{limit} to {limit}.")
    return value


def _date(name: str, given: Any) -> float:
    """Return a date that ends in Z, for UTC, in Unix seconds."""
    refusal = NotFound(f"{name} must be a UTC date like 2020-12-31T01:00:00Z.")
    if not isinstance(given, str) or not given.endswith("Z"):
        raise refusal
    try:
        seconds = datetime.fromisoformat(given).timestamp()
    except ValueError as error:
        raise refusal from error
    if not FIRST_S <= seconds < LAST_S:
        raise NotFound(f"{name} must be in the years 1970 to 2099.")
    return seconds
