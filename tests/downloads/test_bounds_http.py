"""What `POST /download` refuses, in words and with CORS headers."""

import io
import itertools
import struct
from typing import Any

import numpy as np
import pytest
import requests
from astropy.io import fits

from common import aws
from common.errors import Unprocessable
from common.fits import images
from support.client import ApiClient
from support.images import header, packed, plain, put, sky, stored
from tests.downloads.tables import PRIMARY
from tests.downloads.tables import header as made_header

NAME = "mrc1-a.fits.fz"
PACKED = packed(sky(), header())
NO_IMAGE = b"The FITS file has no image in it."


def assert_refused(answer: requests.Response, status: int, reason: str) -> None:
    assert (answer.status_code, answer.text) == (status, reason)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    # a refusal is remembered as an empty object
    assert not any(stored("downloads/").values())


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"s3_directory": "downloads"}, 403, "s3_directory must be one of data, info-images, allsky, test."),
        ({"s3_directory": ["data"]}, 403, "s3_directory must be one of data, info-images, allsky, test."),
        ({"stretch": "log10"}, 400, "stretch must be one of arcsinh, linear."),
        ({"stretch": None}, 400, "stretch must be one of arcsinh, linear."),
        ({"object_name": None}, 400, "object_name is required: the name of the file."),
        ({"object_name": ""}, 400, "object_name is required: the name of the file."),
        ({"object_name": "../data/x"}, 400, "object_name must not begin with / or have a .. segment."),
        ({"object_name": "x" * 1020}, 400, "object_name is too long: with its directory 1024 bytes at most."),
        ({"object_name": "none.fits.fz"}, 404, "There is no object data/none.fits.fz."),
        ({"object_name": "none.jpg", "image_type": "jpg"}, 404, "There is no object data/none.jpg."),
        ({"s3_directory": "allsky"}, 404, f"There is no object allsky/{NAME}."),
    ],
)
def test_a_request_that_is_not_allowed(
    api: ApiClient, body: dict[str, Any], status: int, reason: str
) -> None:
    put(f"data/{NAME}", PACKED)
    answer = api.post("/download", json={"object_name": NAME, "image_type": "tif", **body})
    assert_refused(answer, status, reason)


def test_a_name_that_makes_the_result_s_key_too_long(api: ApiClient) -> None:
    name = "x" * 1005
    put(f"data/{name}", PACKED)
    answer = api.post("/download", json={"object_name": name, "image_type": "tif"})
    assert_refused(answer, 400, "object_name is too long: the result's key would have over 1024 bytes.")


def card(name: str, value: str) -> bytes:
    return f"{name:8}= {value:>20}".encode()


def without_image() -> bytes:
    file = io.BytesIO()
    table = fits.BinTableHDU.from_columns([fits.Column("a", "J", array=np.arange(1000))])
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(file)
    return file.getvalue()


def damaged(content: bytes, old: bytes, new: bytes) -> bytes:
    changed = content.replace(old, new)
    assert changed != content
    return changed


