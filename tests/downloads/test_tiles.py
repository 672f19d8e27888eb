"""Tiles that claim what they do not have: each is refused with a reason, before it does any harm."""

import gzip
import re
import struct
import time
import tracemalloc
from typing import Any

import numpy as np
import pytest
from astropy.io.fits.hdu.compressed._codecs import PLIO1, HCompress1, Rice1

from common.errors import Unprocessable
from common.fits.headers import Header
from downloads import plio
from downloads.tile_tables import Tiling
from support.images import Pixels, converted
from tests.downloads.tables import PRIMARY, card, compressed, settings

IMAGE = np.arange(100, dtype=">i2").reshape(10, 10)
ZIPPED = gzip.compress(IMAGE.tobytes())
ZIPPED_FLOATS = gzip.compress(IMAGE.astype(">f4").tobytes())
RICE_OF_2 = bytes(Rice1(blocksize=32, bytepix=2, tilesize=100).encode(IMAGE))
RICE_OF_4 = bytes(Rice1(blocksize=32, bytepix=4, tilesize=100).encode(IMAGE))
RICE = settings(BLOCKSIZE=32, BYTEPIX=2)
HCOMPRESS = bytes(HCompress1(scale=0, smooth=False, bytepix=8, nx=10, ny=10).encode(IMAGE.astype("i8")))


def line_list(pixels: Pixels) -> bytes:
    words = np.frombuffer(PLIO1(tilesize=pixels.size).encode(pixels.astype("i4")), "i2")
    return words.astype(">i2").tobytes()


def words(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}h", *numbers)


PLIO = line_list(IMAGE)


def pixels_of(content: bytes, dtype: str = ">i2") -> Pixels:
    return np.frombuffer(converted(content)[2880:], dtype, 100).reshape(10, 10)


@pytest.mark.parametrize(
    "content",
    [
        compressed("GZIP_1", [ZIPPED]),
        compressed("GZIP_2", [gzip.compress(IMAGE.tobytes()[::2] + IMAGE.tobytes()[1::2])]),
        compressed("NOCOMPRESS", [IMAGE.tobytes()]),
        compressed("NOCOMPRESS", [IMAGE.tobytes()], element="I"),
        compressed("RICE_1", [RICE_OF_2], **RICE),
        compressed("RICE_ONE", [RICE_OF_2], **RICE),
        # the standard's default BYTEPIX is 4
        compressed("RICE_1", [RICE_OF_4]),
        compressed("HCOMPRESS_1", [HCOMPRESS]),
        compressed("PLIO_1", [PLIO], element="I"),
        compressed("RICE_1", [ZIPPED], column="GZIP_COMPRESSED_DATA"),
        compressed("RICE_1", [IMAGE.tobytes()], column="UNCOMPRESSED_DATA", element="I"),
        compressed("GZIP_1", [gzip.compress(row.tobytes()) for row in IMAGE], tile=[10, 1]),
        compressed("GZIP_1", [ZIPPED], tile=[1000, 1000]),
    ],
)
def test_what_is_right_is_read(content: bytes) -> None:
    np.testing.assert_array_equal(pixels_of(content), IMAGE)


