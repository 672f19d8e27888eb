"""The plain FITS against cfitsio's own programs: what `fpack` packs, we unpack as `funpack` does.

Needs Debian's libcfitsio-bin, and fitsverify for the last test.
"""

import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from common.fits.headers import read_header
from support.images import Pixels, converted, header, image_in, packed, plain, sky

FPACK, FUNPACK, FITSVERIFY = (shutil.which(name) or "" for name in ("fpack", "funpack", "fitsverify"))
needs_cfitsio = pytest.mark.skipif(
    not (FPACK and FUNPACK), reason="needs fpack and funpack (Debian: libcfitsio-bin)"
)
needs_fitsverify = pytest.mark.skipif(not FITSVERIFY, reason="needs fitsverify (Debian: fitsverify)")

COUNTS = sky()
WITH_NAN = COUNTS.astype(np.float32)
WITH_NAN[5:8] = np.nan
WITH_NAN[20, :50] = 0
IMAGES: dict[str, Pixels] = {
    "uint8": (COUNTS / 200).astype(np.uint8),
    "int16": (COUNTS - 3000).astype(np.int16),
    "uint16": COUNTS.astype(np.uint16),
    "int32": (COUNTS * 1000 - 5e6).astype(np.int32),
    "uint32": (COUNTS * 100_000).astype(np.uint32),
    "float32": COUNTS.astype(np.float32),
    "float64": COUNTS,
    "NaN": WITH_NAN,
}
# Options of fpack: the algorithm. For floats also how to quantize: with dither 1 (the default), with dither 2
# (-qz), without dither (-q0), or not at all (-q 0). -s is the scale of HCOMPRESS; -w makes one tile.
PACKINGS = ("-r", "-h", "-g1", "-g2", "-p", "-g1 -q 0", "-g2 -q 0", "-r -qz 4", "-r -q0 4", "-h -s 2", "-w")
# fpack refuses: PLIO is for whole numbers up to 2^24 alone.
REFUSED = {("-p", kind) for kind in ("int16", "int32", "uint32", "float32", "float64", "NaN")}
# Cards that hold the time of writing, and those that an image in an extension has instead of SIMPLE.
NOT_COMPARED = ("CHECKSUM", "DATASUM", "SIMPLE", "XTENSION", "PCOUNT", "GCOUNT")


def fpacked(content: bytes, options: str, folder: Path) -> bytes:
    (folder / "in.fits").write_bytes(content)
    run = [FPACK, *options.split(), "-O", str(folder / "packed.fz"), str(folder / "in.fits")]
    subprocess.run(run, check=True, capture_output=True)
    return (folder / "packed.fz").read_bytes()


def funpacked(content: bytes, folder: Path) -> bytes:
    (folder / "packed.fz").write_bytes(content)
    run = [FUNPACK, "-O", str(folder / "out.fits"), str(folder / "packed.fz")]
    subprocess.run(run, check=True, capture_output=True)
    return (folder / "out.fits").read_bytes()


def cards_and_pixels(content: bytes) -> tuple[list[str], Pixels]:
    """The cards of the image, letter for letter, and its stored numbers."""
    hdu, data = image_in(content)
    cards = [card for card in hdu.header.cards if not card.startswith(NOT_COMPARED)]
    kind = {8: "u1", 16: ">i2", 32: ">i4", -32: ">f4", -64: ">f8"}[hdu.bits]
    return cards, np.frombuffer(data, kind)


def assert_like_funpack(content: bytes, folder: Path) -> None:
    cards, pixels = cards_and_pixels(converted(content))
    their_cards, their_pixels = cards_and_pixels(funpacked(content, folder))
    assert cards == their_cards
    np.testing.assert_array_equal(pixels, their_pixels)


@needs_cfitsio
@pytest.mark.parametrize("kind", IMAGES)
def test_what_fpack_packs_unpacks_as_funpack_does(kind: str, tmp_path: Path) -> None:
    for number, options in enumerate(PACKINGS):
        if (options, kind) in REFUSED:
            continue
        folder = tmp_path / str(number)
        folder.mkdir()
        content = fpacked(plain(IMAGES[kind], header()), options, folder)
        assert read_header(io.BytesIO(content[2880:]), "XTENSION"), "not packed"
        assert_like_funpack(content, folder)


@needs_cfitsio
@pytest.mark.parametrize("kind", ["uint16", "int32", "float32", "NaN"])
@pytest.mark.parametrize("compression", ["RICE_1", "GZIP_2", "HCOMPRESS_1"])
def test_what_astropy_packs_unpacks_as_funpack_does(kind: str, compression: str, tmp_path: Path) -> None:
    # The tiles are as wide as the image. With NaN and narrower tiles of several rows, funpack 1.7.0 mixes up
    # tiles; astropy does not.
    assert_like_funpack(packed(IMAGES[kind], header(), compression_type=compression), tmp_path)


@needs_cfitsio
def test_every_unsigned_number_survives_plio(tmp_path: Path) -> None:
    counts = np.arange(2**16, dtype=np.uint16).reshape(256, 256)
    content = fpacked(plain(counts), "-p", tmp_path)
    assert_like_funpack(content, tmp_path)
    np.testing.assert_array_equal(fits.getdata(io.BytesIO(converted(content))), counts)


@needs_cfitsio
def test_pixels_that_lossy_compression_moves_out_of_range_are_clipped_as_by_funpack(tmp_path: Path) -> None:
    checks = np.zeros((64, 60), np.uint8)
    checks[::2], checks[:, ::3] = 255, 0
    assert_like_funpack(fpacked(plain(checks), "-h -s 8", tmp_path), tmp_path)


@needs_cfitsio
@pytest.mark.parametrize("options", ["-r", "-h", "-g1", "-p"])
def test_tiles_larger_than_the_image_unpack_as_funpack_does(options: str, tmp_path: Path) -> None:
    content = fpacked(plain(IMAGES["uint8"]), f"{options} -t 200,200", tmp_path)
    assert_like_funpack(content, tmp_path)


@needs_cfitsio
def test_a_lossless_file_comes_back_byte_for_byte_checksums_included(tmp_path: Path) -> None:
    file = io.BytesIO()
    fits.PrimaryHDU(IMAGES["uint16"], header()).writeto(file, checksum=True)
    assert converted(fpacked(file.getvalue(), "-r", tmp_path)) == file.getvalue()


@needs_cfitsio
@needs_fitsverify
@pytest.mark.parametrize("kind", IMAGES)
def test_fitsverify_finds_nothing_to_say(kind: str, tmp_path: Path) -> None:
    cards = header()
    # fitsverify would warn of these two cards, and of a long text without LONGSTRN
    del cards["DOUBLED"], cards["UNKNOWN"]
    cards["LONGSTRN"] = "OGIP 1.0"
    contents = [fpacked(plain(IMAGES[kind], cards), "-r", tmp_path), packed(IMAGES[kind], cards)]
    for content in contents:
        (tmp_path / "out.fits").write_bytes(converted(content))
        ran = subprocess.run(
            [FITSVERIFY, "-q", str(tmp_path / "out.fits")], check=False, capture_output=True, text=True
        )
        assert ran.stdout.startswith("verification OK"), ran.stdout
