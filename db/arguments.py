"""Reads the parameters of the image routes.

Functions take a parameter's name and its value: text from a query string, or a JSON value. They raise
`common.errors.BadRequest`, which names the parameter, if the value is invalid. An empty text counts as not
given, because forms also send fields that were left blank.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from common import number_parsing
from common.errors import BadRequest
from common.postgres import BadValue
from db import queries
from db.image_lists import Position

# Means every image of a list. Larger numbers mean the same.
ALL = 10**9

_POSITION_TEXT = re.compile(r"([^,]{1,40}),([0-9]{1,40})")
# PostgreSQL's largest integer.
_LARGEST_KEY = 2**63 - 1

# What error messages name as the allowed values.
_COUNT = "a whole number from 1"
_POSITION = "as the Link header of an earlier response gives it"
_NUMBER = "a number"
_DATE = "a date and time, like 2020-08-30 12:00:00"
_DEGREES = "a number of degrees from {:g} to {:g}"

# The centre and the radius of a search on the sky: the lowest and the highest number of degrees.
_CENTRE = {"ra": (0, 360), "dec": (-90, 90)}
_CIRCLE = {**_CENTRE, "radius": (0, 10)}
_DEFAULT_RADIUS = 0.25

# In a query string `+` means a space: `2020-08-30+12` and `2020-08-30T12:00+00:00` arrive without it.
_HOUR_ALONE = re.compile(r"\A(\d{4}-\d\d?-\d\d?)[ T](\d\d?)\Z")
_ZONE_WITHOUT_SIGN = re.compile(r"\A(.*\d:\d\d[0-9:.]*) (\d\d(?::?\d\d)?)\Z")


def filters(parameter: Callable[[str], Any]) -> dict[str, Any]:
    """Return the filters of `GET /filtered_images` that are given, by their names in `queries.CONDITIONS`.

    Parameters
    ----------
    parameter
        Returns the value of a parameter by its name; None if it is not given.
    """
    given = present({name: read(name, parameter(name)) for name, read in _FILTERS.items()})
    if not given.keys() & _CIRCLE.keys():
        return given
    for name, limits in _CENTRE.items():
        if name not in given:
            raise BadRequest(f"{name} must be given too: {_DEGREES.format(*limits)}.")
    return {"radius": _DEFAULT_RADIUS, **given}


def present(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that are given: those that are not None."""
    return {name: value for name, value in given.items() if value is not None}


def name(value: str) -> str:
    """Return an image's base filename, taken from a URL's path, after checking it."""
    return unicode_text("base_filename", value)


def text(name: str, value: Any, allowed: str = "a text") -> str | None:
    """Return a text that PostgreSQL can compare; None if not given. An error says what is `allowed`."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise BadRequest(f"{name} must be {allowed}.")
    return unicode_text(name, str(value)) or None


def count(name: str, value: Any) -> int:
    """Return the largest number of images wanted; `ALL` if it is not given."""
    if value in (None, ""):
        return ALL
    wanted = number_parsing.whole_number(value)
    if wanted is None or wanted < 1:
        raise BadRequest(f"{name} must be {_COUNT}.")
    return min(wanted, ALL)


def position(name: str, value: Any) -> Position | None:
    """Return the position after which a page starts, from the text that `position_text` writes."""
    given = text(name, value, _POSITION)
    if given is None:
        return None
    match = _POSITION_TEXT.fullmatch(given)
    try:
        date = datetime.fromisoformat(match[1]) if match else None
    except ValueError:
        date = None
    # The table's times have no zone. Python cannot compare them with times that have one.
    if match is None or date is None or date.tzinfo is not None:
        raise BadRequest(f"{name} must be {_POSITION}.")
    return date, min(int(match[2]), _LARGEST_KEY)


def position_text(position: Position) -> str:
    """Return a position as the text of a parameter."""
    date, key = position
    return f"{date.isoformat()},{key}"


def unicode_text(name: str, characters: str) -> str:
    """Return `characters` if PostgreSQL can store and compare them. An error begins with `name`."""
    if "\0" in characters or characters.encode(errors="replace").decode() != characters:
        raise BadRequest(f"{name} must be Unicode text without NUL characters.")
    return characters


def _number(name: str, value: Any) -> float | None:
    given = text(name, value, _NUMBER)
    if given is None:
        return None
    number = number_parsing.as_float(given)
    if math.isnan(number):
        raise BadRequest(f"{name} must be {_NUMBER}.")
    return number


def _degrees(name: str, value: Any) -> float | None:
    lowest, highest = _CIRCLE[name]
    allowed = _DEGREES.format(lowest, highest)
    given = text(name, value, allowed)
    if given is None:
        return None
    number = number_parsing.as_float(given)
    if not lowest <= number <= highest:
        raise BadRequest(f"{name} must be {allowed}.")
    # A tiny number such as 1e-300 becomes 0: `number_parsing` reads no exponent of three digits, so the link
    # to the next page would be refused.
    return round(number, 12)


def _object(name: str, value: Any) -> str | None:
    given = text(name, value)
    return given if given and given.strip(" ") else None


def _date(name: str, value: Any) -> str | None:
    given = text(name, value, _DATE)
    if given is None:
        return None
    date = _ZONE_WITHOUT_SIGN.sub(r"\1+\2", _HOUR_ALONE.sub(r"\1 \2:00", given))
    try:
        queries.check_timestamp(date)
    except BadValue as error:
        raise BadRequest(f"{name} must be {_DATE}.") from error
    return date


def _pattern(name: str, value: Any) -> str | None:
    given = text(name, value)
    if given is not None and (len(given) - len(given.rstrip("\\"))) % 2:
        raise BadRequest(f"{name} must not end with a backslash that escapes nothing.")
    return given


_FILTERS: Mapping[str, Callable[[str, Any], Any]] = {
    "username": text,
    "user_id": text,
    "site": text,
    "filter": text,
    "exposure_time_min": _number,
    "exposure_time_max": _number,
    "start_date": _date,
    "end_date": _date,
    "filename": _pattern,
    "object": _object,
    **dict.fromkeys(_CIRCLE, _degrees),
}