BROKEN = {
    "an empty object": (b"", f"The object data/{NAME} is empty."),
    "a picture": (b"\xff\xd8\xff\xe0" * 5000, "The object is not a FITS file."),
    "text": (b"SIMPLEX\n" * 5000, "The object is not a FITS file."),
    "half a header": (plain(sky())[:400], "The FITS file is cut off, or its header has no END."),
    "half of the second header": (PACKED[:5000], "The FITS file is cut off, or its header has no END."),
    "no header after the first": (PACKED[:2880], NO_IMAGE.decode()),
    "a table": (without_image(), NO_IMAGE.decode()),
    "an empty image": (plain(np.zeros((0, 5), np.float32)), NO_IMAGE.decode()),
    "no axis": (
        damaged(plain(sky()), b"NAXIS2 ", b"NAXISX "),
        "The FITS header has no whole number as NAXIS2.",
    ),
    "a negative axis": (
        damaged(plain(sky()), card("NAXIS2", "120"), card("NAXIS2", "-120")),
        "The FITS header has an axis of negative length.",
    ),
    "no number": (
        damaged(plain(sky()), card("NAXIS2", "120"), card("NAXIS2", "1e2")),
        "The FITS header has no whole number as NAXIS2.",
    ),
    "other pixels": (
        damaged(plain(sky()), card("BITPIX", "-64"), card("BITPIX", "-63")),
        "The FITS image has a BITPIX of -63.",
    ),
    "another compression": (
        damaged(PACKED, b"'RICE_1  '", b"'ZSTD_1  '"),
        "The FITS image cannot be decoded: ZCMPTYPE is unknown, or not for pixels of this ZBITPIX.",
    ),
    # if the decoder believed it, it would write past its memory
    "a tile of more pixels than it has": (
        damaged(
            packed(sky().astype(np.int16), compression_type="HCOMPRESS_1"),
            b"\xdd\x99" + struct.pack(">ii", 16, 150),
            b"\xdd\x99" + struct.pack(">ii", 17, 150),
        ),
        (
            "The FITS image cannot be decoded: "
            "a tile of HCOMPRESS_1 does not have the axes that the header says."
        ),
    ),
    "tiles of nothing": (
        PACKED[:8640] + bytes(len(PACKED) - 8640),
        "The FITS image cannot be decoded: tile 1 has no data.",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_not_a_readable_fits(api: ApiClient, kind: str) -> None:
    content, reason = BROKEN[kind]
    put(f"data/{NAME}", content)
    for image_type in ("tif", "fits"):
        assert_refused(
            api.post("/download", json={"object_name": NAME, "image_type": image_type}), 422, reason
        )


class Repeated:
    """A file that is the same HDU again and again, which counts the bytes that are read of it."""

    def __init__(self, hdu: bytes, count: int) -> None:
        self._rest = itertools.repeat(hdu, count)
        self._pending = PRIMARY
        self.taken = 0

    def read(self, size: int, /) -> bytes:
        while len(self._pending) < size and (more := next(self._rest, b"")):
            self._pending += more
        content, self._pending = self._pending[:size], self._pending[size:]
        self.taken += len(content)
        return content


@pytest.mark.parametrize(
    ("cards", "most_mib"),
    [
        ({"NAXIS": 0}, 9),
        ({"NAXIS": 0} | {f"HISTORY{number}": number for number in range(9000)}, 9),
        # one that claims so much is not read at all
        ({"NAXIS": 2, "NAXIS1": 2**40, "NAXIS2": 1}, 1),
    ],
)
def test_what_comes_before_an_image_is_bounded(cards: dict[str, int], most_mib: int) -> None:
    hdu = made_header({"XTENSION": "NONE", "BITPIX": 8, **cards, "PCOUNT": 0, "GCOUNT": 1})
    file = Repeated(hdu, 16 * 1024**2 // len(hdu))
    with pytest.raises(Unprocessable, match="too many or too large HDUs before an image"):
        images.find_image(file)
    assert file.taken < most_mib * 1024**2


@pytest.mark.parametrize("content", [plain(sky()), PACKED])
def test_a_fits_that_is_cut_off_says_how_much_is_there(api: ApiClient, content: bytes) -> None:
    put(f"data/{NAME}", content[:-20_000])
    answer = api.post("/download", json={"object_name": NAME})
    assert answer.status_code == 422
    assert answer.text.startswith("The FITS file is cut off: its image has ")


def test_padding_that_is_cut_off_does_no_harm(api: ApiClient) -> None:
    image = np.arange(12.0).reshape(3, 4)
    put(f"data/{NAME}", plain(image)[: 2880 + 96])
    url = api.post("/download", json={"object_name": NAME}).text
    assert requests.get(url, timeout=10).content == plain(image)


def test_an_image_over_the_limit(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_IMAGE_BYTES", 100_000)
    put(f"data/{NAME}", PACKED)
    answer = api.post("/download", json={"object_name": NAME})
    assert_refused(answer, 413, "The FITS image has 144000 bytes; at most 100000 can be converted.")


def test_s3_down_is_unavailable(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
        aws._made_client.cache_clear()
        answer = api.post("/download", json={"object_name": NAME})
    aws._made_client.cache_clear()
    assert_refused(answer, 503, "Try again later: the image store does not answer.")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("body", ["", "[]", "{"])
def test_no_json_object(api: ApiClient, body: str) -> None:
    assert api.post("/download", data=body).status_code == 400
