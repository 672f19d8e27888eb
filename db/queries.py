"""Every SQL statement of this service. Each uses an index of schema.sql, as docs/images.md shows.

Callers' values are bound as parameters. Statements are built only from fragments of this module and of
`db.cone`.
"""

# ruff: noqa: S608 - see above

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict, cast

from common import postgres
from common.number_parsing import NUMERAL
from db import cone


class NewestImage(TypedDict):
    """A site's newest image: the parts of its file name, its dates and whether it has a thumbnail."""

    site: str
    base_filename: str
    data_type: str
    capture_date: datetime | None
    sort_date: datetime | None
    jpg_small_exists: bool | None


class FitsFlags(TypedDict):
    """The parts of the file names of an image, and which FITS files it has."""

    base_filename: str
    data_type: str
    fits_01_exists: bool | None
    fits_10_exists: bool | None


class ImageRow(TypedDict):
    """A row of the image table, with the columns that lists need. Only the key is never NULL."""

    image_id: int
    base_filename: str | None
    data_type: str | None
    site: str | None
    capture_date: datetime | None
    sort_date: datetime | None
    right_ascension: float | None
    declination: float | None
    altitude: float | None
    azimuth: float | None
    airmass: float | None
    exposure_time: float | None
    filter_used: str | None
    username: str | None
    user_id: str | None
    fits_01_exists: bool | None
    fits_10_exists: bool | None
    jpg_medium_exists: bool | None
    jpg_small_exists: bool | None
    header: str | None


# The sort date of an image that has none.
NO_SORT_DATE = datetime.min  # noqa: DTZ901 - the table's times are UTC without saying so

# PostgreSQL refuses a row with an index entry that is too long.
_OBJECT_CHARACTERS = 100
# The name of an image's target, in lower case and without blanks. The table has no column for it, and another
# program that writes the table would not fill one. The pattern requires a colon, which follows only keywords.
# So a value "OBJECT" of another card is skipped.
# PostgreSQL uses an index only if the query repeats its expression exactly: see schema.sql.
_OBJECT_VALUE = r"""substring(header FROM '"OBJECT"\s*:\s*"((?:[^"\\]|\\.)*)"')"""
OBJECT = f"""left(replace(lower({_OBJECT_VALUE} COLLATE "C"), ' ', ''), {_OBJECT_CHARACTERS})"""

# Conditions by the parameter of `GET /filtered_images`. `dec` and `radius` belong to `ra`.
CONDITIONS = {
    "username": "username = %(username)s",
    "user_id": "user_id = %(user_id)s",
    "site": "site = %(site)s",
    "filter": "filter_used = %(filter)s",
    "exposure_time_min": "exposure_time >= %(exposure_time_min)s",
    "exposure_time_max": "exposure_time <= %(exposure_time_max)s",
    "start_date": "capture_date >= %(start_date)s::timestamp",
    "end_date": "capture_date <= %(end_date)s::timestamp",
    "filename": "base_filename LIKE %(filename)s",
    "object": f"{OBJECT} = %(object)s",
    "ra": cone.inside(),
}

# A header over 128 KB, sixteen times the usual size, is left out: one query reads a thousand rows.
COLUMNS = """image_id, base_filename, data_type, site, capture_date, sort_date, right_ascension, declination,
    altitude, azimuth, airmass, exposure_time, filter_used, username, user_id, fits_01_exists, fits_10_exists,
    jpg_medium_exists, jpg_small_exists,
    CASE WHEN octet_length(header) <= 131072 THEN header END AS header"""


def _number_in_header(keyword: str) -> str:
    """Return the SQL that reads a card's number from the header's text; it yields NULL without a number.

    Why: the table has no column for stacks. Another program may write the table, and would not fill one. An
    index on this expression finds the final image of a stack in 0.07 ms. Without it, each page would read the
    headers of a whole night: 16 MB for 2,000 images.
    """
    return (
        f"""substring(left(split_part(header, '"{keyword}"', 2), 64) """
        # A number in quotes must end at the closing quote.
        f"""FROM '^\\s*:\\s*(?:"(?=[^",}}]*")|(?=[^",}}]*[,}}]))\\s*({NUMERAL})\\s*[",}}]')::numeric"""
    )


# PostgreSQL uses an index only if the query repeats its expression exactly: see schema.sql.
SORT_DATE = "COALESCE(sort_date, '-infinity')"
_STACK = _number_in_header("SMARTSTK")
_COUNTER = _number_in_header("SSTKNUM")


def images_named(base_filename: str) -> list[ImageRow]:
    """Return the images of that name that have a medium JPG, at most two."""
    return _images(
        f"SELECT {COLUMNS} FROM images WHERE base_filename = %s AND jpg_medium_exists LIMIT 2",
        [base_filename],
    )


def headers_named(base_filename: str) -> list[str | None]:
    """Return the headers of the rows of that name, at most two."""
    rows = postgres.query("SELECT header FROM images WHERE base_filename = %s LIMIT 2", [base_filename])
    return [row["header"] for row in rows]


