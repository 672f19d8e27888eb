"""The table in which a tile-compressed image is kept: where the bytes of each tile are.

Everything that the header and the table claim is held against the size of the data here, before any byte of a
tile is looked at. Layout: FITS Standard 4.0 (2018), sections 7.3 and 10.1.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from common.errors import Unprocessable
from downloads.fits_headers import Header

Array = npt.NDArray[Any]

# The decoders count bytes by 32-bit numbers, and take up to 8 a pixel.
MAX_TILE_PIXELS = 2**28 - 1
MAX_TILE_AXIS = 2**31 - 1
# An image over so many pixels has at least one byte of table and heap for so many of them. The best that a
# codec can do for tiles of usual sizes is below that, so only a file that lies has fewer.
FREE_PIXELS = 8 * 1024**2
PIXELS_PER_BYTE = 4096

# What every binary table has.
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
    """The tiles of an image are not what the header says of them."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The FITS image cannot be decoded: {reason}.")


@dataclass(frozen=True)
class Tile:
    """A part of the image.

    Attributes
    ----------
    row
        Of the table, from 0.
    place
        The slices of the image that the tile fills, the last axis of the standard first.
    shape
        The lengths of these slices.
    """

    row: int
    place: tuple[slice, ...]
    shape: tuple[int, ...]

    @property
    def pixels(self) -> int:
        """How many pixels the tile has."""
        return prod(self.shape)


class Tiling:
    """How an image is cut into tiles.

    Parameters
    ----------
    header
        Of the table. Where it has no ZTILEn, a tile is one row of the image.

    Raises
    ------
    BrokenTiles
        If a ZTILEn cannot be.
    """

    def __init__(self, header: Header) -> None:
        axes = header.axes("Z")
        steps = [header.integer(f"ZTILE{n}", axis if n == 1 else 1) for n, axis in enumerate(axes, 1)]
        if any(not 1 <= step <= MAX_TILE_AXIS for step in steps):
            raise BrokenTiles("a ZTILEn is below 1 or too large")
        self.shape = axes[::-1]
        self._steps = [min(step, axis) for step, axis in zip(steps, axes, strict=True)][::-1]
        if prod(self._steps) > MAX_TILE_PIXELS:
            raise BrokenTiles(f"a tile has {prod(self._steps)} pixels, of {MAX_TILE_PIXELS} at most")

    @property
    def count(self) -> int:
        """How many tiles the image has."""
        return prod(-(-axis // step) for axis, step in zip(self.shape, self._steps, strict=True))

    def __iter__(self) -> Iterator[Tile]:
        """Yield the tiles in the table's order, NAXIS1 running fastest. Those at the edges are smaller."""
        starts = [range(0, axis, step) for axis, step in zip(self.shape, self._steps, strict=True)]
        for row, corner in enumerate(_corners(starts)):
            ends = [
                min(at + step, axis) for at, step, axis in zip(corner, self._steps, self.shape, strict=True)
            ]
            place = tuple(slice(*bounds) for bounds in zip(corner, ends, strict=True))
            yield Tile(row, place, tuple(part.stop - part.start for part in place))


def _corners(starts: Sequence[range]) -> Iterator[tuple[int, ...]]:
    """Yield what `itertools.product` does, which would first make a tuple of each range."""
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
    """The columns of a table of tiles. `tiles` is the number of its rows that hold one.

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
        If the table has fewer rows than the image has tiles, or cannot be as the header says.
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
        """Return a column of arrays; None where the table has no column of this name.

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
        # Without products of what the file says, so that nothing overflows.
        if (lengths < 0).any() or (lengths > room // dtype.itemsize).any():
            raise BrokenTiles(f"an array of the column {name} is longer than the heap")
        lengths *= dtype.itemsize
        # The offset of an array of no elements means nothing.
        starts[lengths == 0] = 0
        if (starts < 0).any() or (starts > room - lengths).any():
            raise BrokenTiles(f"an array of the column {name} is outside the heap")
        if int(lengths.sum()) > room:
            raise BrokenTiles(f"the arrays of the column {name} overlap")
        return HeapColumn(dtype, starts + self._heap_start, lengths, self._data)

    def numbers(self, name: str) -> Array | None:
        """Return a column of one number a row; None where the table has no column of this name.

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
        raise BrokenTiles("its table has not two axes of bytes")
    width, rows = header.axes()
    return width, rows
