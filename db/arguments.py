"""What callers ask of the image routes, read from their parameters.

Functions take a parameter's name and its value, text from a query string or a JSON value, and raise
`common.errors.BadRequest`, naming it, where it cannot be read. An empty text counts as not given, for forms
send the fields that were left blank.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from common import numerals
from common.errors import BadRequest
from common.postgres import BadValue
from db import queries
from db.image_lists import Position

# What stands for every image of a list; larger numbers are the same.
ALL = 10**9

_POSITION_TEXT = re.compile(r"([^,]{1,40}),([0-9]{1,40})")
# PostgreSQL's largest integer.
_LARGEST_KEY = 2**63 - 1

# What errors say of parameters that are more than a text.
_COUNT = "a whole number from 1"
_POSITION = "as the Link header of an earlier answer gives it"
_NUMBER = "a number"
_DATE = "a date and time, like 2020-08-30 12:00:00"

# What decoding a query string leaves of `2020-08-30+12`, and of the zone in `2020-08-30T12:00+00:00`.
_HOUR_ALONE = re.compile(r"\A(\d{4}-\d\d?-\d\d?)[ T](\d\d?)\Z")
_ZONE_WITHOUT_SIGN = re.compile(r"\A(.*\d:\d\d[0-9:.]*) (\d\d(?::?\d\d)?)\Z")


def filters(parameter: Callable[[str], Any]) -> dict[str, Any]:
    """Answer the filters of `GET /filtered_images` that are given, by their names in `queries.CONDITIONS`.

    Parameters
    ----------
    parameter
        Answers the value of a parameter by its name, None where it is not given.
    """
    return present({name: read(name, parameter(name)) for name, read in _FILTERS.items()})


def present(given: Mapping[str, Any]) -> dict[str, Any]:
    """Answer the parameters that are given: all but None."""
    return {name: value for name, value in given.items() if value is not None}


def name(value: str) -> str:
    """Answer an image's base filename, from a path."""
    return _unicode("base_filename", value)


def text(name: str, value: Any, allowed: str = "a text") -> str | None:
    """Answer a text that PostgreSQL can compare; of a number its numeral. An error says what is `allowed`."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise BadRequest(f"{name} must be {allowed}.")
    return _unicode(name, str(value)) or None


def count(name: str, value: Any) -> int:
    """Return how many images are wanted at most, `ALL` where that is not given."""
    if value in (None, ""):
        return ALL
    wanted = numerals.whole_number(value)
    if wanted is None or wanted < 1:
        raise BadRequest(f"{name} must be {_COUNT}.")
    return min(wanted, ALL)


def position(name: str, value: Any) -> Position | None:
    """Answer the position after which a list goes on, from the text that `position_text` writes."""
    given = text(name, value, _POSITION)
    if given is None:
        return None
    match = _POSITION_TEXT.fullmatch(given)
    try:
        date = datetime.fromisoformat(match[1]) if match else None
    except ValueError:
        date = None
    # the table's times have no zone, and no other time can be compared with them
    if match is None or date is None or date.tzinfo is not None:
        raise BadRequest(f"{name} must be {_POSITION}.")
    return date, min(int(match[2]), _LARGEST_KEY)


def position_text(position: Position) -> str:
    """Answer a position as a parameter has it."""
    date, key = position
    return f"{date.isoformat()},{key}"


def _unicode(name: str, characters: str) -> str:
    """Answer `characters` if PostgreSQL can hold them."""
    if "\0" in characters or characters.encode(errors="replace").decode() != characters:
        raise BadRequest(f"{name} must be Unicode text without NUL characters.")
    return characters


def _number(name: str, value: Any) -> float | None:
    given = text(name, value, _NUMBER)
    if given is None:
        return None
    number = numerals.as_float(given)
    if math.isnan(number):
        raise BadRequest(f"{name} must be {_NUMBER}.")
    return number


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
}
