"""`POST /download` of a TIFF, opened by tifffile and Pillow."""

import bz2
import io
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
import requests
import tifffile
from astropy.io import fits
from PIL import Image

from common.fits.headers import Header
from common.fits.images import ImageHdu, data_pieces, find_image
from downloads.output_files import tiff_pieces
from downloads.pixels import Scale, stored_pixels
from support.client import ApiClient
from support.images import Pixels, header, identity, packed, plain, put, sky, stored
from support.network import BUCKET

NAME = "mrc1-sq01-20260101-00000001-EX01.fits.fz"
TYPES = ("uint8", "int16", "uint16", "int32", "uint32", "float32", "float64")
# Pillow opens no TIFF of 64-bit numbers, and reads unsigned ones of 32 bits as signed.
PILLOW_TYPES = ("uint8", "int16", "uint16", "int32", "float32")


def download(api: ApiClient, content: bytes, **body: Any) -> bytes:
    """Return the TIFF that the route makes of an object with this content, decompressed."""
    put(f"data/{NAME}", content)
    answer = api.post("/download", json={"object_name": NAME, "image_type": "tif", **body})
    assert answer.status_code == 200, answer.text
    return bz2.decompress(requests.get(answer.text, timeout=30).content)


def opened(tiff: bytes) -> Pixels:
    """The pixels as tifffile reads them."""
    pixels: Pixels = tifffile.imread(io.BytesIO(tiff))
    return pixels


def arcsinh(values: Pixels) -> Pixels:
    """The stretch as the documentation defines it."""
    stretched: Pixels = np.arcsinh(values.astype(np.float64))
    stretched -= np.nanmin(stretched)
    stretched *= 65535 / np.nanmax(stretched)
    return stretched


@pytest.mark.parametrize("pack", [plain, packed])
def test_linear_keeps_pixels_and_their_type(api: ApiClient, pack: Any) -> None:
    for kind in TYPES:
        image = (sky() - 900 if kind != "uint8" else sky() / 200).clip(0).astype(kind)
        # floats are compressed without quantization here; test_funpack.py tests quantization
        options = {"quantize_level": 0.0, "compression_type": "GZIP_2"} if pack is packed else {}
        tiff = download(api, pack(image, header(), **options), stretch="linear")
        assert opened(tiff).dtype == image.dtype
        np.testing.assert_array_equal(opened(tiff), image)
        if kind in PILLOW_TYPES:
            with Image.open(io.BytesIO(tiff)) as picture:
                np.testing.assert_array_equal(np.asarray(picture), image)


def test_linear_gives_scaled_numbers_as_the_header_scales_them(api: ApiClient) -> None:
    hdu = fits.PrimaryHDU(np.arange(12, dtype=np.int16).reshape(3, 4))
    hdu.header["BSCALE"], hdu.header["BZERO"], hdu.header["BLANK"] = 0.5, 100.0, 7
    file = io.BytesIO()
    hdu.writeto(file)
    pixels = opened(download(api, file.getvalue(), stretch="linear"))
    assert pixels.dtype == np.float32
    np.testing.assert_array_equal(pixels, fits.getdata(io.BytesIO(file.getvalue())))
    assert np.isnan(pixels).sum() == 1


@pytest.mark.parametrize("kind", ["uint16", "int16", "float32"])
def test_arcsinh_fills_16_bits(api: ApiClient, kind: str) -> None:
    image = (sky() - (2000 if kind != "uint16" else 0)).astype(kind)
    pixels = opened(download(api, packed(image, header(), compression_type="GZIP_2", quantize_level=0.0)))
    assert pixels.dtype == np.uint16
    assert (pixels.min(), pixels.max()) == (0, 65535)
    np.testing.assert_allclose(pixels, arcsinh(image), atol=0.5001)
    with Image.open(io.BytesIO(download(api, plain(image)))) as picture:
        assert picture.mode == "I;16"
        assert picture.getextrema() == (0, 65535)


def test_nan_and_infinite_pixels_leave_the_others_alone(api: ApiClient) -> None:
    image = sky().astype(np.float32)
    image[0, 0], image[3, 3], image[4, 4] = np.nan, np.inf, -np.inf
    finite = np.isfinite(image)
    pixels = opened(download(api, plain(image)))
    np.testing.assert_allclose(pixels[finite], arcsinh(np.where(finite, image, np.nan))[finite], atol=0.5001)
    assert (pixels[0, 0], pixels[3, 3], pixels[4, 4]) == (0, 65535, 0)
    np.testing.assert_array_equal(opened(download(api, plain(image), stretch="linear")), image)


