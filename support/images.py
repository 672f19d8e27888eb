"""FITS images of stars and sky for tests, written by astropy."""

import io
import os
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from common import aws
from common.fits.images import ImageHdu, check_image, data_pieces, find_image
from downloads import find_or_convert
from downloads.output_files import plain_fits, tiff

Pixels = npt.NDArray[Any]


def sky(rows: int = 120, columns: int = 150, seed: int = 1) -> Pixels:
    """Return (rows, columns) float64: a background of 1000 with noise, and some bright stars."""
    rng = np.random.default_rng(seed)
    image = rng.normal(1000, 30, (rows, columns))
    image[rng.integers(0, rows, 20), rng.integers(0, columns, 20)] += rng.uniform(1000, 40000, 20)
    return image


def header(**cards: Any) -> fits.Header:
    """Return a header with doubled cards, long texts, comments, long keywords and a card without a value."""
    made = fits.Header()
    made["OBJECT"] = ("M 31", "target")
    made["FILTER"] = "lum"
    made["EXPTIME"] = (15.0, "[s] exposure")
    made["OWNER"] = "O'Hara"
    made["LONGTEXT"] = ("a text that goes on and on " * 6).strip()
    made["UNKNOWN"] = None
    made.append(("DOUBLED", 1))
    made.append(("DOUBLED", 2))
    made["HIERARCH ESO TEL ALT"] = 45.5
    made["COMMENT"] = "first comment"
    made["HISTORY"] = "flat fielded"
    made.append(("", "a card without a keyword"), end=True)
    made["HISTORY"] = "dark subtracted"
    made.update(cards)
    return made


def plain(pixels: Pixels, cards: fits.Header | None = None) -> bytes:
    """Return a FITS file with the image in its primary HDU."""
    file = io.BytesIO()
    fits.PrimaryHDU(pixels, cards).writeto(file)
    return file.getvalue()


def packed(pixels: Pixels, cards: fits.Header | None = None, **compression: Any) -> bytes:
    """Return a FITS file with the image compressed by tiles, as site software writes it."""
    file = io.BytesIO()
    image = fits.CompImageHDU(pixels, cards, **compression)
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(file)
    return file.getvalue()


def image_in(content: bytes) -> tuple[ImageHdu, bytearray]:
    """Return the image HDU of a FITS file, and its data."""
    stream = io.BytesIO(content)
    hdu = find_image(stream)
    check_image(hdu)
    return hdu, bytearray().join(data_pieces(stream, hdu))


def converted(content: bytes, stretch: str | None = None) -> bytes:
    """Return a FITS file converted in this process: to a plain one, or to a TIFF with the stretch."""
    pieces = tiff(*image_in(content), stretch) if stretch else plain_fits(*image_in(content))
    return b"".join(pieces)


def put(key: str, content: bytes) -> None:
    """Store an object."""
    aws.client("s3").put_object(Bucket=os.environ["S3_BUCKET_NAME"], Key=key, Body=content)


def identity(key: str) -> str:
    """Return the common part of the keys of all files made from a stored object."""
    answer = aws.client("s3").head_object(Bucket=os.environ["S3_BUCKET_NAME"], Key=key)
    return find_or_convert.identity(key, answer["ETag"])


def stored(prefix: str = "") -> dict[str, bytes]:
    """Return the content of every object whose key has the prefix, by key."""
    s3, bucket = aws.client("s3"), os.environ["S3_BUCKET_NAME"]
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return {entry["Key"]: s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read() for entry in listed}
