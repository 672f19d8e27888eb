"""FITS files that were read wrongly once, and what is to be made of them: tests/data/fits_cases/README.md."""

import io
from pathlib import Path

from downloads.fits_images import data_pieces, find_image
from local.deployment import PROJECT

_FOLDER = PROJECT / "tests/data/fits_cases"
# By how a file's name begins, the one that has its pixels; none is named for a file that is its own.
_PIXELS_OF = {
    "blank-": "no-ztile-right.fits",
    "no-ztile": "no-ztile-right.fits",
    "nul": "no-ztile-right.fits",
    "zscale-keyword": "zscale-keyword-right.fits",
}
HOSTILE = sorted((_FOLDER / "hostile").iterdir())
ODD = sorted(_FOLDER.glob("*.fits*"))


def data_of(content: bytes) -> bytes:
    """Return the data of the image in a FITS file, as they stand there."""
    stream = io.BytesIO(content)
    return b"".join(data_pieces(stream, find_image(stream)))


def right_data(odd: Path) -> bytes:
    """Return the data that the plain FITS file made of one of `ODD` has."""
    same = next((right for start, right in _PIXELS_OF.items() if odd.name.startswith(start)), odd.name)
    return data_of((_FOLDER / same).read_bytes())
