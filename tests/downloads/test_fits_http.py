"""`POST /download` of a plain FITS."""

import io
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import requests
from astropy.io import fits

from support.client import ApiClient
from support.images import Pixels, header, identity, packed, plain, put, sky, stored
from support.network import BUCKET

NAME = "mrc1-sq01-20260101-00000001-EX01.fits.fz"
PLAIN_NAME = NAME.removesuffix(".fz")
# Cards of the array's description, of a file without a primary array (EXTEND), and of an extension.
STRUCTURE = {"SIMPLE", "XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "PCOUNT", "GCOUNT", "EXTEND"}

COMPRESSIONS = ("RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1")
INTEGERS: dict[str, Pixels] = {
    "uint8": (sky() / 200).astype(np.uint8),
    "int16": (sky() - 3000).astype(np.int16),
    "uint16": sky().astype(np.uint16),
    "int32": (sky() * 1000 - 5e6).astype(np.int32),
    "uint32": (sky() * 100_000).astype(np.uint32),
}


def download(api: ApiClient, content: bytes, **body: Any) -> bytes:
    """Store an object, ask the route for it, and fetch the file behind the URL in the answer."""
    put(f"data/{NAME}", content)
    answer = api.post("/download", json={"object_name": NAME, **body})
    assert answer.status_code == 200, answer.text
    return requests.get(answer.text, timeout=30).content


def pixels_of(content: bytes) -> Pixels:
    pixels: Pixels = fits.getdata(io.BytesIO(content))
    return pixels


def described(cards: fits.Header) -> list[str]:
    """The cards that say something of the image, but not of its array."""
    return [str(card) for card in cards.cards if card.keyword not in STRUCTURE]


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_integers_come_back_as_they_were(api: ApiClient, compression: str) -> None:
    for image in INTEGERS.values():
        unpacked = download(api, packed(image, header(), compression_type=compression))
        with fits.open(io.BytesIO(unpacked)) as hdus:
            hdus.verify("exception")
            assert len(hdus) == 1
            np.testing.assert_array_equal(hdus[0].data, image)
            assert hdus[0].data.dtype.newbyteorder("=") == image.dtype
        original = fits.getheader(io.BytesIO(plain(image)))
        assert fits.getheader(io.BytesIO(unpacked))["BITPIX"] == original["BITPIX"]


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_quantized_floats_are_what_astropy_reads(api: ApiClient, compression: str, kind: str) -> None:
    image = sky().astype(kind)
    image[5, :40] = 0
    image[9, 3:7] = np.nan
    for method in (-1, 1, 2):  # no dithering, SUBTRACTIVE_DITHER_1 and _2
        content = packed(image, compression_type=compression, quantize_method=method, dither_seed=42)
        pixels = pixels_of(download(api, content))
        np.testing.assert_array_equal(pixels, fits.getdata(io.BytesIO(content), 1))
        np.testing.assert_allclose(pixels, image, atol=5)
        assert pixels.dtype.newbyteorder("=") == image.dtype


def test_the_header_keeps_every_card_and_has_none_of_the_compression(api: ApiClient) -> None:
    given = header(EXTNAME="SCI")
    unpacked = fits.getheader(io.BytesIO(download(api, packed(INTEGERS["int16"], given))))
    # astropy drops some cards when it writes the compressed file, so compare with that file's cards.
    kept = fits.getheader(io.BytesIO(packed(INTEGERS["int16"], given)), 1)
    assert described(unpacked) == described(kept)
    assert {"OBJECT", "EXTNAME", "LONGTEXT", "COMMENT", "HISTORY"} <= set(unpacked)
    assert unpacked["LONGTEXT"] == given["LONGTEXT"]
    assert [card for card in unpacked if card.startswith(("Z", "TTYPE", "TFORM", "TFIELDS"))] == []


def test_an_image_in_an_extension_is_moved_to_the_primary_hdu(api: ApiClient) -> None:
    file = io.BytesIO()
    table = fits.BinTableHDU.from_columns([fits.Column("a", "J", array=np.arange(1000))])
    image = fits.ImageHDU(INTEGERS["uint16"], header(INHERIT=True))
    fits.HDUList([fits.PrimaryHDU(), table, image]).writeto(file)
    with fits.open(io.BytesIO(download(api, file.getvalue()))) as hdus:
        hdus.verify("exception")
        np.testing.assert_array_equal(hdus[0].data, INTEGERS["uint16"])
        assert hdus[0].header["OBJECT"] == "M 31"
        assert not {"INHERIT", "PCOUNT", "XTENSION"} & set(hdus[0].header)


def test_a_plain_file_stays_as_it_is(api: ApiClient) -> None:
    content = plain(INTEGERS["uint16"], header())
    assert download(api, content) == content


def test_existing_checksums_are_corrected(api: ApiClient) -> None:
    file = io.BytesIO()
    fits.PrimaryHDU(sky(), header()).writeto(file, checksum=True)
    content = bytearray(file.getvalue())
    content[-5000:-4992] = bytes(8)  # pixels that the sums do not know of
    unpacked = download(api, bytes(content))
    # astropy warns, and so raises here, where a sum is wrong
    with fits.open(io.BytesIO(unpacked), checksum=True) as hdus:
        assert hdus[0].verify_datasum() == hdus[0].verify_checksum() == 1
    assert download(api, file.getvalue()) == file.getvalue()


def test_a_cube_keeps_its_axes(api: ApiClient) -> None:
    cube: Pixels = np.stack([INTEGERS["int16"]] * 3)
    np.testing.assert_array_equal(fits.getdata(io.BytesIO(download(api, packed(cube)))), cube)


def test_every_name_of_the_type_means_the_same(api: ApiClient) -> None:
    content = packed(INTEGERS["uint16"])
    bodies = [{}, {"image_type": "fits"}, {"image_type": "fits.fz"}, {"image_type": "fz"}]
    assert len({download(api, content, **body) for body in bodies}) == 1
    assert list(stored("downloads/")) == [f"downloads/fits/{identity(f'data/{NAME}')}/{PLAIN_NAME}"]


def test_the_url_is_good_for_a_week_and_the_body_is_the_url_alone(api: ApiClient) -> None:
    put(f"data/{NAME}", packed(INTEGERS["uint16"]))
    answer = api.post("//download/", json={"object_name": NAME, "s3_directory": "data"})
    url = urlsplit(answer.text)
    assert url.path == f"/{BUCKET}/downloads/fits/{identity(f'data/{NAME}')}/{PLAIN_NAME}"
    assert parse_qs(url.query)["X-Amz-Expires"] == [str(7 * 24 * 3600)]
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_another_image_type_gets_a_link_to_the_unchanged_object_for_five_days(api: ApiClient) -> None:
    for directory in ("data", "info-images", "allsky", "test"):
        put(f"{directory}/a b.jpg", f"a picture of {directory}".encode())
        body = {"object_name": "a b.jpg", "s3_directory": directory, "image_type": "jpg"}
        answer = api.post("/download", json=body)
        assert parse_qs(urlsplit(answer.text).query)["X-Amz-Expires"] == [str(5 * 24 * 3600)]
        assert requests.get(answer.text, timeout=10).text == f"a picture of {directory}"
    assert stored("downloads/") == {}


def test_odd_cards_do_no_harm(api: ApiClient) -> None:
    content = packed(INTEGERS["int16"], header())
    odd = content.replace(b"OWNER   = 'O''Hara '", b"OWNER   = 'O'Hara \xe9'")
    assert odd != content
    unpacked = download(api, odd)
    assert b"OWNER   = 'O'Hara \xe9'" in unpacked
    assert INTEGERS["int16"].astype(">i2").tobytes() in unpacked
