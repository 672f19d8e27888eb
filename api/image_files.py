"""The FITS files of a site's images."""

from dataclasses import dataclass
from typing import Any

from api.zip_requests import ZipRequest
from common import logs, postgres
from common.errors import BadRequest
from common.object_names import checked_name

# The caller waits while the zip is packed. A whole night is 2,000 small files or some hundred large ones.
MAX_FILES = 2000

DIRECTORY = "data"
# On some system, a zip entry with one of these characters unpacks into another folder.
_SEPARATORS = frozenset("/\\")

# The column of a file's flag, and the level in its name.
_SMALL, _LARGE = ("fits_10_exists", "10"), ("fits_01_exists", "01")
# The files of an image to use, best first. The zip function uses level 00 if there is no 01.
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
        From a name to the file to use if the first one is not in S3. The table may name files that were
        removed or have not arrived yet.
    """

    names: list[str]
    fallbacks: dict[str, str]


def fits_files(wanted: ZipRequest) -> FitsFiles:
    """Return the files of a request's images.

    A row with an impossible file name is left out, so that it does not break every zip of its range.

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
    """Return whether `name` is possible for a file in `data/` and for a zip entry that is safe to unpack."""
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
    """Return the names of an image's files, the best first."""
    base, data_type = row["base_filename"], row["data_type"]
    return [f"{base}-{data_type}{level}.fits.fz" for column, level in choices if row[column]]
