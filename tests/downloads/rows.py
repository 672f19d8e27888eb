"""Rows of the image table."""

import os
from datetime import datetime
from typing import Any

import psycopg2

from support.image_rows import insert_image_row


def insert(*rows: dict[str, Any]) -> None:
    """Insert rows; see `image`."""
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    with connection, connection.cursor() as cursor:
        for row in rows:
            insert_image_row(cursor, row)
    connection.close()


def image(number: int, captured: str, **columns: Any) -> dict[str, Any]:
    """An image of mrc1 captured at a time (UTC), with a small FITS and a large one."""
    return {
        "base_filename": f"mrc1-sq01-20260101-{number:08}",
        "data_type": "EX",
        "site": "mrc1",
        "capture_date": datetime.fromisoformat(captured),
        "fits_01_exists": True,
        "fits_10_exists": True,
        **columns,
    }
