"""Columns of the image table that a FITS header fills."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from common.number_parsing import as_float
from ingest.header_cards import Header, Value

DEGREES_PER_HOUR = 15.0
# The table has right ascensions in hours for images captured before this time (UTC), and in degrees after it.
# The web UI expects this, and the older rows have it.
DEGREES_FROM = datetime(2023, 3, 8, 9, 20)  # noqa: DTZ001 - the table's times are UTC without saying so

_SEXAGESIMAL = re.compile(
    r"(?P<sign>[+-]?) *(?P<whole>[0-9]{1,3}) *[hd: ] *"
    r"(?P<minutes>[0-9]{1,2}) *[m: ] *(?P<seconds>[0-9.]+) *s?",
    re.IGNORECASE,
)
_SIXTY = 60


@dataclass(frozen=True, slots=True)
class Columns:
    """What a row of the image table takes from a header; None where the header does not have it.

    Angles are in degrees, except `right_ascension` of old images, which is in hours: see `DEGREES_FROM`.
    `header` is the whole header as the text of a JSON object.
    """

    capture_date: datetime | None
    right_ascension: float | None
    declination: float | None
    altitude: float | None
    azimuth: float | None
    airmass: float | None
    exposure_time: float | None
    filter_used: str | None
    username: str | None
    user_id: str | None
    header: str


def columns_of(header: Header) -> Columns:
    """Return the columns that a header fills. A card with a value of the wrong kind fills nothing."""
    capture_date = parse_date(header.get("DATE-OBS"))
    degrees = _first(header, _RIGHT_ASCENSION)
    in_hours = degrees is not None and capture_date is not None and capture_date < DEGREES_FROM
    return Columns(
        capture_date=capture_date,
        right_ascension=degrees / DEGREES_PER_HOUR if degrees is not None and in_hours else degrees,
        declination=_first(header, _DECLINATION),
        altitude=_number(header.get("ALTITUDE")),
        azimuth=_number(header.get("AZIMUTH")),
        airmass=_number(header.get("AIRMASS")),
        exposure_time=_number(header.get("EXPTIME")),
        filter_used=_text(header.get("FILTER")),
        username=_text(header.get("USERNAME")),
        user_id=_text(header.get("USERID")),
        header=json.dumps(header, allow_nan=False),
    )


def parse_date(value: Value | None) -> datetime | None:
    """Return the UTC time, without a zone, that an ISO text gives; None if it gives none."""
    try:
        date = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    try:
        return date.astimezone(UTC).replace(tzinfo=None) if date.tzinfo else date
    except OverflowError:
        return None


def _number(value: Value | None) -> float | None:
    number = as_float(value)
    return None if number != number else number  # noqa: PLR0124 - NaN is the only number unlike itself


def _text(value: Value | None) -> str | None:
    """Return a text that PostgreSQL can store. Numbers become text: some sites send numeric user ids."""
    if value is None or isinstance(value, bool):
        return None
    return str(value).replace("\0", "").strip() or None


def _sexagesimal(value: Value | None) -> float | None:
    """Return the number that `12h34m56.7s`, `-12d34m56s` or `12:34:56.7` stands for, in hours or degrees."""
    match = _SEXAGESIMAL.fullmatch(value.strip()) if isinstance(value, str) else None
    seconds = as_float(match["seconds"]) if match else float("nan")
    if match is None or not (int(match["minutes"]) < _SIXTY and seconds < _SIXTY):
        return None
    size = int(match["whole"]) + int(match["minutes"]) / _SIXTY + seconds / _SIXTY**2
    return -size if match["sign"] == "-" else size


def _hours_text(value: Value | None) -> float | None:
    hours = _sexagesimal(value)
    return None if hours is None else hours * DEGREES_PER_HOUR


def _hours(value: Value | None) -> float | None:
    hours = _number(value)
    return None if hours is None else hours * DEGREES_PER_HOUR


# The cards that may contain a coordinate, and how each is read in degrees. The first one that can be read
# counts.
_Readings = tuple[tuple[str, Callable[[Value | None], float | None]], ...]
_RIGHT_ASCENSION: _Readings = (
    ("OBJCTRA", _number),
    ("RADEG", _number),
    ("RA", _number),
    ("RA", _hours_text),
    ("RAHRS", _hours),
)
_DECLINATION: _Readings = (
    ("OBJCTDEC", _number),
    ("DECDEG", _number),
    ("DEC", _number),
    ("DEC", _sexagesimal),
)


def _first(header: Header, readings: _Readings) -> float | None:
    values = (read(header.get(card)) for card, read in readings)
    return next((value for value in values if value is not None), None)
