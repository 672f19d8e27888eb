"""Which FITS files the images of a site have."""

from dataclasses import dataclass
from typing import Any

from api.object_names import checked_name
from api.zip_requests import ZipRequest
from common import logs, postgres
from common.errors import BadRequest

# One zip is packed while the caller waits; 2,000 small files, or some hundred large ones, are a whole night.
MAX_FILES = 2000

DIRECTORY = "data"
# A zip's entry with one of these unpacks into another folder, on one system or another.
_SEPARATORS = frozenset("/\\")

# Column that says that a file exists, and the level in its name.
_SMALL, _LARGE = ("fits_10_exists", "10"), ("fits_01_exists", "01")
# What to take of an image, the first that exists. The zip function takes level 00 where there is no 01.
_BEST = (_LARGE, _SMALL)
_CHOICES = {"small": (_SMALL,), "large": (_LARGE,), "best": _BEST}


@dataclass(frozen=True)
class FitsFiles:
    """Files of images in `data/`.

    Attributes
    ----------
    names
        The oldest image first.
    fallbacks
        From a name to that of the file to take where the first is not in S3: the table says that it exists,
        but files are removed, or are still on their way.
    """

    names: list[str]
    fallbacks: dict[str, str]


def fits_files(wanted: ZipRequest) -> FitsFiles:
    """Return the files that the images of a request have.

    A row whose name cannot be a file's is left out: one such row must not fail every zip of its range.

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
    found = [names for row in rows if _is_file_name((names := _names(row, choices))[0])]
    return FitsFiles(
        [names[0] for names in found], {names[0]: names[1] for names in found if len(names) == len(_BEST)}
    )


def _is_file_name(name: str) -> bool:
    """Return whether `name` can be a file's in `data/` and an entry's of a zip that unpacks anywhere."""
    try:
        checked_name(name, DIRECTORY)
    except BadRequest:
        possible = False
    else:
        possible = not _SEPARATORS.intersection(name)
    if not possible:
        logs.logger.warning("image left out of a zip: its name cannot be a file's")
    return possible


def _names(row: dict[str, Any], choices: tuple[tuple[str, str], ...]) -> list[str]:
    """Return the names of the files to choose from, the best first."""
    base, data_type = row["base_filename"], row["data_type"]
    return [f"{base}-{data_type}{level}.fits.fz" for column, level in choices if row[column]]
