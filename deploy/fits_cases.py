"""FITS files that were once read wrongly, with their expected pixels: tests/data/fits_cases/README.md."""

import io
from pathlib import Path

from common.fits.images import data_pieces, find_image
from local.deployment import PROJECT

_FOLDER = PROJECT / "tests/data/fits_cases"
# From the start of a file name to the file with the expected pixels. Other files are themselves the
# reference.
_PIXELS_OF = {
    "blank-": "no-ztile-right.fits",
    "no-ztile": "no-ztile-right.fits",
    "nul": "no-ztile-right.fits",
    "zscale-keyword": "zscale-keyword-right.fits",
}
HOSTILE = sorted((_FOLDER / "hostile").iterdir())
ODD = sorted(_FOLDER.glob("*.fits*"))


def data_of(content: bytes) -> bytes:
    """Return the data bytes of the image in a FITS file."""
    stream = io.BytesIO(content)
    return b"".join(data_pieces(stream, find_image(stream)))


def expected_data(odd: Path) -> bytes:
    """Return the data bytes that the conversion of one of `ODD` to plain FITS must have."""
    same = next((right for start, right in _PIXELS_OF.items() if odd.name.startswith(start)), odd.name)
    return data_of((_FOLDER / same).read_bytes())
