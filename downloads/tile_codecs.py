"""The codecs of tile-compressed images: they turn the bytes of a tile into numbers.

Each returns exactly the pixels of the tile, or raises.
"""

import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from common.fits.headers import Header
from downloads import hcompress, plio, rice
from downloads.tile_tables import BrokenTiles, Tile

Array = npt.NDArray[Any]
Codec = Callable[[Array, Tile], Array]

_FLOATS = {4: ">f4", 8: ">f8"}
_INTEGERS = {1: ">u1", 2: ">i2", 4: ">i4", 8: ">i8"}
_LARGEST_ITEM = 8
# zlib's window of 32 KB, with a gzip header.
_GZIP_WINDOW = 31


def codec(header: Header, dtype: np.dtype[Any], *, raw_floats: bool) -> Codec:
    """Return the decoder of an image's tiles.

    Parameters
    ----------
    header
        The header of the table of tiles.
    dtype
        The type of the pixels, from ZBITPIX.
    raw_floats
        Whether the tiles contain floating-point numbers instead of whole ones.

    Raises
    ------
    BrokenTiles
        If the codec is unknown, or does not exist for these pixels or with these settings.
    """
    name = header.text("ZCMPTYPE")
    settings = _settings(header)
    if name == "GZIP_1":
        return partial(gzipped, floats=raw_floats)
    if name == "GZIP_2":
        return partial(_shuffled, floats=raw_floats)
    if name == "NOCOMPRESS":
        return partial(raw, floats=raw_floats)
    if raw_floats:
        raise BrokenTiles("its floating-point pixels have no ZSCALE and ZZERO")
    bytes_needed = dtype.itemsize if dtype.kind != "f" else 0
    if name in ("RICE_1", "RICE_ONE"):
        return _rice(settings.get("BLOCKSIZE", "32"), settings.get("BYTEPIX", "4"), bytes_needed)
    if name == "PLIO_1":
        return lambda content, tile: plio.decoded(content, tile.pixels)
    if name == "HCOMPRESS_1" and bytes_needed < _LARGEST_ITEM:
        smooth = int(settings.get("SMOOTH", "0") not in ("0", "F", "0.0"))
        return lambda content, tile: hcompress.decoded(content, tile.shape, smooth)
    raise BrokenTiles("ZCMPTYPE is unknown, or not for pixels of this ZBITPIX")


def gzipped(content: Array, tile: Tile, *, floats: bool) -> Array:
    """Return the numbers of a gzip-compressed tile."""
    return raw(_unzipped(content, tile), tile, floats=floats)


def raw(content: Array, tile: Tile, *, floats: bool) -> Array:
    """Return the numbers of an uncompressed tile. The size of a number follows from the bytes."""
    size, rest = divmod(content.size, tile.pixels)
    dtype = (_FLOATS if floats else _INTEGERS).get(size)
    if rest or dtype is None:
        raise BrokenTiles(f"tile {tile.row + 1} has {content.size} bytes for {tile.pixels} pixels")
    return content.view(dtype)


def _shuffled(content: Array, tile: Tile, *, floats: bool) -> Array:
    """Return the numbers of a tile that has the first byte of each number, then the second, and so on."""
    plain = _unzipped(content, tile)
    size = plain.size // tile.pixels
    if size * tile.pixels != plain.size:
        raise BrokenTiles(f"tile {tile.row + 1} has {plain.size} bytes for {tile.pixels} pixels")
    return raw(plain.reshape(size, tile.pixels).T.reshape(-1), tile, floats=floats)


def _unzipped(content: Array, tile: Tile) -> Array:
    """Return the decompressed bytes of a tile, at most as many as the largest pixels need."""
    limit = tile.pixels * _LARGEST_ITEM
    stream = zlib.decompressobj(_GZIP_WINDOW)
    try:
        plain = stream.decompress(content.data, limit + 1)
    except zlib.error as error:
        raise BrokenTiles(f"tile {tile.row + 1} is broken gzip data") from error
    if not stream.eof or len(plain) > limit:
        raise BrokenTiles(f"tile {tile.row + 1} is cut off, or too long for its pixels")
    return np.frombuffer(plain, np.uint8)


def _rice(blocksize: str, bytepix: str, bytes_needed: int) -> Codec:
    if blocksize not in map(str, rice.BLOCKSIZES):
        raise BrokenTiles(f"BLOCKSIZE is none of {rice.BLOCKSIZES}")
    if bytepix not in map(str, rice.BYTEPIX) or int(bytepix) < bytes_needed:
        raise BrokenTiles(f"BYTEPIX is none of {rice.BYTEPIX}, or too small for ZBITPIX")
    return lambda content, tile: rice.decoded(content, tile.pixels, int(blocksize), int(bytepix))


def _settings(header: Header) -> dict[str, str]:
    """Return the settings of the codec, from pairs of ZNAMEn and ZVALn."""
    settings: dict[str, str] = {}
    number = 1
    while f"ZNAME{number}" in header:
        settings.setdefault(header.text(f"ZNAME{number}").upper(), header.text(f"ZVAL{number}"))
        number += 1
    return settings
