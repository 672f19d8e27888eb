"""The head of a TIFF file with one uncompressed grey image. The pixels follow it in one strip.

Source: Adobe's TIFF Revision 6.0 (1992), sections 2, 3 and 19. These forty lines replace a library, because
only one kind of file is written, and its pixels need not be in memory at once.
"""

import struct
from typing import Any

import numpy as np

_SHORT, _LONG = 3, 4
_UNCOMPRESSED = _BLACK_IS_ZERO = _ONE_SAMPLE = 1
_SAMPLE_FORMATS = {"u": 1, "i": 2, "f": 3}
# After the file header and ten entries, at a multiple of eight, so that readers can map pixels into memory.
_PIXELS_AT = 136


def head(width: int, height: int, dtype: np.dtype[Any]) -> bytes:
    """Return the file up to its pixels, which follow row by row, little-endian.

    Parameters
    ----------
    width, height
        In pixels; the image has less than 4 GB.
    dtype
        Unsigned, signed or floating-point numbers.
    """
    entries = (
        (256, _LONG, width),
        (257, _LONG, height),
        (258, _SHORT, dtype.itemsize * 8),
        (259, _SHORT, _UNCOMPRESSED),
        (262, _SHORT, _BLACK_IS_ZERO),
        (273, _LONG, _PIXELS_AT),
        (277, _SHORT, _ONE_SAMPLE),
        (278, _LONG, height),  # rows in a strip
        (279, _LONG, width * height * dtype.itemsize),
        (339, _SHORT, _SAMPLE_FORMATS[dtype.kind]),
    )
    content = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    content += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return content.ljust(_PIXELS_AT, b"\0")
