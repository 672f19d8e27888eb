"""The pixels of a FITS image: decoded, and as the numbers that its header makes of them."""

import io
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from common.errors import Unprocessable
from downloads import hcompress
from downloads.fits_headers import Header, keyword, padded
from downloads.fits_images import TABLE, TABLE_NUMBERED, ImageHdu

Pixels = npt.NDArray[Any]

# What a file has, by BITPIX, and the offset by which it stands for unsigned numbers, or for signed ones of 8
# bits: FITS Standard 4.0, tables 8 and 11.
STORED = {8: ">u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
OFFSET = {8: ("i1", -(2.0**7)), 16: ("u2", 2.0**15), 32: ("u4", 2.0**31), 64: ("u8", 2.0**63)}

# PLIO_1 takes no numbers below 0, so cfitsio gives it these as unsigned ones; astropy does not take that
# back.
_UNSIGNED_PLIO = ("PLIO_1", 16, 2**15)

_NULL_CARDS = (("SIMPLE", "T"), ("BITPIX", "8"), ("NAXIS", "0"))
_NULL_PRIMARY = Header(f"{name:8}= {value:>20}{'':50}" for name, value in _NULL_CARDS)


def stored_pixels(hdu: ImageHdu, data: bytearray) -> Pixels:
    """Answer the numbers that a plain FITS file has for the image.

    Parameters
    ----------
    hdu
        The HDU.
    data
        Its data, without padding.

    Returns
    -------
    ndarray
        (NAXISn, ..., NAXIS2, NAXIS1), of the type that BITPIX says, in either byte order.

    Raises
    ------
    Unprocessable
        If the image cannot be decoded.
    """
    if hdu.compressed:
        return _decoded(hdu, data)
    shape = hdu.axes[::-1]
    return np.frombuffer(data, STORED[hdu.bits], prod(shape)).reshape(shape)


class Scale:
    """What makes physical values of stored numbers: BSCALE, BZERO and BLANK of a header."""

    def __init__(self, hdu: ImageHdu) -> None:
        header = hdu.header
        self._scale, self._zero = header.number("BSCALE", 1), header.number("BZERO", 0)
        self._blank = header.integer("BLANK") if hdu.bits > 0 and "BLANK" in header else None
        self._bits = hdu.bits

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the physical values: the stored one, or by the offset the other one of its size.

        Where the header scales the numbers, float32 for those of 16 bits or less, else float64.
        """
        if self._offset_type:
            return np.dtype(self._offset_type)
        if (self._scale, self._zero) == (1, 0):
            return np.dtype(STORED[self._bits]).newbyteorder("=")
        return np.dtype(np.float32 if self._bits in (8, 16, -32) else np.float64)

    def values(self, stored: Pixels) -> Pixels:
        """Answer physical values, of `dtype`. BLANK, where the type has no NaN, stays the number it is."""
        if self._offset_type:
            bits = np.dtype(self._offset_type).itemsize * 8
            unsigned = stored.astype(f"u{bits // 8}") ^ np.array(1 << (bits - 1), f"u{bits // 8}")
            return np.asarray(unsigned.view(self._offset_type))
        if (self._scale, self._zero) == (1, 0):
            return stored.astype(self.dtype, copy=False)
        return self.floats(stored).astype(self.dtype)

    def floats(self, stored: Pixels) -> npt.NDArray[np.float64]:
        """Answer physical values as float64, NaN where they are BLANK."""
        values = stored.astype(np.float64)
        values *= self._scale
        values += self._zero
        if self._blank is not None:
            values[stored == self._blank] = np.nan
        return values

    @property
    def _offset_type(self) -> str | None:
        name, offset = OFFSET.get(self._bits, ("", 0))
        return name if (self._scale, self._zero) == (1, offset) and name else None


def _decoded(hdu: ImageHdu, data: bytearray) -> Pixels:
    """Decompress the tiles, seeing no card of the header but the compression's own: others may be odd."""
    from astropy.io import fits

    header = Header(card for card in hdu.header.cards if _is_tables(card, hdu.bits))
    file = io.BytesIO()
    file.write(_NULL_PRIMARY.to_bytes())
    file.write(header.to_bytes())
    file.write(data)
    file.write(bytes(padded(len(data)) - len(data)))
    file.seek(0)
    try:
        if hdu.header.text("ZCMPTYPE") == hcompress.ALGORITHM:
            hcompress.check_tiles(hdu.header, data)
        with fits.open(file, do_not_scale_image_data=True) as hdus:
            pixels: Pixels = np.asarray(hdus[1].data).reshape(hdu.axes[::-1])
    except MemoryError:
        raise
    except Exception as error:  # broken tiles fail in as many ways as there are codecs
        raise Unprocessable("The FITS image cannot be decoded: its compressed tiles are broken.") from error
    if (hdu.header.text("ZCMPTYPE"), hdu.bits, hdu.header.number("BZERO", 0)) == _UNSIGNED_PLIO:
        pixels ^= np.int16(-(2**15))
    return pixels


def _is_tables(card: str, bits: int) -> bool:
    name = keyword(card)
    return name in TABLE or bool(TABLE_NUMBERED.fullmatch(name)) or (name == "BLANK" and bits > 0)
