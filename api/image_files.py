"""Which FITS files the images of a site have."""

from typing import Any

from api.zip_requests import ZipRequest
from common import postgres
from common.errors import BadRequest

# One zip is packed while the caller waits; 2,000 small files, or some hundred large ones, are a whole night.
MAX_FILES = 2000

# Column that says that a file exists, and the level in its name.
_SMALL, _LARGE = ("fits_10_exists", "10"), ("fits_01_exists", "01")
# What to take of an image, the first that exists.
_CHOICES = {"small": (_SMALL,), "large": (_LARGE,), "best": (_LARGE, _SMALL)}


def filenames(wanted: ZipRequest) -> list[str]:
    """Answer the names of the files in `data/`, the oldest image first.

    Raises
    ------
    BadRequest
        If there are more than `MAX_FILES`.
    Unavailable
        If the image database is down.
    """
    choices = _CHOICES[wanted.fits_size]
    rows = postgres.query(
        """SELECT base_filename, data_type, fits_01_exists, fits_10_exists
        FROM images
        WHERE site = %(site)s AND capture_date BETWEEN %(start)s AND %(end)s
            AND ((%(small)s AND fits_10_exists) OR (%(large)s AND fits_01_exists))
            AND base_filename IS NOT NULL AND data_type IS NOT NULL
        ORDER BY capture_date, image_id
        LIMIT %(count)s""",
        {
            "site": wanted.site,
            "start": wanted.start,
            "end": wanted.end,
            "small": _SMALL in choices,
            "large": _LARGE in choices,
            "count": MAX_FILES + 1,
        },
    )
    if len(rows) > MAX_FILES:
        raise BadRequest(f"More than {MAX_FILES} images lie in this range; a zip holds at most that many.")
    return [_filename(row, choices) for row in rows]


def _filename(row: dict[str, Any], choices: tuple[tuple[str, str], ...]) -> str:
    level = next(level for column, level in choices if row[column])
    return f"{row['base_filename']}-{row['data_type']}{level}.fits.fz"
