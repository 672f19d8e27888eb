"""How much of an object is read for its header, and what broken or hostile compression leads to."""

import bz2
import gzip
import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from astropy.io import fits

from common.errors import Unprocessable
from ingest import objects, streams
from ingest.file_names import parse_key
from ingest.stored_headers import read
from tests.ingest.exposures import BASE, fits_file, put

MIB = 1024**2
pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def ranges(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the ranges that are read from S3."""
    sizes: list[int] = []
    read_range = objects.read_range

    def counted(key: str, start: int, size: int, etag: str | None) -> objects.Range:
        found = read_range(key, start, size, etag)
        sizes.append(len(found.content))
        return found

    monkeypatch.setattr(objects, "read_range", counted)
    return sizes


def stored_header(end: str, content: bytes) -> dict[str, object]:
    """Store a file and return the header that is read from it."""
    file = parse_key(put(f"{BASE}-EX{end}", content).key)
    assert file is not None
    return dict(read(file).header)


def large(before: int) -> bytes:
    """Return a FITS file with a table of `before` bytes in front of the image, whose data takes 20 MiB."""
    table = fits.ImageHDU(np.zeros(before, np.uint8), name="TABLE") if before else None
    if table is not None:
        table.header["XTENSION"] = "BINTABLE"
    image = fits.ImageHDU(np.zeros((1024, 10240), np.int16))
    image.header["FILTER"] = "late"
    output = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), *([table] if table is not None else []), image]).writeto(output)
    return output.getvalue()


def test_a_large_file_costs_one_range(ranges: list[int]) -> None:
    assert stored_header("00.fits", large(0))["FILTER"] == "late"
    assert ranges == [64 * 1024]


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress], ids=["gz", "bz2"])
def test_a_compressed_file_is_read_only_up_to_its_header(
    compress: Callable[[bytes], bytes], ranges: list[int]
) -> None:
    noise = np.random.default_rng(1).integers(0, 255, 3 * MIB, np.uint8).tobytes()
    end = "gz" if compress is gzip.compress else "bz2"
    header = stored_header(f"00.fits.{end}", compress(fits_file("00", packed=False) + noise))
    assert header["FILTER"] == "00"
    # A block of bzip2 has 900 kB of content.
    assert sum(ranges) < MIB


@pytest.mark.parametrize("end", ["00.fits.gz", "00.fits.bz2"])
def test_the_content_decides_and_not_the_name(end: str) -> None:
    assert stored_header(end, fits_file("00", packed=False))["FILTER"] == "00"


def cut_gzip() -> bytes:
    return gzip.compress(fits_file("00", packed=False))[:40]


def broken_gzip() -> bytes:
    return b"\x1f\x8b\x08\x00" + b"\xff" * 200


def broken_bzip2() -> bytes:
    return b"BZh9" + b"\xff" * 200


def bomb() -> bytes:
    """Return 200 MiB of zeros after the start of a header that has no end, as 0.2 MB of gzip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(MIB)
    first = fits.PrimaryHDU(np.zeros((2, 2))).header.tostring(padding=False).encode()[: 80 * 3]
    return b"".join([packer.compress(first), *(packer.compress(zeros) for _ in range(200)), packer.flush()])


@pytest.mark.parametrize("content", [cut_gzip, broken_gzip, broken_bzip2, bomb])
def test_broken_and_hostile_compression_is_an_error(content: Callable[[], bytes]) -> None:
    with pytest.raises(Unprocessable):
        stored_header("00.fits.gz", content())


def test_what_comes_out_before_the_header_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_MAX_BYTES", 5_000)
    with pytest.raises(Unprocessable, match="over 5000 bytes before the image's header"):
        stored_header("00.fits.gz", gzip.compress(fits_file("00", packed=True)))


def table_header(data_bytes: int) -> bytes:
    """Return the beginning of a FITS file: an empty HDU, then the header of a table with so many bytes."""
    cards = [
        "XTENSION= 'BINTABLE'",
        *("BITPIX  = 8", "NAXIS   = 1", f"NAXIS1  = {data_bytes}", "PCOUNT  = 0", "GCOUNT  = 1", "END"),
    ]
    empty = ["SIMPLE  = T", "BITPIX  = 8", "NAXIS   = 0", "END"]
    return b"".join(
        "".join(f"{card:80}" for card in header).ljust(2880).encode() for header in (empty, cards)
    )


def endless_zeros() -> bytes:
    """Return 200 MiB of zeros, as the data of a table, as 0.2 MB of gzip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(MIB)
    start = table_header(200 * MIB)
    return b"".join([packer.compress(start), *(packer.compress(zeros) for _ in range(200)), packer.flush()])


def endless_name() -> bytes:
    """Return a gzip file whose name does not end."""
    return b"\x1f\x8b\x08\x08" + bytes(6) + b"n" * 3 * MIB


def endless_empty_blocks() -> bytes:
    """Return a gzip file of blocks that nothing comes out of."""
    return b"\x1f\x8b\x08\x00" + bytes(6) + struct.pack("<BHH", 0, 0, 0xFFFF) * (3 * MIB // 5)


def endless_gzip_files() -> bytes:
    """Return empty gzip files one after the other."""
    return gzip.compress(b"") * (3 * MIB // 20)


def endless_bzip2_files() -> bytes:
    """Return empty bzip2 files one after the other."""
    return bz2.compress(b"") * (3 * MIB // 14)


@pytest.mark.parametrize(
    "content", [endless_zeros, endless_name, endless_empty_blocks, endless_gzip_files, endless_bzip2_files]
)
def test_a_compressed_file_without_end_is_given_up(
    content: Callable[[], bytes], ranges: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_MAX_BYTES", MIB)
    with pytest.raises(Unprocessable, match="over 1048576 bytes before the image's header"):
        stored_header("00.fits.gz", content())
    assert sum(ranges) <= MIB + 64 * 1024


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress], ids=["gz", "bz2"])
def test_a_file_of_several_compressed_parts_is_read_as_one(
    compress: Callable[[bytes], bytes],
) -> None:
    content = table_header(0) + fits_file("00", packed=True)[2880:]
    parts = [compress(content[start : start + 1_000]) for start in range(0, len(content), 1_000)]
    assert stored_header("00.fits.gz", b"".join(parts))["FILTER"] == "00"


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress], ids=["gz", "bz2"])
@pytest.mark.parametrize("after", [b"", b"\0" * 5_000, b"\x1f", b"noise"])
def test_what_follows_the_compressed_data_is_ignored(
    compress: Callable[[bytes], bytes], after: bytes
) -> None:
    with pytest.raises(Unprocessable, match="The FITS file has no image in it"):
        stored_header("00.fits.gz", compress(table_header(0)) + after)


@pytest.mark.parametrize("data_bytes", [100 * MIB, 255 * MIB])
def test_a_file_that_ends_before_its_data_do_costs_one_range(data_bytes: int, ranges: list[int]) -> None:
    content = table_header(data_bytes) + bytes(MIB)
    with pytest.raises(Unprocessable, match="no image in it"):
        stored_header("00.fits", content)
    assert ranges == [64 * 1024]


def test_data_before_the_image_are_not_read(ranges: list[int]) -> None:
    before = 5 * MIB // 2880 * 2880
    content = table_header(before) + bytes(before) + fits_file("00", packed=True)[2880:] + bytes(5 * MIB)
    assert stored_header("00.fits", content)["FILTER"] == "00"
    assert len(ranges) == 2
    assert sum(ranges) == 2 * 64 * 1024


@pytest.mark.parametrize("size", [2879, 2880, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1])
def test_a_plain_file_without_a_header_is_given_up_at_once(size: int, ranges: list[int]) -> None:
    with pytest.raises(Unprocessable):
        stored_header("00.fits", b"n" * size)
    assert sum(ranges) <= 64 * 1024


def test_a_header_without_end_is_given_up(ranges: list[int]) -> None:
    content = "".join(f"{card:80}" for card in ("SIMPLE  = T", *["COMMENT"] * 36 * 400)).encode() + bytes(MIB)
    with pytest.raises(Unprocessable, match="without END"):
        stored_header("00.fits", content)
    assert sum(ranges) < MIB
