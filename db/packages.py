"""Image packages: the JSON object that callers get for an image."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from common.presign import get_url
from db.image import Image

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the table's times are UTC without saying so
MILLISECOND = timedelta(milliseconds=1)

# Levels of the JPGs in file names.
MEDIUM, SMALL = 10, 11

_AS_STORED = (
    "image_id",
    "base_filename",
    "data_type",
    "site",
    "exposure_time",
    "filter_used",
    "right_ascension",
    "declination",
    "azimuth",
    "altitude",
    "airmass",
    "fits_01_exists",
    "fits_10_exists",
    "jpg_medium_exists",
    "jpg_small_exists",
    "username",
    "user_id",
)


def package(image: Image) -> dict[str, Any]:
    """Return the package of an image. Every key is always present; NULL columns are None.

    Dates are Unix milliseconds. URLs are presigned for seven days; "" stands for a missing JPG.
    """
    row = image.row
    return {
        **{column: _finite(row[column]) for column in _AS_STORED},
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


def jpg_url(row: Mapping[str, Any], level: int) -> str:
    """Return the presigned URL of an image's JPG; "" for a row that lacks part of the file name."""
    base_filename, data_type = row["base_filename"], row["data_type"]
    if base_filename is None or data_type is None:
        return ""
    return get_url(f"data/{base_filename}-{data_type}{level}.jpg")


def _fits_path(image: Image) -> str:
    """Return the path of the raw file at the site; "" without a header."""
    if image.header is None:
        return ""
    return f"{image.card('SITEID')}/{image.card('INSTRUME')}/{image.card('DAY-OBS')}/raw"


def _unix_ms(date: datetime | None) -> int | None:
    return None if date is None else (date - EPOCH) // MILLISECOND


def _finite(value: Any) -> Any:
    """Return `value`, or None for NaN and infinities, which JSON cannot hold."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
