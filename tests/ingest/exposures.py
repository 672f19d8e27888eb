"""Files of made-up exposures, and what the ingester has made of them."""

import io
import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import psycopg2
import psycopg2.extras
from astropy.io import fits
from PIL import Image

from common.aws import client
from common.dynamodb import Table
from ingest.notifications import BACKFILL, StoredObject, message_of
from support.network import BUCKET

BASE = "ric2-sq01-20260102-00000042"
SITE = "ric2"
# 2025-12-29, in Unix seconds.
STORED_AT = 1767000000.123
HEADER_TEXT = Path(__file__).parents[1] / "data" / "site_upload" / f"{BASE}-EX00.txt"

UPLOADS, INFO_IMAGES = Table("UPLOADS_LOG_TABLE_NAME"), Table("INFO_IMAGES_TABLE")


@cache
def jpg(width: int = 600, height: int = 400) -> bytes:
    output = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(output, "JPEG")
    return output.getvalue()


@cache
def fits_file(level: str, *, packed: bool = True) -> bytes:
    """A FITS file whose FILTER is its level, so that a test sees which header was taken."""
    pixels = np.arange(10000, dtype=np.int16).reshape(100, 100)
    hdu = fits.CompImageHDU(pixels) if packed else fits.PrimaryHDU(pixels)
    hdu.header["DATE-OBS"] = "2026-01-03T04:05:06.789"
    hdu.header["RADEG"] = 10.5
    hdu.header["FILTER"] = level
    output = io.BytesIO()
    (fits.HDUList([fits.PrimaryHDU(), hdu]) if packed else hdu).writeto(output)
    return output.getvalue()


@cache
def exposure() -> dict[str, bytes]:
    """All files that a site may send of an exposure, by name."""
    return {
        f"{BASE}-EX00.txt": HEADER_TEXT.read_bytes(),
        f"{BASE}-EX10.jpg": jpg(),
        f"{BASE}-EX00.fits.fz": fits_file("00"),
        f"{BASE}-EX10.fits.fz": fits_file("10"),
    }


def put(name: str, content: bytes, directory: str = "data", stored_at: float = STORED_AT) -> StoredObject:
    """Store a file; return what S3's message says of it."""
    key = f"{directory}/{name}"
    client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)
    return StoredObject(key, len(content), stored_at)


def notification(stored: StoredObject) -> str:
    """Return the message that S3 sends of a new object."""
    return message_of(stored).replace(BACKFILL, "ObjectCreated:Put")


def await_info_image(channel: int, base_filename: str) -> None:
    """What `POST /upload` writes before a site sends an info image."""
    INFO_IMAGES.update(
        {"pk": f"{SITE}#metadata"},
        UpdateExpression="SET #channel = :base",
        ExpressionAttributeNames={"#channel": f"channel{channel}"},
        ExpressionAttributeValues={":base": base_filename},
    )


def rows(database: str) -> list[dict[str, Any]]:
    """The rows of the image table."""
    connection = psycopg2.connect(database, cursor_factory=psycopg2.extras.RealDictCursor)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM images ORDER BY base_filename, data_type, image_id")
        found = [dict(row) for row in cursor.fetchall()]
    connection.close()
    return found


def state(database: str) -> dict[str, Any]:
    """All that the ingester has made, without what may differ: serial numbers, and when it was made."""
    listed = client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {
        "rows": [
            {name: value for name, value in row.items() if name != "image_id"} for row in rows(database)
        ],
        "log": sorted((row["filename"], row["upload_timestamp_s"]) for row in UPLOADS.scan()),
        "info": sorted(
            (
                {name: value for name, value in row.items() if name != "expiration_timestamp"}
                for row in INFO_IMAGES.scan()
            ),
            key=lambda row: row["pk"],
        ),
        "objects": {found["Key"]: found["ETag"] for found in listed},
    }


def the_row(database: str) -> dict[str, Any]:
    """The only row of the image table."""
    (row,) = rows(database)
    return row


def header_of(row: dict[str, Any]) -> dict[str, Any]:
    header: dict[str, Any] = json.loads(row["header"])
    return header


CAPTURED = datetime.fromisoformat("2026-01-03T04:05:06.789")