def newest(filters: Mapping[str, Any], count: int, after: tuple[datetime, int] | None) -> list[ImageRow]:
    """Return the `count` newest images with a medium JPG, newest first.

    Parameters
    ----------
    filters
        Parameters of `CONDITIONS` and their values.
    count
        How many at most.
    after
        Sort date and key of an image: only images that follow it in the list are returned. `NO_SORT_DATE`
        means that the image has no sort date. None starts at the newest image.
    """
    conditions = _conditions(filters)
    bound = {**_bound(filters), "count": count}
    if "ra" in filters:
        near, places = in_ranges(cone.ranges(filters["ra"], filters["dec"], filters["radius"]))
        conditions += f" AND {near}"
        bound |= places
    if after is not None:
        conditions += f" AND ({SORT_DATE}, image_id) < (%(after_date)s::timestamp, %(after_id)s)"
        date, bound["after_id"] = after
        bound["after_date"] = "-infinity" if date == NO_SORT_DATE else date
    return _images(
        f"SELECT {COLUMNS} FROM images WHERE {conditions}"
        f" ORDER BY {SORT_DATE} DESC, image_id DESC LIMIT %(count)s",
        bound,
    )


def newest_of_each(sites: Iterable[str]) -> list[NewestImage]:
    """Return each site's newest image with a medium JPG. One query."""
    rows = postgres.query(
        f"""SELECT listed.site, newest.*
        FROM unnest(%s::text[]) AS listed (site)
        CROSS JOIN LATERAL (
            SELECT base_filename, data_type, capture_date, sort_date, jpg_small_exists
            FROM images
            WHERE images.site = listed.site AND jpg_medium_exists
                AND base_filename IS NOT NULL AND data_type IS NOT NULL
            ORDER BY {SORT_DATE} DESC, image_id DESC
            LIMIT 1
        ) AS newest""",
        [list(sites)],
    )
    return cast("list[NewestImage]", rows)


def final_of_each(stacks: Iterable[Decimal], filters: Mapping[str, Any]) -> list[ImageRow]:
    """Return the final image of each smart stack, of the images that match `filters`.

    Stack and counter are read from the header's text by the index's expressions. They agree with a JSON
    parser, except where a keyword or number is written with escapes, a keyword occurs twice (also inside a
    value), or a number has over 50 digits.
    """
    # OFFSET 0 keeps the filters out of the subquery. PostgreSQL does not know that reading a header is
    # expensive. Without the OFFSET, PostgreSQL would read the headers of a whole night and ignore the index
    # of stacks.
    return _images(
        f"""SELECT final.*
        FROM unnest(%(stacks)s::numeric[]) AS listed (stack)
        CROSS JOIN LATERAL (
            SELECT {COLUMNS}
            FROM (
                SELECT {COLUMNS}, {_COUNTER} AS counter, {SORT_DATE} AS sorted_by
                FROM images
                WHERE {_STACK} = listed.stack AND jpg_medium_exists
                ORDER BY counter DESC NULLS LAST, sorted_by DESC, image_id DESC
                OFFSET 0
            ) AS stacked
            WHERE {_conditions(filters)}
            ORDER BY counter DESC NULLS LAST, sorted_by DESC, image_id DESC
            LIMIT 1
        ) AS final""",
        {**_bound(filters), "stacks": list(stacks)},
    )


def with_fits_files(
    site: str, captured: tuple[datetime, datetime], *, small: bool, large: bool, count: int
) -> list[FitsFlags]:
    """Return the images of a site that have a small or large FITS file, oldest first. One query.

    Parameters
    ----------
    site
        Site code.
    captured
        The first and the last moment of the range, UTC.
    small, large
        Whether images with a small file (level 10) and with a large one (01) are wanted.
    count
        How many images at most.
    """
    rows = postgres.query(
        """SELECT base_filename, data_type, fits_01_exists, fits_10_exists
        FROM images
        WHERE site = %(site)s AND capture_date BETWEEN %(start)s AND %(end)s
            AND ((%(small)s AND fits_10_exists) OR (%(large)s AND fits_01_exists))
            AND base_filename IS NOT NULL AND data_type IS NOT NULL
        ORDER BY capture_date, image_id
        LIMIT %(count)s""",
        {
            "site": site,
            "start": captured[0],
            "end": captured[1],
            "small": small,
            "large": large,
            "count": count,
        },
    )
    return cast("list[FitsFlags]", rows)


def check_timestamp(text: str) -> None:
    """Check that PostgreSQL can read a timestamp.

    Raises
    ------
    common.postgres.BadValue
        If it cannot.
    """
    postgres.query("SELECT %s::timestamp::text", [text])


def _images(sql: str, bound: Mapping[str, Any] | Sequence[Any]) -> list[ImageRow]:
    return cast("list[ImageRow]", postgres.query(sql, bound))


def _conditions(filters: Mapping[str, Any]) -> str:
    named = (CONDITIONS[name] for name in filters if name in CONDITIONS)
    return " AND ".join(["jpg_medium_exists", *named])


def _bound(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of filters as the conditions compare them."""
    if "object" not in filters:
        return dict(filters)
    return {**filters, "object": object_key(filters["object"])}


def in_ranges(places: Sequence[tuple[float, float]], prefix: str = "") -> tuple[str, dict[str, float]]:
    """Return the SQL condition for images in ranges of `db.cone`, and its bound values.

    Parameters
    ----------
    places
        The first and the last place of each range.
    prefix
        The beginning of the names of the bound values.
    """
    parts: list[str] = []
    bound: dict[str, float] = {}
    for number, (first, last) in enumerate(places):
        bound |= {f"{prefix}first{number}": first, f"{prefix}last{number}": last}
        parts.append(f"{cone.PLACE} BETWEEN %({prefix}first{number})s AND %({prefix}last{number})s")
    return f"({' OR '.join(parts)})", bound


def object_key(name: str) -> str:
    """Return an object's name as `OBJECT` has it: as in the header's JSON, without case and blanks."""
    return json.dumps(name)[1:-1].lower().replace(" ", "")[:_OBJECT_CHARACTERS]
