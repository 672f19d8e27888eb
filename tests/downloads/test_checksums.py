"""Checksums of FITS files, compared with astropy's."""

import io
import warnings

import numpy as np
import pytest
from astropy.io import fits

from common.fits.headers import Header
from downloads.checksums import encoded, ones_sum, with_valid_sums
from downloads.pixels import Pixels

CARDS = fits.Header({"FILTER": "rp", "EXPTIME": 20.0})


def with_checksums(pixels: Pixels) -> tuple[Header, bytes]:
    """Return header and data of a FITS file with checksums, as astropy writes it."""
    file = io.BytesIO()
    fits.PrimaryHDU(pixels, CARDS).writeto(file, checksum=True)
    content = file.getvalue()
    end = content.index(b"END" + b" " * 77)
    return Header.of_text(content[:end].decode()), content[2880 : 2880 + pixels.nbytes]


@pytest.mark.parametrize("seed", range(20))
def test_sums_of_other_pixels_are_right(seed: int) -> None:
    random = np.random.default_rng(seed)
    header, _ = with_checksums(np.zeros((7, 5), ">i2"))
    pixels = random.integers(-32768, 32767, (7, 5)).astype(">i2")
    made = with_valid_sums(header, pixels.tobytes())
    data = pixels.tobytes().ljust(2880, b"\0")
    with warnings.catch_warnings(), fits.open(io.BytesIO(made.to_bytes() + data), checksum=True) as hdus:
        warnings.simplefilter("error")
        assert hdus[0].verify_datasum() == hdus[0].verify_checksum() == 1


def test_sums_that_are_right_stay() -> None:
    header, data = with_checksums(np.arange(35, dtype=">i2").reshape(7, 5))
    assert with_valid_sums(header, data).cards == header.cards


def test_a_header_without_sums_gets_none() -> None:
    header = Header(["SIMPLE  =                    T".ljust(80)])
    assert with_valid_sums(header, b"abcd").cards == header.cards


def test_a_sum_continues_an_earlier_one_and_fills_the_last_word() -> None:
    assert ones_sum(b"\0\0\0\1\0\0\0\2") == ones_sum(b"\0\0\0\2", ones_sum(b"\0\0\0\1")) == 3
    assert ones_sum(b"\1") == 1 << 24
    assert ones_sum(b"\xff\xff\xff\xff\0\0\0\1") == 1


def test_no_character_of_a_checksum_lies_between_digits_and_letters() -> None:
    for total in range(0, 2**32, 9_999_991):
        assert encoded(total).isalnum()
