"""The files of an exposure, as a site's computer makes them for its upload."""

import io
from typing import Any, NamedTuple

from astropy.io import fits

from local.demo.camera import Counts, expose, jpg, shrunk
from local.demo.headers import Card, header_cards
from local.demo.observation import observe
from local.demo.schedule import DATA_TYPE, Exposure

SHRINK = 2  # pixels of the large FITS in one of the small FITS, along each axis


class ExposureFiles(NamedTuple):
    """The header of the large FITS, without comments, and the contents of the files by name."""

    header: dict[str, Any]
    contents: dict[str, bytes]


def make_files(exposure: Exposure) -> ExposureFiles:
    """Return the files of an exposure in the order of sending: header text, JPG, both FITS files."""
    observation = observe(exposure)
    counts = expose(observation)
    large, header = _fits(counts, header_cards(observation))
    small, _ = _fits(shrunk(counts, SHRINK), header_cards(observation, SHRINK))
    contents = {
        "00.txt": header.tostring(padding=False).encode("ascii"),
        "10.jpg": jpg(counts),
        "00.fits.fz": large,
        "10.fits.fz": small,
    }
    prefix = f"{exposure.base_filename}-{DATA_TYPE}"
    return ExposureFiles(
        {card.keyword: card.value for card in header.cards},
        {f"{prefix}{ending}": content for ending, content in contents.items()},
    )


def _fits(counts: Counts, cards: list[Card]) -> tuple[bytes, fits.Header]:
    """Return a file as `fpack` makes it, in compressed tiles, and the image's header."""
    image = fits.CompImageHDU(counts, fits.Header(cards), compression_type="RICE_1")
    file = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(file)
    return file.getvalue(), image.header
