"""Tiles of HCOMPRESS_1, looked at before they are decoded.

Each says itself how many pixels it has, and astropy's decoder, which has room for as many as the header says,
believes it: a broken or made-up tile would write past that room. Layout: FITS Standard 4.0, sections 7.3.5,
10.1 and 10.4.4.
"""

import re
import struct
from collections.abc import Iterator
from itertools import product
from math import prod

from common.errors import Unprocessable
from downloads.fits_headers import Header

ALGORITHM = "HCOMPRESS_1"
# What a tile begins with: its mark, and the lengths of its axes.
_TILE_HEAD = struct.Struct(">2sii")
_MARK = b"\xdd\x99"
_TFORM = re.compile(r"1?([PQDEJKIB])")
_WIDTHS = {"P": 8, "Q": 16, "D": 8, "E": 4, "J": 4, "K": 8, "I": 2, "B": 1}
_DESCRIPTORS = {"P": struct.Struct(">ii"), "Q": struct.Struct(">qq")}


def check_tiles(header: Header, data: bytes | bytearray) -> None:
    """Check that each tile has as many pixels as the header gives it.

    Parameters
    ----------
    header
        Of the table that holds the tiles.
    data
        The table and its heap.

    Raises
    ------
    Unprocessable
        If one has not.
    """
    heap = header.integer("THEAP", header.integer("NAXIS1") * header.integer("NAXIS2"))
    sizes = _tile_sizes(header)
    for size, (length, start) in zip(sizes, _descriptors(header, data), strict=True):
        # an empty one is kept in another way
        if length and not _has_pixels(data, heap + start, size):
            raise Unprocessable("The FITS image cannot be decoded: its compressed tiles are broken.")


def _has_pixels(data: bytes | bytearray, start: int, size: int) -> bool:
    if not 0 <= start <= len(data) - _TILE_HEAD.size:
        return False
    mark, rows, columns = _TILE_HEAD.unpack_from(data, start)
    return bool(mark == _MARK and rows > 0 and columns > 0 and rows * columns == size)


def _tile_sizes(header: Header) -> list[int]:
    """Answer the pixels of each tile, the first axis running fastest; those at the edges have fewer."""
    lengths = [
        [min(step, axis - start) for start in range(0, axis, step)]
        for number, axis in enumerate(header.axes("Z"), 1)
        if (step := max(1, header.integer(f"ZTILE{number}", axis if number == 1 else 1)))
    ]
    return [prod(tile) for tile in product(*reversed(lengths))]


def _descriptors(header: Header, data: bytes | bytearray) -> Iterator[tuple[int, int]]:
    """Answer length and place in the heap of each tile."""
    offset = 0
    for number in range(1, header.integer("TFIELDS") + 1):
        match = _TFORM.match(header.text(f"TFORM{number}"))
        if match is None:
            break
        if header.text(f"TTYPE{number}") == "COMPRESSED_DATA" and match[1] in _DESCRIPTORS:
            rows, width = header.integer("NAXIS2"), header.integer("NAXIS1")
            for row in range(rows):
                yield _DESCRIPTORS[match[1]].unpack_from(data, row * width + offset)
            return
        offset += _WIDTHS[match[1]]
