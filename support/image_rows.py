"""A row of the image table and its header, as the ingester writes them."""

import json
from datetime import datetime
from typing import Any

from psycopg2 import sql

NIGHT = datetime(2024, 1, 10, 3, 4, 5, 678_900)  # noqa: DTZ001 - the table's times are UTC without saying so

HEADER: dict[str, Any] = {
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


def insert_image_row(cursor: Any, row: dict[str, Any]) -> None:
    """Insert a row of the image table: column names and their values."""
    cursor.execute(
        sql.SQL("INSERT INTO images ({}) VALUES ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join(map(sql.Placeholder, row))
        ),
        row,
    )
