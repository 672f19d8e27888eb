"""Image packages: what a caller gets of an image."""

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
    """Answer the package of an image. Every key is always there; columns that are NULL are None.

    Dates are Unix milliseconds. URLs are presigned for seven days, "" for a JPG that does not exist.
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
    """Answer the presigned URL of an image's JPG; "" for a row that lacks part of the file's name."""
    base_filename, data_type = row["base_filename"], row["data_type"]
    if base_filename is None or data_type is None:
        return ""
    return get_url(f"data/{base_filename}-{data_type}{level}.jpg")


def _fits_path(image: Image) -> str:
    """Answer where the raw file lies at the site; "" without a header."""
    if image.header is None:
        return ""
    return f"{image.card('SITEID')}/{image.card('INSTRUME')}/{image.card('DAY-OBS')}/raw"


def _unix_ms(date: datetime | None) -> int | None:
    return None if date is None else (date - EPOCH) // MILLISECOND


def _finite(value: Any) -> Any:
    """Answer `value`; None for the NaN and the infinities that a column can hold and JSON cannot."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