def test_blank_pixels_are_black_and_do_not_count(api: ApiClient) -> None:
    image = (sky() - 3000).astype(np.int16)
    image[2, 2:9] = -32768
    cards = header(BLANK=-32768)
    pixels = opened(download(api, packed(image, cards)))
    real = image != -32768
    np.testing.assert_allclose(pixels[real], arcsinh(np.where(real, image, np.nan))[real], atol=0.5001)
    assert not pixels[~real].any()
    np.testing.assert_array_equal(opened(download(api, packed(image, cards), stretch="linear")), image)


@pytest.mark.parametrize("value", [0, 1234.5, -77, np.nan])
def test_an_image_without_contrast_is_a_black_tiff(api: ApiClient, value: float) -> None:
    image = np.full((30, 40), value, np.float32)
    tiff = download(api, plain(image))
    assert not opened(tiff).any()
    with Image.open(io.BytesIO(tiff)) as picture:
        assert picture.getextrema() == (0, 0)
    np.testing.assert_array_equal(opened(download(api, plain(image), stretch="linear")), image)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (3, 900_001), (1200, 2001)])
def test_images_of_any_shape_keep_their_rows(api: ApiClient, shape: tuple[int, int]) -> None:
    image = (np.arange(shape[0] * shape[1], dtype=np.uint32) // 7).astype(np.uint16).reshape(shape)
    np.testing.assert_array_equal(opened(download(api, plain(image), stretch="linear")), image)


def test_axes_of_length_one_do_not_count_and_others_are_refused(api: ApiClient) -> None:
    image = sky().astype(np.float32)
    np.testing.assert_array_equal(opened(download(api, plain(image[None]), stretch="linear")), image)
    for shape, axes in (((3, 4, 5), "5 x 4 x 3"), ((7,), "7")):
        put(f"data/{NAME}", plain(np.zeros(shape, np.float32)))
        answer = api.post("/download", json={"object_name": NAME, "image_type": "tiff"})
        assert answer.status_code == 422
        assert answer.text == f"The FITS image is {axes}; a TIFF is made of two axes."


@pytest.mark.parametrize(
    ("cards", "body", "key"),
    [
        ({}, {}, "lum-arcsinh-mrc1-a"),
        ({}, {"stretch": "linear"}, "lum-linear-mrc1-a"),
        ({"FILTER": "a/../b c"}, {}, "a_.._b_c-arcsinh-mrc1-a"),
        ({"FILTER": "  "}, {"image_type": "tiff"}, "nofilter-arcsinh-mrc1-a"),
    ],
)
def test_where_a_tiff_is_kept(api: ApiClient, cards: dict[str, str], body: dict[str, str], key: str) -> None:
    put("data/mrc1-a.fits.fz", packed(sky(), header(**cards)))
    answer = api.post("/download", json={"object_name": "mrc1-a.fits.fz", "image_type": "tif", **body})
    key = f"downloads/tif/{identity('data/mrc1-a.fits.fz')}/{key}.tif.bz2"
    assert unquote(urlsplit(answer.text).path) == f"/{BUCKET}/{key}"
    assert list(stored("downloads/")) == [key]


def test_bz2_in_the_name_means_the_stored_fz(api: ApiClient) -> None:
    put("data/mrc1-a.fits.fz", packed(sky(), header()))
    for image_type in ("tif", "fits"):
        body = {"object_name": "mrc1-a.fits.bz2", "image_type": image_type}
        assert api.post("/download", json=body).status_code == 200
    source = identity("data/mrc1-a.fits.fz")
    assert set(stored("downloads/")) == {
        f"downloads/tif/{source}/lum-arcsinh-mrc1-a.tif.bz2",
        f"downloads/fits/{source}/mrc1-a.fits",
    }


def hdu_of(content: bytes) -> tuple[ImageHdu, Pixels]:
    stream = io.BytesIO(content)
    hdu = find_image(stream)
    return hdu, stored_pixels(hdu, bytearray().join(data_pieces(stream, hdu)))


def test_values_are_those_of_astropy_for_every_scale() -> None:
    for kind in TYPES:
        content = plain((sky() / 200).astype(kind))
        hdu, pixels = hdu_of(content)
        values = Scale(hdu).values(pixels)
        theirs = fits.getdata(io.BytesIO(content))
        assert values.dtype == theirs.dtype.newbyteorder("=")
        np.testing.assert_array_equal(values, theirs)
        np.testing.assert_array_equal(Scale(hdu).floats(pixels), theirs.astype(np.float64))


def test_a_long_row_is_stretched_in_pieces() -> None:
    row = np.arange(5_000_000, dtype=">i2").reshape(1, -1)
    hdu = ImageHdu(Header(["BITPIX  =                   16".ljust(80)]))
    _, *pieces = [make() for make in tiff_pieces(row, Scale(hdu), "linear")]
    assert max(map(len, pieces)) < row.nbytes / 2
    assert b"".join(pieces) == row.astype("<i2").tobytes()
