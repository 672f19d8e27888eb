"""Reads the table of a tile-compressed image: the place of each tile's bytes.

Every length in the header and the table is checked against the size of the data before any tile is read.
Layout: FITS Standard 4.0 (2018), sections 7.3 and 10.1.

Why: `astropy.io.fits` reads the same tables, but gives its decoders whatever place and length a file claims,
and holds the image twice. This reader needs half of the memory and rejects the file before it decodes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from common.errors import Unprocessable
from common.fits.headers import Header

Array = npt.NDArray[Any]

# The decoders count bytes in 32-bit numbers and use up to 8 bytes a pixel.
MAX_TILE_PIXELS = 2**28 - 1
MAX_TILE_AXIS = 2**31 - 1
# An image with more than `FREE_PIXELS` pixels must have at least one byte of table and heap for each
# `PIXELS_PER_BYTE` pixels. No codec compresses tiles of usual sizes better, so a file with fewer bytes is
# hostile.
FREE_PIXELS = 8 * 1024**2
PIXELS_PER_BYTE = 4096

# Required cards of every binary table.
_TABLE_BITPIX, _TABLE_NAXIS = 8, 2
_TFORM = re.compile(r"([0-9]*)([LXBIJKAEDCMPQ])([BIJKED]?)", re.ASCII)
_ITEM_BYTES = {
    "L": 1,
    "B": 1,
    "I": 2,
    "J": 4,
    "K": 8,
    "A": 1,
    "E": 4,
    "D": 8,
    "C": 8,
    "M": 16,
    "P": 8,
    "Q": 16,
}
_DTYPES = {"B": ">u1", "I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8"}


class BrokenTiles(Unprocessable):
    """The tiles of an image do not agree with the header."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The FITS image cannot be decoded: {reason}.")


@dataclass(frozen=True)
class Tile:
    """A part of the image.

    Attributes
    ----------
    row
        The row of the table, from 0.
    place
        The slices of the image that the tile fills. The last FITS axis comes first.
    shape
        The lengths of these slices.
    """

    row: int
    place: tuple[slice, ...]
    shape: tuple[int, ...]

    @property
    def pixels(self) -> int:
        """The number of pixels of the tile."""
        return prod(self.shape)


