"""Converts untrusted images, each in a sandbox with limits for its size."""

from math import prod

from common.fits.headers import Stream
from common.fits.images import ImageHdu, data_pieces
from common.sandbox import Limits, Sandbox

MIB = 1024**2

# A decoder holds the packed data, the pixels, and copies as wider numbers if one tile is the whole image.
# Measured: 13 bytes a pixel for one tile of HCOMPRESS_1, 5 times the image for quantized floats.
_BYTES_PER_PIXEL = 16
_COPIES = 4
_MEMORY_BYTES = 160 * MIB
# Together with the server's process this fits into the function's memory.
_MOST_MEMORY_BYTES = 2048 * MIB

# A linear TIFF of noise, the slowest case, takes 0.4 microseconds of CPU per pixel on the machine of
# docs/downloads.md. The limit is five times that, for slower machines.
_CPU_S, _CPU_S_PER_PIXEL = 2, 2e-6
# API Gateway gives up after 29 s.
_WALL_S = 24

# The size beyond 8 bytes a pixel: the header, padding, and what bzip2 adds to noise.
_OUTPUT_BYTES = 8 * MIB
_OUTPUT_BYTES_PER_PIXEL = 8.2

# The second module has the C codecs, which are otherwise imported on use.
sandbox = Sandbox(["downloads.conversion_job", "astropy.io.fits.hdu.compressed._compression"])


def converted(hdu: ImageHdu, source: Stream, stretch: str | None) -> bytearray:
    """Return the converted file of an image.

    Parameters
    ----------
    hdu
        The image's HDU.
    source
        At the start of its data.
    stretch
        The stretch of a TIFF; None for a plain FITS file.

    Raises
    ------
    Unprocessable, TooLarge
        If the image cannot be decoded, or not within its limits.
    Unavailable
        If no decoder can be started.
    """
    arguments = {"cards": "".join(hdu.header.cards), "stretch": stretch}
    pieces = data_pieces(source, hdu)
    return sandbox.run("downloads.conversion_job.convert", arguments, pieces, limits(hdu))


def limits(hdu: ImageHdu) -> Limits:
    """Return the limits for a conversion of the image."""
    pixels = prod(hdu.axes)
    held = hdu.header.data_bytes + pixels * (_BYTES_PER_PIXEL + _COPIES * abs(hdu.bits) // 8)
    return Limits(
        memory_bytes=min(_MEMORY_BYTES + held, _MOST_MEMORY_BYTES),
        cpu_s=int(_CPU_S + pixels * _CPU_S_PER_PIXEL),
        wall_s=_WALL_S,
        output_bytes=int(_OUTPUT_BYTES + pixels * _OUTPUT_BYTES_PER_PIXEL + 80 * len(hdu.header.cards)),
    )
