"""The pixels of a tile-compressed image, tile by tile: FITS Standard 4.0, section 10.

Before native code sees a tile, the lengths in it are checked against its bytes: by `tile_tables` for the
table, by `tile_codecs` and a module per codec for the tile. So a pixel is never read from an incomplete tile.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from common.fits.headers import Header
from downloads import quantization
from downloads.tile_codecs import Codec, codec, gzipped, raw
from downloads.tile_tables import BrokenTiles, Tile, TileTable, Tiling

Array = npt.NDArray[Any]
Decode = Callable[[Array, Tile], Array]

# A lossy compression may slightly exceed the range of the image's numbers.
_LOSSY = "HCOMPRESS_1"
# PLIO_1 has no negative numbers, so cfitsio stores these 16 bits as unsigned ones.
_UNSIGNED_PLIO = ("PLIO_1", np.dtype(np.int16), 2**15)


def decoded(header: Header, data: bytes | bytearray, dtype: np.dtype[Any]) -> Array:
    """Return the pixels of an image.

    Parameters
    ----------
    header
        The header of the table of tiles.
    data
        The table and its heap, complete.
    dtype
        The type of the pixels, from ZBITPIX.

    Raises
    ------
    BrokenTiles
        If a tile is missing or broken, or the table is.
    Unprocessable
        If a card is missing or broken.
    """
    tiling = Tiling(header)
    reader = _Reader(header, TileTable(header, data, tiling), dtype)
    pixels = np.zeros(tiling.shape, dtype)
    with np.errstate(over="ignore", invalid="ignore"):  # A float64 may exceed the range of float32.
        for tile in tiling:
            pixels[tile.place] = reader.values(tile).reshape(tile.shape)
    return pixels


class _Reader:
    """The columns of an image's tiles and their decoders."""

    def __init__(self, header: Header, table: TileTable, dtype: np.dtype[Any]) -> None:
        self._dtype = dtype
        self._quantized = _Quantized.of(header, table, dtype)
        self._lossy = header.text("ZCMPTYPE") == _LOSSY
        unsigned = (header.text("ZCMPTYPE"), dtype, header.optional_number("BZERO")) == _UNSIGNED_PLIO
        self._offset = 2**15 if unsigned else 0
        self._floats = dtype.kind == "f"
        self._codec: Codec = codec(header, dtype, raw_floats=self._floats and self._quantized is None)
        self._ways = list(self._columns(table))

    def values(self, tile: Tile) -> Array:
        """Return the pixels of a tile, in one axis."""
        for column, decode in self._ways:
            if column.lengths[tile.row]:
                return decode(column[tile.row], tile)
        raise BrokenTiles(f"tile {tile.row + 1} has no data")

    def _columns(self, table: TileTable) -> Iterator[tuple[Any, Decode]]:
        """Yield the columns that may have a tile, with their decoders."""
        if compressed := table.heap_column("COMPRESSED_DATA"):
            yield compressed, self._compressed
        # For tiles that the image's codec cannot compress.
        if zipped := table.heap_column("GZIP_COMPRESSED_DATA"):
            yield zipped, lambda content, tile: self._fitting(gzipped(content, tile, floats=self._floats))
        if plain := table.heap_column("UNCOMPRESSED_DATA"):
            yield plain, lambda content, tile: self._fitting(raw(content, tile, floats=self._floats))

    def _compressed(self, content: Array, tile: Tile) -> Array:
        values = self._codec(content, tile)
        if self._quantized is not None:
            return self._quantized.floats(values, tile.row)
        return self._fitting(values - self._offset if self._offset else values)

    def _fitting(self, values: Array) -> Array:
        """Return values clipped to the range of the image's type."""
        if self._floats or np.can_cast(values.dtype, self._dtype):
            return values
        limits = np.iinfo(self._dtype)
        if self._lossy:
            return np.clip(values, limits.min, limits.max)
        if values.min() < limits.min or values.max() > limits.max:
            raise BrokenTiles("a tile has numbers that ZBITPIX has no room for")
        return values


class _Quantized:
    """The conversion of whole numbers to floating-point pixels: ZSCALE, ZZERO, ZBLANK and ZQUANTIZ."""

    def __init__(self, header: Header, table: TileTable, scales: Array, zeros: Array) -> None:
        self._scales, self._zeros = scales, zeros
        self._method = header.text("ZQUANTIZ") or quantization.UNDITHERED
        self._start = header.integer("ZDITHER0", 1) - 1
        if not 0 <= self._start < quantization.SERIES:
            raise BrokenTiles(f"ZDITHER0 is not from 1 to {quantization.SERIES}")
        self._blanks = table.numbers("ZBLANK")
        # As in cfitsio. A card that is not a whole number is ignored.
        keyword = header.optional_integer("ZBLANK")
        self._blank = header.optional_integer("BLANK") if keyword is None else keyword

    @classmethod
    def of(cls, header: Header, table: TileTable, dtype: np.dtype[Any]) -> "_Quantized | None":
        """Return the conversion from header and table; None if the pixels are stored unchanged.

        Raises
        ------
        BrokenTiles
            If there is only one of ZSCALE and ZZERO, or whole numbers have them.
        """
        scales, zeros = (_for_each_tile(header, table, name) for name in ("ZSCALE", "ZZERO"))
        if dtype.kind == "f" and header.text("ZQUANTIZ") == "NONE":
            return None
        if scales is None and zeros is None:
            return None
        if scales is None or zeros is None:
            raise BrokenTiles("it has only one of ZSCALE and ZZERO")
        if dtype.kind == "f":
            return cls(header, table, scales, zeros)
        if np.isin(scales, (0, 1)).all() and not zeros.any():
            return None
        raise BrokenTiles("its whole numbers have a ZSCALE or ZZERO")

    def floats(self, stored: Array, row: int) -> Array:
        """Return the pixels of the tile in a row of the table."""
        values = quantization.floats(
            stored, float(self._scales[row]), float(self._zeros[row]), self._method, self._start + row
        )
        blank = self._blank if self._blanks is None else self._blanks[row]
        if blank is not None:
            values[stored == blank] = np.nan
        return values


def _for_each_tile(header: Header, table: TileTable, name: str) -> Array | None:
    """Return a number for each tile, from a column or else from the card of the same name."""
    column = table.numbers(name)
    if column is not None or name not in header:
        return column
    value = header.optional_number(name)
    if value is None:
        raise BrokenTiles(f"its {name} is no number")
    return np.broadcast_to(np.float64(value), table.tiles)