class Tiling:
    """The division of an image into tiles.

    Parameters
    ----------
    header
        The header of the table. Without ZTILEn, a tile is one row of the image.

    Raises
    ------
    BrokenTiles
        If a ZTILEn is not possible.
    """

    def __init__(self, header: Header) -> None:
        axes = header.axes("Z")
        steps = [header.integer(f"ZTILE{n}", axis if n == 1 else 1) for n, axis in enumerate(axes, 1)]
        if any(not 1 <= step <= MAX_TILE_AXIS for step in steps):
            raise BrokenTiles("a ZTILEn is below 1 or too large")
        self.shape = axes[::-1]
        self._steps = [min(step, axis) for step, axis in zip(steps, axes, strict=True)][::-1]
        if prod(self._steps) > MAX_TILE_PIXELS:
            raise BrokenTiles(f"a tile has {prod(self._steps)} pixels; at most {MAX_TILE_PIXELS} are allowed")

    @property
    def count(self) -> int:
        """The number of tiles of the image."""
        return prod(-(-axis // step) for axis, step in zip(self.shape, self._steps, strict=True))

    def __iter__(self) -> Iterator[Tile]:
        """Yield the tiles in the table's order, with NAXIS1 fastest. Tiles at the edges are smaller."""
        starts = [range(0, axis, step) for axis, step in zip(self.shape, self._steps, strict=True)]
        for row, corner in enumerate(_corners(starts)):
            ends = [
                min(at + step, axis) for at, step, axis in zip(corner, self._steps, self.shape, strict=True)
            ]
            place = tuple(slice(*bounds) for bounds in zip(corner, ends, strict=True))
            yield Tile(row, place, tuple(part.stop - part.start for part in place))


def _corners(starts: Sequence[range]) -> Iterator[tuple[int, ...]]:
    """Yield the same as `itertools.product`, without first making a tuple of each range."""
    if not starts:
        yield ()
        return
    for first in starts[0]:
        for others in _corners(starts[1:]):
            yield (first, *others)


@dataclass(frozen=True)
class HeapColumn:
    """A column whose values are arrays in the heap.

    Attributes
    ----------
    dtype
        Of the arrays' elements.
    starts, lengths
        Of the array of each tile, in bytes; from the beginning of the data. Of length 0 where there is none.
    data
        The table and its heap.
    """

    dtype: np.dtype[Any]
    starts: Array
    lengths: Array
    data: Array

    def __getitem__(self, row: int) -> Array:
        """Return the bytes of one array, as unsigned 8-bit numbers."""
        start = int(self.starts[row])
        return self.data[start : start + int(self.lengths[row])]


class TileTable:
    """The columns of a table of tiles. `tiles` is the number of its rows that hold a tile.

    Parameters
    ----------
    header
        Of the table.
    data
        The table and its heap, complete.
    tiling
        Of the image.

    Raises
    ------
    BrokenTiles
        If the table has fewer rows than the image has tiles, or its data contradict the header.
    """

    def __init__(self, header: Header, data: bytes | bytearray, tiling: Tiling) -> None:
        self._data = np.frombuffer(data, np.uint8)
        self._width, self._rows = _table_axes(header)
        self._heap_start = header.integer("THEAP", self._width * self._rows)
        if not self._width * self._rows <= self._heap_start <= len(data):
            raise BrokenTiles("THEAP is outside the data")
        self.tiles = tiling.count
        if self.tiles > self._rows:
            raise BrokenTiles(f"the image has {self.tiles} tiles, the table {self._rows} rows")
        pixels = prod(tiling.shape)
        if pixels > max(FREE_PIXELS, len(data) * PIXELS_PER_BYTE):
            raise BrokenTiles(f"{len(data)} bytes cannot hold {pixels} pixels")
        self._fields = dict(self._layout(header))

    def heap_column(self, name: str) -> HeapColumn | None:
        """Return a column of arrays; None if the table has no column of this name.

        Raises
        ------
        BrokenTiles
            If one of the arrays is outside the heap, or all together are longer than the heap.
        """
        if name not in self._fields:
            return None
        kind, element, offset = self._fields[name]
        if kind not in "PQ" or element not in _DTYPES:
            raise BrokenTiles(f"the column {name} holds no arrays of numbers")
        dtype = np.dtype(_DTYPES[element])
        descriptors = self._values(offset, np.dtype((">i4" if kind == "P" else ">i8", 2)))
        lengths, starts = descriptors[:, 0].astype(np.int64), descriptors[:, 1].astype(np.int64)
        room = len(self._data) - self._heap_start
        # No products of numbers from the file, so that nothing overflows.
        if (lengths < 0).any() or (lengths > room // dtype.itemsize).any():
            raise BrokenTiles(f"an array of the column {name} is longer than the heap")
        lengths *= dtype.itemsize
        # The offset of an empty array has no meaning.
        starts[lengths == 0] = 0
        if (starts < 0).any() or (starts > room - lengths).any():
            raise BrokenTiles(f"an array of the column {name} is outside the heap")
        if int(lengths.sum()) > room:
            raise BrokenTiles(f"the arrays of the column {name} overlap")
        return HeapColumn(dtype, starts + self._heap_start, lengths, self._data)

    def numbers(self, name: str) -> Array | None:
        """Return a column with one number per row; None if the table has no column of this name.

        Raises
        ------
        BrokenTiles
            If the column holds something else.
        """
        if name not in self._fields:
            return None
        kind, _, offset = self._fields[name]
        if kind not in _DTYPES:
            raise BrokenTiles(f"the column {name} holds no numbers")
        values = self._values(offset, np.dtype(_DTYPES[kind]))
        return values.astype(values.dtype.newbyteorder("="))

    def _values(self, offset: int, dtype: np.dtype[Any]) -> Array:
        table = self._data[: self.tiles * self._width].reshape(self.tiles, self._width)
        cells = np.ascontiguousarray(table[:, offset : offset + dtype.itemsize])
        return cells.reshape(-1).view(dtype.base).reshape(self.tiles, *dtype.shape)

    def _layout(self, header: Header) -> Iterator[tuple[str, tuple[str, str, int]]]:
        """Yield name, kind, kind of the arrays' elements, and place in the row of each column."""
        offset = 0
        for number in range(1, header.integer("TFIELDS") + 1):
            match = _TFORM.match(header.text(f"TFORM{number}"))
            if match is None:
                raise BrokenTiles(f"TFORM{number} is missing or unknown")
            repeat = int(match[1] or 1)
            size = -(-repeat // 8) if match[2] == "X" else repeat * _ITEM_BYTES[match[2]]
            if repeat == 1:
                yield header.text(f"TTYPE{number}").upper(), (match[2], match[3], offset)
            offset += size
            if offset > self._width:
                raise BrokenTiles("the columns are wider than NAXIS1")


def _table_axes(header: Header) -> tuple[int, int]:
    if header.integer("BITPIX") != _TABLE_BITPIX or header.integer("NAXIS") != _TABLE_NAXIS:
        raise BrokenTiles("its table does not have two axes of bytes")
    width, rows = header.axes()
    return width, rows
