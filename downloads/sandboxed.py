"""Conversions of untrusted images, each in a sandbox under limits that fit its size."""

from math import prod

from common.sandbox import Limits, Sandbox
from downloads.fits_headers import Stream
from downloads.fits_images import ImageHdu, data_pieces

MIB = 1024**2

# A decoder holds the packed data, the pixels, and, where one tile is the whole image, copies of it as wider
# numbers. Measured: 13 bytes a pixel for one tile of HCOMPRESS_1, 5 times the image for quantized floats.
_BYTES_PER_PIXEL = 16
_COPIES = 4
_MEMORY_BYTES = 160 * MIB
# With the server's own process this stays within the function's memory.
_MOST_MEMORY_BYTES = 2048 * MIB

# A linear TIFF of noise, the slowest, takes 0.4 microseconds of computing a pixel on the machine of
# docs/downloads.md. A slower machine gets five times that.
_CPU_S, _CPU_S_PER_PIXEL = 2, 2e-6
# API Gateway gives up after 29 s; nobody waits for what takes longer.
_WALL_S = 24

# What a file may have beyond 8 bytes a pixel: its header, padding, and what bzip2 adds to noise.
_OUTPUT_BYTES = 8 * MIB
_OUTPUT_BYTES_PER_PIXEL = 8.2

# The second holds the codecs in C, which are imported where they are used.
sandbox = Sandbox(["downloads.conversion", "astropy.io.fits.hdu.compressed._compression"])


def converted(hdu: ImageHdu, source: Stream, stretch: str | None) -> bytearray:
    """Return the file that an image is converted to.

    Parameters
    ----------
    hdu
        Where the image is.
    source
        At the beginning of its data.
    stretch
        That of a TIFF; None for a plain FITS file.

    Raises
    ------
    Unprocessable, TooLarge
        If the image cannot be decoded, or not within its limits.
    Unavailable
        If no decoder can be started.
    """
    arguments = {"cards": "".join(hdu.header.cards), "stretch": stretch}
    pieces = data_pieces(source, hdu)
    return sandbox.run("downloads.conversion.convert", arguments, pieces, limits(hdu))


def limits(hdu: ImageHdu) -> Limits:
    """Return what a conversion of the image may use."""
    pixels = prod(hdu.axes)
    held = hdu.header.data_bytes + pixels * (_BYTES_PER_PIXEL + _COPIES * abs(hdu.bits) // 8)
    return Limits(
        memory_bytes=min(_MEMORY_BYTES + held, _MOST_MEMORY_BYTES),
        cpu_s=int(_CPU_S + pixels * _CPU_S_PER_PIXEL),
        wall_s=_WALL_S,
        output_bytes=int(_OUTPUT_BYTES + pixels * _OUTPUT_BYTES_PER_PIXEL + 80 * len(hdu.header.cards)),
    )
