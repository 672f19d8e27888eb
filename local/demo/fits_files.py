"""FITS files as `fpack` makes them: the image in tiles, each compressed by itself."""

from __future__ import annotations

import io
import json
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from local.demo.headers import Card

COMMENTARY: Final = frozenset({"COMMENT", "HISTORY", ""})


def compress(counts: npt.NDArray[np.uint16], cards: list[Card]) -> tuple[bytes, str]:
    """Make a FITS file.

    Parameters
    ----------
    counts
        (rows, columns) uint16 image.
    cards
        What its header says besides the array's size and type.

    Returns
    -------
    file
        Contents of the file.
    header
        The image's header as JSON text, without comments.
    """
    image = fits.CompImageHDU(counts, fits.Header(cards), compression_type="RICE_1")
    file = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(file)
    values: dict[str, Any] = {
        card.keyword: card.value for card in image.header.cards if card.keyword not in COMMENTARY
    }
    return file.getvalue(), json.dumps(values)


def shrunk(counts: npt.NDArray[np.uint16], shrink: int) -> npt.NDArray[np.uint16]:
    """Average squares of `shrink` by `shrink` pixels."""
    rows, columns = counts.shape
    squares = counts.reshape(rows // shrink, shrink, columns // shrink, shrink)
    means = squares.mean(axis=(1, 3), dtype=np.float32)
    rounded: npt.NDArray[np.uint16] = np.rint(means).astype(np.uint16)
    return rounded