REFUSED: dict[str, tuple[bytes, str]] = {
    # the table
    "fewer rows than tiles": (
        compressed("GZIP_1", [ZIPPED], tile=[10, 1]),
        "the image has 10 tiles, the table 1 rows",
    ),
    "very many tiles": (
        compressed("HCOMPRESS_1", [HCOMPRESS], shape=[8000, 8000], tile=[1, 1], bits=8),
        "the image has 64000000 tiles, the table 1 rows",
    ),
    "an empty tile": (compressed("GZIP_1", [b""]), "tile 1 has no data"),
    "a tile below zero": (compressed("GZIP_1", [ZIPPED], ZTILE1=0), "a ZTILEn is below 1 or too large"),
    "a tile too long": (compressed("GZIP_1", [ZIPPED], ZTILE2=2**31), "a ZTILEn is below 1 or too large"),
    "pixels without bytes": (
        compressed("HCOMPRESS_1", [HCOMPRESS], shape=[10000, 1000]),
        f"{8 + len(HCOMPRESS)} bytes cannot hold 10000000 pixels",
    ),
    "a negative length": (
        compressed("GZIP_1", [ZIPPED], descriptors=[(-1, 0)]),
        "an array of the column COMPRESSED_DATA is longer than the heap",
    ),
    "a length beyond the heap": (
        compressed("GZIP_1", [ZIPPED], descriptors=[(len(ZIPPED) + 1, 0)]),
        "an array of the column COMPRESSED_DATA is longer than the heap",
    ),
    "a length of elements beyond the heap": (
        compressed("NOCOMPRESS", [IMAGE.tobytes()], element="I", descriptors=[(101, 0)]),
        "an array of the column COMPRESSED_DATA is longer than the heap",
    ),
    "a negative place": (
        compressed("GZIP_1", [ZIPPED], descriptors=[(len(ZIPPED), -1)]),
        "an array of the column COMPRESSED_DATA is outside the heap",
    ),
    "a place beyond the heap": (
        compressed("GZIP_1", [ZIPPED], descriptors=[(len(ZIPPED), 1)]),
        "an array of the column COMPRESSED_DATA is outside the heap",
    ),
    "a place far away": (
        compressed("GZIP_1", [ZIPPED], descriptors=[(10, 2**31 - 1)]),
        "an array of the column COMPRESSED_DATA is outside the heap",
    ),
    "one array for many tiles": (
        compressed("GZIP_1", [ZIPPED], tile=[10, 1], descriptors=[(len(ZIPPED), 0)] * 10),
        "the arrays of the column COMPRESSED_DATA overlap",
    ),
    "a heap before the table's end": (compressed("GZIP_1", [ZIPPED], THEAP=0), "THEAP is outside the data"),
    "a heap after the data": (compressed("GZIP_1", [ZIPPED], THEAP=10**6), "THEAP is outside the data"),
    "a heap of no bytes": (
        compressed("GZIP_1", [ZIPPED], PCOUNT=0),
        "an array of the column COMPRESSED_DATA is longer than the heap",
    ),
    "columns wider than a row": (
        compressed("GZIP_1", [ZIPPED], TFORM1="1QB"),
        "the columns are wider than NAXIS1",
    ),
    "columns of nothing": (compressed("GZIP_1", [ZIPPED], TFORM1="1PX"), "holds no arrays of numbers"),
    "an unknown column": (compressed("GZIP_1", [ZIPPED], TFORM1="what"), "TFORM1 is missing or unknown"),
    "a table of words": (
        compressed("GZIP_1", [ZIPPED], BITPIX=16),
        "its table does not have two axes of bytes",
    ),
    # gzip
    "a bomb": (
        compressed("GZIP_1", [gzip.compress(bytes(10**8), 9)]),
        "tile 1 is cut off, or too long for its pixels",
    ),
    "another bomb": (
        compressed("GZIP_2", [gzip.compress(bytes(10**8), 9)]),
        "tile 1 is cut off, or too long for its pixels",
    ),
    "a bomb in GZIP_COMPRESSED_DATA": (
        compressed("RICE_1", [gzip.compress(bytes(10**8), 9)], column="GZIP_COMPRESSED_DATA"),
        "tile 1 is cut off, or too long for its pixels",
    ),
    "gzip cut off": (compressed("GZIP_1", [ZIPPED[:-1]]), "tile 1 is cut off, or too long for its pixels"),
    "other data than gzip": (compressed("GZIP_1", [b"\xff" * 50]), "tile 1 is broken gzip data"),
    "fewer pixels": (
        compressed("GZIP_1", [gzip.compress(IMAGE.tobytes()[:-2])]),
        "tile 1 has 198 bytes for 100 pixels",
    ),
    "fewer pixels shuffled": (
        compressed("GZIP_2", [gzip.compress(IMAGE.tobytes()[:-2])]),
        "tile 1 has 198 bytes for 100 pixels",
    ),
    "fewer pixels uncompressed": (
        compressed("NOCOMPRESS", [IMAGE.tobytes()[:-2]]),
        "tile 1 has 198 bytes for 100 pixels",
    ),
    "fewer pixels in UNCOMPRESSED_DATA": (
        compressed("RICE_1", [IMAGE.tobytes()[:-2]], column="UNCOMPRESSED_DATA"),
        "tile 1 has 198 bytes for 100 pixels",
    ),
    "numbers too large": (
        compressed("NOCOMPRESS", [np.full(100, 300, ">i2").tobytes()], bits=8),
        "a tile has numbers that ZBITPIX has no room for",
    ),
    # RICE_1
    "a BLOCKSIZE that the standard does not have": (
        compressed("RICE_1", [RICE_OF_2], **settings(BLOCKSIZE=2**20, BYTEPIX=2)),
        "BLOCKSIZE is none of (16, 32)",
    ),
    "a block of no pixels": (
        compressed("RICE_1", [RICE_OF_2], **settings(BLOCKSIZE=0, BYTEPIX=2)),
        "BLOCKSIZE is none of (16, 32)",
    ),
    "a BYTEPIX that the standard does not have": (
        compressed("RICE_1", [RICE_OF_2], **settings(BLOCKSIZE=32, BYTEPIX=3)),
        "BYTEPIX is none of (1, 2, 4), or too small for ZBITPIX",
    ),
    "pixels too small": (
        compressed("RICE_1", [RICE_OF_2], bits=32, **RICE),
        "BYTEPIX is none of (1, 2, 4), or too small for ZBITPIX",
    ),
    "pixels too large for RICE_1": (
        compressed("RICE_1", [RICE_OF_4], bits=64),
        "BYTEPIX is none of (1, 2, 4), or too small for ZBITPIX",
    ),
    "RICE_1 cut off": (
        compressed("RICE_1", [RICE_OF_2[:-1]], **RICE),
        "a tile of RICE_1 has more or fewer bytes than its pixels need",
    ),
    "RICE_1 of one byte": (
        compressed("RICE_1", [b"\0"], **RICE),
        "a tile of RICE_1 has more or fewer bytes than its pixels need",
    ),
    # HCOMPRESS_1
    "only a part of a head": (
        compressed("HCOMPRESS_1", [HCOMPRESS[:14]]),
        "a tile of HCOMPRESS_1 ends within its head",
    ),
    "only a head": (
        compressed("HCOMPRESS_1", [HCOMPRESS[:25]]),
        "a tile of HCOMPRESS_1 is broken or cut off",
    ),
    "no planes but a head": (
        compressed("HCOMPRESS_1", [HCOMPRESS[:22] + bytes(3)]),
        "a tile of HCOMPRESS_1 is broken or cut off",
    ),
    "half its planes": (
        compressed("HCOMPRESS_1", [HCOMPRESS[: len(HCOMPRESS) // 2]]),
        "a tile of HCOMPRESS_1 is broken or cut off",
    ),
    "not all signs": (compressed("HCOMPRESS_1", [HCOMPRESS[:-1]]), "a tile of HCOMPRESS_1 is cut off"),
    "other axes": (
        compressed(
            "HCOMPRESS_1", [HCOMPRESS.replace(struct.pack(">ii", 10, 10), struct.pack(">ii", 11, 10))]
        ),
        "a tile of HCOMPRESS_1 does not have the axes that the header says",
    ),
    "axes of as many pixels": (
        compressed("HCOMPRESS_1", [HCOMPRESS.replace(struct.pack(">ii", 10, 10), struct.pack(">ii", 5, 20))]),
        "a tile of HCOMPRESS_1 does not have the axes that the header says",
    ),
    "another mark": (
        compressed("HCOMPRESS_1", [b"\0" + HCOMPRESS[1:]]),
        "a tile of HCOMPRESS_1 does not have the axes that the header says",
    ),
    "very many planes": (
        compressed("HCOMPRESS_1", [HCOMPRESS[:22] + b"\xff\xff\xff" + HCOMPRESS[25:]]),
        "a tile of HCOMPRESS_1 has over 64 bit planes",
    ),
    "pixels too large for HCOMPRESS_1": (
        compressed("HCOMPRESS_1", [HCOMPRESS], bits=64),
        "ZCMPTYPE is unknown, or not for pixels of this ZBITPIX",
    ),
    # PLIO_1
    "a list within its head": (
        compressed("PLIO_1", [PLIO[:8]], element="I"),
        "a line list of PLIO_1 ends within its head",
    ),
    "a list longer than its tile": (
        compressed("PLIO_1", [words(0, 7, -100, 2000, 0, 0, 0, 0x4064)], element="I"),
        "a line list of PLIO_1 is longer than its tile's bytes",
    ),
    "an old list longer than its tile": (
        compressed("PLIO_1", [words(0, 0, 2000, 0x4064)], element="I"),
        "a line list of PLIO_1 is longer than its tile's bytes",
    ),
    "a list of very many words": (
        compressed("PLIO_1", [words(0, 7, -100, 0, 32767, 0, 0, 0x4064)], element="I"),
        "a line list of PLIO_1 is longer than its tile's bytes",
    ),
    "a list that begins before its tile": (
        compressed("PLIO_1", [words(0, -9, -100, 8, 0, 0, 0, 0x4064)], element="I"),
        "a line list of PLIO_1 is longer than its tile's bytes",
    ),
    "a list of more pixels": (
        compressed("PLIO_1", [words(0, 7, -100, 8, 0, 0, 0, 0x4065)], element="I"),
        "a line list of PLIO_1 does not make the 100 pixels of its tile",
    ),
    "a list of fewer pixels": (
        compressed("PLIO_1", [words(0, 7, -100, 8, 0, 0, 0, 0x4063)], element="I"),
        "a line list of PLIO_1 does not make the 100 pixels of its tile",
    ),
    "a list of no instructions": (
        compressed("PLIO_1", [words(0, 7, -100, 7, 0, 0, 0)], element="I"),
        "a line list of PLIO_1 does not make the 100 pixels of its tile",
    ),
    "half an instruction": (
        compressed("PLIO_1", [words(0, 7, -100, 9, 0, 0, 0, 0x4064, 0x1001)], element="I"),
        "a line list of PLIO_1 ends within an instruction",
    ),
    "an unknown instruction": (
        compressed("PLIO_1", [words(0, 7, -100, 9, 0, 0, 0, 0x4064, -1)], element="I"),
        "a line list of PLIO_1 has an unknown instruction",
    ),
    # floats
    "no scale": (
        compressed("RICE_1", [RICE_OF_4], bits=-32),
        "its floating-point pixels have no ZSCALE and ZZERO",
    ),
    "a scale without zero": (
        compressed("RICE_1", [RICE_OF_4], bits=-32, ZSCALE=0.5),
        "it has only one of ZSCALE and ZZERO",
    ),
    "a scale of whole numbers": (
        compressed("RICE_1", [RICE_OF_4], bits=32, ZSCALE=0.5, ZZERO=0),
        "its whole numbers have a ZSCALE or ZZERO",
    ),
    "a dither before the series": (
        compressed("RICE_1", [RICE_OF_4], bits=-32, ZSCALE=0.5, ZZERO=0, ZDITHER0=-5),
        "ZDITHER0 is not from 1 to 10000",
    ),
    "an unknown dither": (
        compressed("RICE_1", [RICE_OF_4], bits=-32, ZSCALE=0.5, ZZERO=0, ZQUANTIZ="SOME"),
        "its ZQUANTIZ is unknown",
    ),
    "an unknown codec": (
        compressed("LZMA_1", [ZIPPED]),
        "ZCMPTYPE is unknown, or not for pixels of this ZBITPIX",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_impossible_files_are_refused_at_once_with_a_reason(name: str) -> None:
    content, reason = REFUSED[name]
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises(Unprocessable, match=f"^The FITS image cannot be decoded: .*{re.escape(reason)}"):
        converted(content)
    spent, (_, most) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert spent < 2
    assert most < 20_000_000


def test_floats_in_each_column() -> None:
    scale: dict[str, Any] = {"bits": -32, "ZSCALE": 0.5, "ZZERO": 3, "ZQUANTIZ": "NO_DITHER"}
    expected = IMAGE * 0.5 + 3
    np.testing.assert_array_equal(pixels_of(compressed("RICE_1", [RICE_OF_4], **scale), ">f4"), expected)
    beside = compressed("RICE_1", [ZIPPED_FLOATS], column="GZIP_COMPRESSED_DATA", **scale)
    np.testing.assert_array_equal(pixels_of(beside, ">f4"), IMAGE)
    plain = compressed("RICE_1", [IMAGE.astype(">f4").tobytes()], column="UNCOMPRESSED_DATA", **scale)
    np.testing.assert_array_equal(pixels_of(plain, ">f4"), IMAGE)
    lossless = compressed("GZIP_1", [ZIPPED_FLOATS], bits=-32, ZQUANTIZ="NONE")
    np.testing.assert_array_equal(pixels_of(lossless, ">f4"), IMAGE)


def test_zblank_is_not_a_number() -> None:
    scale: dict[str, Any] = {"bits": -32, "ZSCALE": 0.5, "ZZERO": 3, "ZBLANK": 7}
    pixels = pixels_of(compressed("RICE_1", [RICE_OF_4], **scale), ">f4")
    np.testing.assert_array_equal(np.isnan(pixels), IMAGE == 7)


def test_line_lists_are_what_astropy_reads() -> None:
    rng = np.random.default_rng(5)
    for number in range(300):
        # Each number is repeated, because too many words make astropy's encoder write past its memory.
        values = rng.integers(0, rng.choice([2, 9, 5000, 2**24]), 80)
        values[rng.random(80) < rng.random()] = rng.choice([0, 1, 4096, 8191])
        pixels = np.repeat(values, 5)
        content = line_list(pixels)
        if number % 2:  # the older form of the head
            inside = np.frombuffer(content, ">i2")[7:]
            content = words(0, 0, inside.size + 3) + inside.tobytes()
        np.testing.assert_array_equal(plio.decoded(np.frombuffer(content, np.uint8), 400), pixels)


def test_tiles_are_made_one_by_one() -> None:
    cards = {"ZNAXIS": 2, "ZNAXIS1": 2**60, "ZNAXIS2": 2**60, "ZTILE1": 1, "ZTILE2": 1}
    tiles = iter(Tiling(Header(card(name, value).decode() for name, value in cards.items())))
    assert [next(tiles).place for _ in range(2)] == [(slice(0, 1), slice(0, 1)), (slice(0, 1), slice(1, 2))]


@pytest.mark.parametrize(
    "content",
    [
        # a stray SIMPLE among the cards of the table
        compressed("GZIP_1", [ZIPPED], SIMPLE=True),
        # tiles in the primary HDU, which is no table
        PRIMARY[:80] + compressed("GZIP_1", [ZIPPED])[len(PRIMARY) + 80 :],
    ],
)
def test_a_card_named_simple_in_an_odd_place_leaves_no_header_of_a_table(content: bytes) -> None:
    plain = converted(content)
    cards = [plain[at : at + 8].decode().strip() for at in range(0, 2880, 80)]
    assert cards[:5] == ["SIMPLE", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2"]
    assert cards.count("SIMPLE") == 1
    assert "ZIMAGE" not in cards
    np.testing.assert_array_equal(pixels_of(content), IMAGE)
