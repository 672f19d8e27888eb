"""Decodes RICE_1 tiles with astropy's C code, which must not read beyond the tile.

After each block of pixels, the C code checks whether it has read past the end of the tile, and raises if so.
By then it may have read one block too many. So a tile is followed here by more 1 bits than a block needs. Of
these bits, a pixel takes at most 4 bytes (32 bits coded directly, or a leading 1 and at most 30 more), and a
block takes at most 128 bytes.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from downloads.tile_tables import BrokenTiles

# Pixels of a block, and bytes of a pixel: FITS Standard 4.0, table 37. C code for 8 bytes does not exist.
BLOCKSIZES = (16, 32)
BYTEPIX = (1, 2, 4)
_ROOM = 256


def decoded(content: npt.NDArray[Any], pixels: int, blocksize: int, bytepix: int) -> npt.NDArray[Any]:
    """Return the pixels of a tile: unsigned of one byte, or signed of 2 or 4.

    Raises
    ------
    BrokenTiles
        If the tile has other bytes than its pixels need.
    """
    # The C functions are not public. Tests check the pixels of every codec.
    from astropy.io.fits.hdu.compressed._compression import CfitsioException, decompress_rice_1_c

    padded = np.full(content.size + _ROOM, 0xFF, np.uint8)
    padded[: content.size] = content
    try:
        values = decompress_rice_1_c(padded[: content.size], blocksize, bytepix, pixels)
    except CfitsioException as error:
        raise BrokenTiles("a tile of RICE_1 has more or fewer bytes than its pixels need") from error
    return np.frombuffer(values, "u1" if bytepix == 1 else f"i{bytepix}")
