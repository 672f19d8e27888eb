"""Puts the demo network into the backends."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2

from common import aws
from common.dynamodb import Table
from local.demo.images import DemoImage, make_images
from local.demo.sent_configs import sent_configurations
from local.ingester import LandedFile, insert_image_row, log_upload, save_info_image
from night_log import notes
from night_log import store as night_log
from site_configs import store as site_configs

# Until this long after a local midnight UTC the night before it may still be going on somewhere.
_NIGHT_IS_OVER_AFTER = timedelta(hours=39)
_CHANNELS = (1, 2, 3)
_UPLOADS_LOGGED = 4

_pipe_queue = Table("PIPE_QUEUE_TABLE_NAME")


def load(cache: Path) -> None:
    """Put sites, images, uploads, notes, queues and statuses into the backends.

    Images go in only where the image table is empty, so that a database given by its user keeps its own.

    Parameters
    ----------
    cache
        Folder in which image files are kept from one start to the next.
    """
    for site, configuration in sent_configurations(time.time()).items():
        site_configs.write(site, configuration)
    images = make_images(cache, last_whole_night(datetime.now(UTC)))
    if not _insert_rows(images):
        return
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(_put_files, images))
    newest_first = sorted(images, key=lambda image: image.row["sort_date"], reverse=True)
    for site in sorted({image.site for image in images}):
        own = [image for image in newest_first if image.site == site]
        _log_uploads(own[:_UPLOADS_LOGGED])
        for channel, image in zip(_CHANNELS, own, strict=False):
            _show_on_channel(image, channel)
    _write_note(newest_first[0])
    _fill_queues(newest_first)
    _write_statuses()


def last_whole_night(now: datetime) -> date:
    """Answer the local date of the last evening whose night is over at every site."""
    return (now - _NIGHT_IS_OVER_AFTER).date()


def _insert_rows(images: list[DemoImage]) -> bool:
    """Insert the image rows; answer False, having done nothing, if the table has rows already."""
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT 1 FROM images)")
            if cursor.fetchone() == (True,):
                return False
            for image in sorted(images, key=lambda image: image.row["sort_date"]):
                insert_image_row(cursor, image.row)
    finally:
        connection.close()
    return True


def _put_files(image: DemoImage) -> None:
    for name, path in image.files.items():
        _put(f"data/{name}", path)


def _put(key: str, path: Path) -> None:
    aws.client("s3").put_object(Bucket=os.environ["S3_BUCKET_NAME"], Key=key, Body=path.read_bytes())


def _log_uploads(images: list[DemoImage]) -> None:
    now = time.time()
    for age, image in enumerate(images):
        for name, path in image.files.items():
            log_upload(f"data/{name}", path.stat().st_size, now - 600 * (age + 1))


def _show_on_channel(image: DemoImage, channel: int) -> None:
    for name, path in image.files.items():
        landed = LandedFile.from_key(f"info-images/{name}")
        if landed is None:
            raise ValueError(name)
        _put(landed.key, path)
        save_info_image(landed, channel, json.loads(image.row["header"]))


def _write_note(image: DemoImage) -> None:
    note = {
        "site": image.site,
        "username": "Demo Observer",
        "userid": "auth0|demo-observer-1",
        "message": "Clear since dusk, seeing near 2 arcseconds. Thin cirrus expected after midnight.",
        "ttl_hours": 48,
        "selected_image": image.base_filename,
    }
    night_log.write(notes.new_note(image.site, {"note_data": note}, time.time()))


def _fill_queues(images: list[DemoImage]) -> None:
    """Make two queues in the documented shape of the table: one with jobs for the newest images, one bare."""
    now_ms = int(time.time() * 1000)
    for queue in ("smartstacks", "focus"):
        _pipe_queue.put(
            {
                "pk": f"QUEUE#{queue}",
                "sk": "METADATA",
                "item_type": "QUEUE_ITEM",
                "created_at": now_ms,
                "queue_name": queue,
            }
        )
    for number, image in enumerate(images[:_UPLOADS_LOGGED]):
        item_id = f"{now_ms + number}_{number:08x}"
        _pipe_queue.put(
            {
                "pk": "QUEUE#smartstacks",
                "sk": f"ITEM#{item_id}",
                "id": item_id,
                "item_type": "QUEUE_ITEM",
                "payload": {"base_filename": image.base_filename, "site": image.site},
                "created_at": now_ms + number,
                "sender": image.site,
            }
        )


def _write_statuses() -> None:
    now_ms = int(time.time() * 1000)
    statuses: dict[str, tuple[str, dict[str, Any]]] = {
        "pipe1": ("processing", {"queue": "smartstacks", "load": Decimal("0.7")}),
        "pipe2": ("idle", {"queue": "focus", "load": Decimal("0.05")}),
    }
    for pipe_id, (status, details) in statuses.items():
        _pipe_queue.put(
            {
                "pk": f"STATUS#{pipe_id}",
                "sk": "INFO",
                "item_type": "STATUS_ITEM",
                "status": status,
                "last_updated": now_ms,
                "details": details,
            }
        )
