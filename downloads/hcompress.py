"""Decodes HCOMPRESS_1 tiles with astropy's C code, which must not read beyond the tile.

The C code does not know where a tile ends. A tile starts with its numbers of pixels and bit planes. Then come
the bit planes, a nybble of 0, and from the next byte on one sign bit for each non-zero coefficient.

Why: in a test with 1,500 damaged files, astropy's decoders returned memory of other callers for 8 of them.
Checking the length doubles the CPU time of this codec. Another decoder of HCOMPRESS_1 would be 500 lines of
our own.

Here a tile is padded with alternating bits. Each bit plane begins with a nybble of four equal bits, and such
a nybble also follows the last plane. C code that reads planes past the tile's end finds no such nybble there.
It raises after one plane of one quadrant at the latest. Only sign bits can be read from the padding without
an error. So each tile is decoded twice, padded once with 0101… and once with 1010…. A sign bit that comes
from the padding makes the results differ.

Layout: R. L. White, Software for Image Compression with HCOMPRESS (1992); FITS Standard 4.0, section
10.4.4.
"""

import struct
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from downloads.tile_tables import BrokenTiles

# The start of a tile: its mark, the lengths of its axes, its scale, the sum of its pixels, and the bit planes
# of the quadrants.
_HEAD = struct.Struct(">2siiiq3B")
_MARK = b"\xdd\x99"
# 32 bits of a pixel, and one for each possible halving.
_MAX_PLANES = 64
_PADDINGS = (0x55, 0xAA)
_ALWAYS_ROOM = 256


def decoded(content: npt.NDArray[Any], shape: tuple[int, ...], smooth: int) -> npt.NDArray[np.int32]:
    """Return the pixels of a tile.

    Parameters
    ----------
    content
        The tile's bytes.
    shape
        The tile's shape.
    smooth
        Not 0 to smooth the result of a lossy compression.

    Raises
    ------
    BrokenTiles
        If the tile has other pixels, or its planes and signs go beyond its bytes.
    """
    # The C functions are not public. Tests check the pixels of every codec.
    from astropy.io.fits.hdu.compressed._compression import CfitsioException, decompress_hcompress_1_c

    rows, columns = _checked_axes(content, shape)
    pixels = rows * columns
    # One plane of a quadrant takes at most 6 bits for each code, and has at most one code for two pixels of
    # the tile. The signs take one bit a pixel. Together this is less than a byte a pixel.
    padded = np.empty(content.size + pixels + _ALWAYS_ROOM, np.uint8)
    padded[: content.size] = content
    values, digests = b"", set()
    for padding in _PADDINGS:
        padded[content.size :] = padding
        # The C code takes 12 bytes a pixel, so the earlier result is dropped first.
        values = b""
        try:
            values = decompress_hcompress_1_c(padded[: content.size], rows, columns, 0, smooth, 8)
        except (CfitsioException, ValueError) as error:
            raise BrokenTiles("a tile of HCOMPRESS_1 is broken or cut off") from error
        digests.add(blake2b(values).digest())
    if len(digests) > 1:
        raise BrokenTiles("a tile of HCOMPRESS_1 is cut off")
    return np.frombuffer(values, np.int32, pixels)


def _checked_axes(content: npt.NDArray[Any], shape: tuple[int, ...]) -> tuple[int, int]:
    if content.size < _HEAD.size:
        raise BrokenTiles("a tile of HCOMPRESS_1 ends within its head")
    mark, rows, columns, *_, first, second, third = _HEAD.unpack(content[: _HEAD.size].tobytes())
    axes = [length for length in shape if length > 1]
    if mark != _MARK or [length for length in (rows, columns) if length != 1] != axes:
        raise BrokenTiles("a tile of HCOMPRESS_1 does not have the axes that the header says")
    if max(first, second, third) > _MAX_PLANES:
        raise BrokenTiles(f"a tile of HCOMPRESS_1 has over {_MAX_PLANES} bit planes")
    return rows, columns
