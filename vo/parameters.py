"""Reads the parameters of `GET /vo/sia2`, as SIA 2.0 and DALI 1.1 define them.

Names may be written in upper or lower case. A repeated parameter means any of its values. Different
parameters must all hold. Unknown parameters are ignored.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from common.errors import BadRequest
from db.arguments import unicode_text
from vo.regions import Region, parse

Interval = tuple[float, float]

# The most rows of an answer, and the rows if the caller does not say how many. A row has a kilobyte, and an
# answer of Lambda at most 6 MB.
MOST_ROWS, USUAL_ROWS = 5000, 1000
_TEXTS = ("TARGET", "INSTRUMENT", "FACILITY", "ID")
# Values of one parameter.
_MOST_VALUES = 20


@dataclass(frozen=True)
class Query:
    """What a caller looks for. An empty list means any.

    Attributes
    ----------
    regions
        Of POS.
    times
        Modified Julian dates, UTC.
    exposures
        Seconds.
    resolutions
        Of TIMERES, seconds.
    bands
        Metres.
    texts
        The values of TARGET, INSTRUMENT, FACILITY and ID, by these names.
    levels
        Of CALIB.
    formats, kinds
        Of FORMAT and DPTYPE, in lower case.
    impossible
        Whether a property is wanted that no image has: POL or SPECRP.
    rows
        The most rows of the answer.
    """

    regions: list[Region] = field(default_factory=list)
    times: list[Interval] = field(default_factory=list)
    exposures: list[Interval] = field(default_factory=list)
    resolutions: list[Interval] = field(default_factory=list)
    bands: list[Interval] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    levels: list[Interval] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    impossible: bool = False
    rows: int = USUAL_ROWS


def read(given: Mapping[str, Sequence[str]]) -> Query:
    """Return the query of the parameters of a query string.

    Raises
    ------
    BadRequest
        If a value is invalid.
    """
    values: dict[str, list[str]] = {}
    for given_name, texts in given.items():
        values.setdefault(given_name.upper(), []).extend(text for text in texts if text.strip())
    for parameter, texts in values.items():
        if len(texts) > _MOST_VALUES:
            raise BadRequest(f"{parameter} may have at most {_MOST_VALUES} values.")
    return Query(
        regions=[parse(text) for text in values.get("POS", [])],
        times=[_interval("TIME", text) for text in values.get("TIME", [])],
        exposures=[_interval("EXPTIME", text) for text in values.get("EXPTIME", [])],
        resolutions=[_interval("TIMERES", text) for text in values.get("TIMERES", [])],
        bands=[_interval("BAND", text) for text in values.get("BAND", [])],
        texts={each: [name(text.strip()) for text in values[each]] for each in _TEXTS if values.get(each)},
        levels=[_interval("CALIB", text) for text in values.get("CALIB", [])],
        formats=[text.strip().lower() for text in values.get("FORMAT", [])],
        kinds=[text.strip().lower() for text in values.get("DPTYPE", [])],
        impossible=bool(values.get("POL") or values.get("SPECRP")),
        rows=_rows(values.get("MAXREC", [])),
    )


def name(given: str) -> str:
    """Return an image's name from a path or a parameter.

    Raises
    ------
    BadRequest
        If PostgreSQL cannot compare it.
    """
    return unicode_text("A name", given)


def _interval(name: str, text: str) -> Interval:
    """Return an interval, from one number or from two; -Inf and +Inf are open ends."""
    numbers = [_number(part) for part in text.split()[:3]]
    if len(numbers) == 1 and numbers[0] is not None:
        numbers *= 2
    if len(numbers) != 2 or numbers[0] is None or numbers[1] is None or numbers[0] > numbers[1]:  # noqa: PLR2004 - its ends
        raise BadRequest(f"{name} must be a number, or two in ascending order, such as -Inf 5.")
    return numbers[0], numbers[1]


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number


def _rows(given: Sequence[str]) -> int:
    if not given:
        return USUAL_ROWS
    text = given[-1].strip()
    if not (text.isascii() and text.isdigit() and len(text) < 20):  # noqa: PLR2004 - digits of any number of rows
        raise BadRequest("MAXREC must be a whole number from 0.")
    return min(int(text), MOST_ROWS)
