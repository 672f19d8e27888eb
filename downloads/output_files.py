"""Makes a plain FITS file, or a TIFF compressed by bzip2, of an image's data."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from common.errors import Unprocessable
from common.fits.headers import padded
from common.fits.images import ImageHdu
from downloads import bzip2, tiffs
from downloads.checksums import with_valid_sums
from downloads.pixels import Pixels, Scale, stored_pixels
from downloads.stretches import Arcsinh, Linear

# Pixels that one thread stretches and compresses at a time: some megabytes.
_PIECE_PIXELS = 4 * bzip2.BLOCK_BYTES // 2


def plain_fits(hdu: ImageHdu, data: bytearray) -> Iterator[bytes | memoryview]:
    """Return the pieces of a FITS file with the image in its primary HDU.

    Parameters
    ----------
    hdu
        Where the image is.
    data
        Its data, without padding.

    Raises
    ------
    Unprocessable
        If the image cannot be decoded.
    """
    pixels = stored_pixels(hdu, data)
    if pixels.dtype.byteorder != ">":
        pixels.byteswap(inplace=True)
    image = pixels.reshape(-1).view(np.uint8).data
    header = with_valid_sums(hdu.plain_header(), image)
    yield from (header.to_bytes(), image, bytes(padded(len(image)) - len(image)))


def tiff(hdu: ImageHdu, data: bytearray, stretch: str) -> Iterator[bytes]:
    """Return the pieces of a bzip2-compressed TIFF of the image. Its first row is that of the FITS image.

    Parameters
    ----------
    hdu
        Where the image is.
    data
        Its data, without padding.
    stretch
        "arcsinh" or "linear".

    Raises
    ------
    Unprocessable
        If the image cannot be decoded, or does not have two axes.
    """
    return bzip2.compressed(tiff_pieces(flat(stored_pixels(hdu, data)), Scale(hdu), stretch))


def flat(pixels: Pixels) -> Pixels:
    """Return the image without additional axes of length 1.

    Raises
    ------
    Unprocessable
        If it has others.
    """
    rows = pixels.shape[-2:]
    if len(rows) < len(("rows", "columns")) or pixels.size != rows[0] * rows[1]:
        axes = " x ".join(map(str, reversed(pixels.shape)))
        raise Unprocessable(f"The FITS image is {axes}; a TIFF is made of two axes.")
    return pixels.reshape(rows)


def tiff_pieces(pixels: Pixels, scale: Scale, stretch: str) -> Iterator[Callable[[], bytes]]:
    """Return functions for the pieces of a TIFF file, in order. Each makes its piece when called.

    Parameters
    ----------
    pixels
        (rows, columns), as stored.
    scale
        Converts them to physical values.
    stretch
        "arcsinh" or "linear".
    """
    height, width = pixels.shape
    # Whole rows, unless a single row is longer than a piece.
    step = _PIECE_PIXELS // width * width or _PIECE_PIXELS
    line = pixels.reshape(-1)
    parts = [line[start : start + step] for start in range(0, line.size, step)]
    stretched = Arcsinh.of(scale, parts) if stretch == "arcsinh" else Linear(scale)
    yield partial(tiffs.head, width, height, stretched.dtype)
    for part in parts:
        yield partial(_part_bytes, stretched, part)


def _part_bytes(stretched: Arcsinh | Linear, part: Pixels) -> bytes:
    return stretched(part).astype(stretched.dtype.newbyteorder("<"), copy=False).tobytes()
