"""The pixels of a FITS image: stored numbers, and the physical values that its header defines."""

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from common.fits.images import ImageHdu
from downloads import tiles

Pixels = npt.NDArray[Any]

# By BITPIX: the stored type, and the offset that makes it unsigned, or signed for 8 bits: FITS Standard 4.0,
# tables 8 and 11.
STORED = {8: ">u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
OFFSET = {8: ("i1", -(2.0**7)), 16: ("u2", 2.0**15), 32: ("u4", 2.0**31), 64: ("u8", 2.0**63)}


def stored_pixels(hdu: ImageHdu, data: bytearray) -> Pixels:
    """Return the numbers that a plain FITS file of the image contains.

    Parameters
    ----------
    hdu
        The HDU.
    data
        Its data, without padding.

    Returns
    -------
    ndarray
        (NAXISn, ..., NAXIS2, NAXIS1), of the type of BITPIX, in either byte order.

    Raises
    ------
    Unprocessable
        If the image cannot be decoded.
    """
    if hdu.compressed:
        return tiles.decoded(hdu.header, data, np.dtype(STORED[hdu.bits]).newbyteorder("="))
    shape = hdu.axes[::-1]
    return np.frombuffer(data, STORED[hdu.bits], prod(shape)).reshape(shape)


class Scale:
    """Converts stored numbers to physical values by a header's BSCALE, BZERO and BLANK.

    A value that is not a number is ignored, as in cfitsio.
    """

    def __init__(self, hdu: ImageHdu) -> None:
        header = hdu.header
        scale, zero = header.optional_number("BSCALE"), header.optional_number("BZERO")
        self._scale, self._zero = 1.0 if scale is None else scale, zero or 0.0
        self._blank = header.optional_integer("BLANK") if hdu.bits > 0 else None
        self._bits = hdu.bits

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the physical values: the stored type.

        If BZERO is the standard offset, it is the other integer type of the same size (signed or unsigned).

        If the header scales the numbers, float32 for integers of up to 16 bits and for float32, else float64.
        """
        if self._offset_type:
            return np.dtype(self._offset_type)
        if (self._scale, self._zero) == (1, 0):
            return np.dtype(STORED[self._bits]).newbyteorder("=")
        return np.dtype(np.float32 if self._bits in (8, 16, -32) else np.float64)

    def values(self, stored: Pixels) -> Pixels:
        """Return physical values of type `dtype`. Without NaN in the type, BLANK stays a number."""
        if self._offset_type:
            bits = np.dtype(self._offset_type).itemsize * 8
            unsigned = stored.astype(f"u{bits // 8}") ^ np.array(1 << (bits - 1), f"u{bits // 8}")
            return np.asarray(unsigned.view(self._offset_type))
        if (self._scale, self._zero) == (1, 0):
            return stored.astype(self.dtype, copy=False)
        with np.errstate(over="ignore"):
            return self.floats(stored).astype(self.dtype)

    def floats(self, stored: Pixels) -> npt.NDArray[np.float64]:
        """Return physical values as float64, with NaN for BLANK."""
        values = stored.astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            values *= self._scale
            values += self._zero
        if self._blank is not None:
            values[stored == self._blank] = np.nan
        return values

    @property
    def _offset_type(self) -> str | None:
        name, offset = OFFSET.get(self._bits, ("", 0))
        return name if (self._scale, self._zero) == (1, offset) and name else None
