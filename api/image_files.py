"""The FITS files of a site's images."""

from dataclasses import dataclass

from api.zip_requests import ZipRequest
from common import logs
from common.errors import BadRequest
from common.object_names import checked_name
from db import queries
from db.queries import FitsFlags

# The caller waits while the zip is packed. A whole night is 2,000 small files or some hundred large ones.
MAX_FILES = 2000

DIRECTORY = "data"
# On some systems, a zip entry with one of these characters unpacks into another folder.
_SEPARATORS = frozenset("/\\")

# The level in a file's name.
_SMALL, _LARGE = "10", "01"
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
        For some names, the name of the file to use if that file is not in S3. The table may name files that
        were removed or have not arrived yet.
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
    rows = queries.with_fits_files(
        wanted.site,
        (wanted.start, wanted.end),
        small=_SMALL in choices,
        large=_LARGE in choices,
        count=MAX_FILES + 1,
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
        logs.logger.warning("image left out of a zip: its name is not a possible file name")
    return possible


def _names(row: FitsFlags, choices: tuple[str, ...]) -> list[str]:
    """Return the names of an image's files, the best first."""
    base, data_type = row["base_filename"], row["data_type"]
    exists = {_SMALL: row["fits_10_exists"], _LARGE: row["fits_01_exists"]}
    return [f"{base}-{data_type}{level}.fits.fz" for level in choices if exists[level]]
