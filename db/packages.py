"""Image packages: the JSON object that callers get for an image."""

import math
from datetime import datetime, timedelta
from typing import TypedDict

from common.presign import STEADY_S, get_url
from db.image import Image
from db.queries import ImageRow, NewestImage

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the table's times are UTC without saying so
MILLISECOND = timedelta(milliseconds=1)

# Levels of the JPGs in file names.
MEDIUM, SMALL = 10, 11


class Package(TypedDict):
    """The package of an image. NULL columns are None.

    Dates are Unix milliseconds, angles degrees, times of exposure seconds. Right ascensions of images
    captured before `db.cone.DEGREES_FROM` are in hours. URLs are presigned (common/presign.py); "" stands for
    a missing JPG.
    """

    image_id: int
    base_filename: str | None
    data_type: str | None
    site: str | None
    exposure_time: float | None
    filter_used: str | None
    right_ascension: float | None
    declination: float | None
    azimuth: float | None
    altitude: float | None
    airmass: float | None
    fits_01_exists: bool | None
    fits_10_exists: bool | None
    jpg_medium_exists: bool | None
    jpg_small_exists: bool | None
    username: str | None
    user_id: str | None
    s3_directory: str
    fits_filename: str | float
    fits_path: str
    SMARTSTK: str | float
    SSTKNUM: str | float
    capture_date: int | None
    sort_date: int | None
    jpg_url: str
    jpg_thumbnail_url: str


def package(image: Image) -> Package:
    """Return the package of an image. Every key is always present."""
    row = image.row
    return {
        "image_id": row["image_id"],
        "base_filename": row["base_filename"],
        "data_type": row["data_type"],
        "site": row["site"],
        "exposure_time": _finite(row["exposure_time"]),
        "filter_used": row["filter_used"],
        "right_ascension": _finite(row["right_ascension"]),
        "declination": _finite(row["declination"]),
        "azimuth": _finite(row["azimuth"]),
        "altitude": _finite(row["altitude"]),
        "airmass": _finite(row["airmass"]),
        "fits_01_exists": row["fits_01_exists"],
        "fits_10_exists": row["fits_10_exists"],
        "jpg_medium_exists": row["jpg_medium_exists"],
        "jpg_small_exists": row["jpg_small_exists"],
        "username": row["username"],
        "user_id": row["user_id"],
        "s3_directory": "data",
        "fits_filename": image.card("ORIGNAME"),
        "fits_path": _fits_path(image),
        "SMARTSTK": image.card("SMARTSTK"),
        "SSTKNUM": image.card("SSTKNUM"),
        "capture_date": _unix_ms(row["capture_date"]),
        "sort_date": _unix_ms(row["sort_date"]),
        "jpg_url": jpg_url(row, MEDIUM) if row["jpg_medium_exists"] else "",
        "jpg_thumbnail_url": jpg_url(row, SMALL) if row["jpg_small_exists"] else "",
    }


def jpg_url(row: ImageRow | NewestImage, level: int) -> str:
    """Return the presigned URL of an image's JPG; "" for a row that lacks part of the file name."""
    base_filename, data_type = row["base_filename"], row["data_type"]
    if base_filename is None or data_type is None:
        return ""
    return get_url(f"data/{base_filename}-{data_type}{level}.jpg", steady_s=STEADY_S)


def _fits_path(image: Image) -> str:
    """Return the path of the raw file at the site; "" without a header."""
    if image.header is None:
        return ""
    return f"{image.card('SITEID')}/{image.card('INSTRUME')}/{image.card('DAY-OBS')}/raw"


def _unix_ms(date: datetime | None) -> int | None:
    return None if date is None else (date - EPOCH) // MILLISECOND


def _finite(value: float | None) -> float | None:
    """Return `value`, or None for NaN and infinities, which JSON cannot hold."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
