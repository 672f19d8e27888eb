"""Restores floating-point pixels from whole numbers, with a scale and a zero for each tile.

FITS Standard 4.0, section 10.2 and appendix I.
"""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from common.errors import Unprocessable

UNDITHERED, DITHERED, ZEROS_KEPT = "NO_DITHER", "SUBTRACTIVE_DITHER_1", "SUBTRACTIVE_DITHER_2"
METHODS = (UNDITHERED, DITHERED, ZEROS_KEPT)
# The length of the standard's series of random numbers, and of the part in which a tile may start.
SERIES = 10_000
_BEGINNINGS = 500
# The stored value of a pixel that was exactly 0, with SUBTRACTIVE_DITHER_2.
_ZERO_VALUE = -(2**31) + 2


def floats(
    stored: npt.NDArray[Any], scale: float, zero: float, method: str, start: int
) -> npt.NDArray[np.float64]:
    """Return the pixels of a tile.

    Parameters
    ----------
    stored
        Whole numbers, in one axis.
    scale, zero
        The tile's.
    method
        One of `METHODS`.
    start
        The row of the table, from 0, plus the header's ZDITHER0, from 1, minus 1.

    Raises
    ------
    Unprocessable
        If `method` is none of them.
    """
    if method not in METHODS:
        raise Unprocessable("The FITS image cannot be decoded: its ZQUANTIZ is unknown.")
    values = stored.astype(np.float64)
    if method != UNDITHERED:
        values -= _randoms(start, stored.size)
        values += 0.5
    with np.errstate(all="ignore"):
        values *= scale
        values += zero
    if method == ZEROS_KEPT:
        values[stored == _ZERO_VALUE] = 0
    return values


def _randoms(start: int, pixels: int) -> npt.NDArray[np.float32]:
    """Return a random number for each pixel of a tile, from the standard's series."""
    series = _series()
    parts, missing = [], pixels
    while missing > 0:
        part = series[int(series[start % SERIES] * np.float32(_BEGINNINGS)) :][:missing]
        parts.append(part)
        missing -= part.size
        start += 1
    return np.concatenate(parts) if parts else series[:0]


@cache
def _series() -> npt.NDArray[np.float32]:
    """Return the random numbers of appendix I, from 0 to 1."""
    seeds = [1]
    for _ in range(SERIES):
        seeds.append(seeds[-1] * 16807 % (2**31 - 1))
    return (np.array(seeds[1:], np.float64) / (2**31 - 1)).astype(np.float32)
