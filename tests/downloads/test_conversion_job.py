"""The conversion that runs in the sandbox, called in this process."""

import bz2

import numpy as np
import pytest

from common.errors import Unprocessable
from downloads import conversion_job
from support.images import image_in, packed, plain
from tests.sandbox_jobs import run_job

PIXELS = np.arange(60 * 40, dtype=np.int16).reshape(60, 40)


def converted(content: bytes, stretch: str | None) -> bytes:
    """Return what the job makes of a FITS file whose data comes over a socket."""
    hdu, data = image_in(content)
    arguments = {"cards": "".join(hdu.header.cards), "stretch": stretch}
    return run_job(conversion_job.convert, arguments, bytes(data))


def test_a_packed_image_becomes_a_plain_file() -> None:
    assert PIXELS.astype(">i2").tobytes() in converted(packed(PIXELS), None)


@pytest.mark.parametrize("stretch", ["arcsinh", "linear"])
def test_an_image_becomes_a_tiff(stretch: str) -> None:
    assert bz2.decompress(converted(plain(PIXELS), stretch)).startswith(b"II*\0")


def test_a_cube_becomes_no_tiff() -> None:
    cube = np.zeros((3, 4, 5), np.int16)
    with pytest.raises(Unprocessable, match="The FITS image is 5 x 4 x 3; a TIFF is made of two axes"):
        converted(plain(cube), "linear")
