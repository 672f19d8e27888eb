"""The SQL of the archive's images.

Callers' values are bound as parameters. Statements are built only from fragments that this project's modules
define.
"""

# ruff: noqa: S608 - see above

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import unquote

from common import postgres
from db import cone, queries
from db.queries import ImageRow
from vo import filters, obscore
from vo.parameters import Interval, Query

# The names of the files' format that callers may use.
_FITS = {obscore.FORMAT, "application/fits", "fits", "all"}
# Every image of the archive: in the lists of images, with a name and a FITS file.
_ARCHIVED = (
    "jpg_medium_exists AND base_filename IS NOT NULL AND data_type IS NOT NULL"
    " AND (fits_01_exists OR fits_10_exists)"
)
# A longer exposure counts as this long. Robotic telescopes expose for some minutes at most.
_LONGEST_EXPOSURE_S = 8640
_DAY_S = 86_400


def images(query: Query, count: int) -> list[ImageRow]:
    """Return the `count` newest images that match a query. One statement."""
    conditions, bound = [_ARCHIVED], {"count": count}
    for condition, values in (*_places(query), *_others(query)):
        conditions.append(condition)
        bound |= values
    return _rows(
        f"SELECT {queries.COLUMNS} FROM images WHERE {' AND '.join(conditions)}"
        f" ORDER BY {queries.SORT_DATE} DESC, image_id DESC LIMIT %(count)s",
        bound,
    )


def identified(identifier: str) -> ImageRow | None:
    """Return the image with this name and data type: "mrc1-sq01-20260101-00000001-EX"."""
    condition, bound = _identified([identifier])
    found = _rows(
        f"SELECT {queries.COLUMNS} FROM images WHERE {condition} AND {_ARCHIVED}"
        f" ORDER BY {queries.SORT_DATE} DESC, image_id DESC LIMIT 1",
        bound,
    )
    return found[0] if found else None


def check_answers() -> None:
    """Check that the image database answers.

    Raises
    ------
    Unavailable
        If it does not.
    """
    postgres.query("SELECT 1", [])


def _places(query: Query) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield the conditions of POS: near all regions by the index, and inside one of them."""
    if not query.regions:
        return
    circles = [region.circle() for region in query.regions]
    if None not in circles:
        ranges = [each for circle in circles if circle for each in cone.ranges(*circle)]
        yield queries.in_ranges(ranges, "near")
    insides = [region.inside(f"region{number}_") for number, region in enumerate(query.regions)]
    yield _any(insides)


def _others(query: Query) -> Iterable[tuple[str, dict[str, Any]]]:
    if query.times:
        yield _any([_time(number, interval) for number, interval in enumerate(query.times)])
    level = f"CASE WHEN fits_01_exists THEN {obscore.RAW} ELSE {obscore.CALIBRATED} END"
    for column, name, intervals in (
        ("exposure_time", "exposure", query.exposures),
        ("exposure_time", "resolution", query.resolutions),
        (level, "level", query.levels),
    ):
        if intervals:
            yield _any([_between(column, f"{name}{number}_", each) for number, each in enumerate(intervals)])
    if query.bands:
        yield "lower(filter_used) = ANY(%(filters)s)", {"filters": filters.in_any(query.bands)}
    if query.impossible or not (_accepts_fits(query.formats) and (not query.kinds or "image" in query.kinds)):
        yield "false", {}
    if "ID" in query.texts:
        yield _identified(query.texts["ID"])
    for name, (condition, value) in _TEXTS.items():
        if name in query.texts:
            yield condition, {name: [value(text) for text in query.texts[name]]}


# For each parameter of texts: the condition, and what is compared.
_TEXTS: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "TARGET": (f"{queries.OBJECT} = ANY(%(TARGET)s)", queries.object_key),
    "INSTRUMENT": ("split_part(base_filename, '-', 2) = ANY(%(INSTRUMENT)s)", str),
    "FACILITY": ("site = ANY(%(FACILITY)s)", str),
}


def _identified(identifiers: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Return the condition for images with these identifiers. Only the part after the last `?` counts.

    The index has base filenames alone, so the condition names them too.
    """
    ends = [unquote(each.rpartition("?")[2]) for each in identifiers]
    return (
        "base_filename = ANY(%(names)s) AND base_filename || '-' || data_type = ANY(%(identifiers)s)",
        {"names": [each.rpartition("-")[0] for each in ends], "identifiers": ends},
    )


def _time(number: int, interval: Interval) -> tuple[str, dict[str, Any]]:
    """Return the condition for images whose exposure overlaps an interval (modified Julian dates)."""
    first, last = interval
    names = f"time{number}_"
    bound = {
        f"{names}earliest": obscore.from_mjd(first - _LONGEST_EXPOSURE_S / _DAY_S),
        f"{names}first": obscore.from_mjd(first),
        f"{names}last": obscore.from_mjd(last),
    }
    exposure = f"greatest(0, least(coalesce(exposure_time, 0), {_LONGEST_EXPOSURE_S}))"
    end = f"capture_date + {exposure} * interval '1 second'"
    return (
        f"(capture_date BETWEEN %({names}earliest)s AND %({names}last)s AND {end} >= %({names}first)s)",
        bound,
    )


def _between(column: str, name: str, interval: Interval) -> tuple[str, dict[str, Any]]:
    low, high = (max(-1e300, min(limit, 1e300)) for limit in interval)
    return f"({column} BETWEEN %({name}low)s AND %({name}high)s)", {f"{name}low": low, f"{name}high": high}


def _any(conditions: Sequence[tuple[str, dict[str, Any]]]) -> tuple[str, dict[str, Any]]:
    """Return the condition that one of these holds."""
    bound: dict[str, Any] = {}
    for _, values in conditions:
        bound |= values
    return f"({' OR '.join(condition for condition, _ in conditions)})", bound


def _accepts_fits(formats: Sequence[str]) -> bool:
    return not formats or any(each.split(";")[0] in _FITS for each in formats)


def _rows(sql: str, bound: dict[str, Any]) -> list[ImageRow]:
    return cast("list[ImageRow]", postgres.query(sql, bound))
