"""Images for the tests of the image database."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest

from local.ingester import insert_image_row
from site_configs import store as site_configs

Insert = Callable[..., int]

NIGHT = datetime(2024, 1, 10, 3, 4, 5, 678_900)  # noqa: DTZ001 - the table's times are UTC without saying so

HEADER = {
    "SIMPLE": True,
    "NAXIS1": 9576,
    "EXPTIME": 30.0,
    "ORIGNAME": "mrc1-sq01-20240110-00000001-EX00.fits.fz",
    "SITEID": "mrc1",
    "INSTRUME": "sq01",
    "DAY-OBS": "20240110",
    "SMARTSTK": "no",
    "SSTKNUM": "1",
}

WHOLE_ROW = {
    "base_filename": "mrc1-sq01-20240110-00000001",
    "data_type": "EX",
    "site": "mrc1",
    "capture_date": NIGHT,
    "sort_date": NIGHT.replace(second=6),
    "right_ascension": 83.82,
    "declination": -5.391,
    "altitude": 48.25,
    "azimuth": 181.5,
    "airmass": 1.34,
    "exposure_time": 30.0,
    "filter_used": "lum",
    "username": "Ada Observer",
    "user_id": "auth0|ada",
    "fits_01_exists": True,
    "fits_10_exists": False,
    "jpg_medium_exists": True,
    "jpg_small_exists": True,
    "header": json.dumps(HEADER),
}


def without_urls(package: dict[str, Any]) -> dict[str, Any]:
    """Return an image package with S3 keys in place of its URLs, whose signatures change every second."""
    keys = {
        name: urlsplit(package[name]).path.removeprefix("/photonranch-001/")
        for name in ("jpg_url", "jpg_thumbnail_url")
    }
    return {**package, **keys}


@pytest.fixture
def cursor(database: str) -> Iterator[Any]:
    """A cursor on the empty image table that commits at once."""
    connection = psycopg2.connect(database)
    connection.autocommit = True
    with connection.cursor() as cursor:
        yield cursor
    connection.close()


@pytest.fixture
def insert(cursor: Any) -> Insert:
    """Inserts `WHOLE_ROW` with changes: columns, or `cards` of its header. Answers the row's key."""

    def insert(cards: dict[str, Any] | None = None, **columns: Any) -> int:
        row = {**WHOLE_ROW, "header": json.dumps({**HEADER, **(cards or {})}), **columns}
        insert_image_row(cursor, row)
        cursor.execute("SELECT lastval()")
        return int(cursor.fetchone()[0])

    return insert


@pytest.fixture(autouse=True)
def _no_site_codes_of_another_test() -> None:
    site_configs.forget_site_codes()
