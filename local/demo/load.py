"""Write the demo network to the backends."""

import json
import os
import time
from collections.abc import Callable
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

# So long after a local midnight in UTC, the night before it is over at every site.
_NIGHT_IS_OVER_AFTER = timedelta(hours=39)
_CHANNELS = (1, 2, 3)
# How many of a site's images are logged as uploads, and how many jobs the demo queue has.
_NEWEST = 4

_pipe_queue = Table("PIPE_QUEUE_TABLE_NAME")


def load(cache: Path, say: Callable[[str], None] = lambda _words: None) -> None:
    """Write sites, images, uploads, notes, queues and statuses to the backends.

    Images are written only to an empty image table, so that a user's own database is not changed. The folder
    `cache` keeps image files from one start to the next. `say` is called with a line for each step.
    """
    for site, configuration in sent_configurations(time.time()).items():
        site_configs.write(site, configuration)

    def progress(done: int, number: int) -> None:
        say(f"Making the demo network: {done} of {number} nights")

    images = make_images(cache, last_whole_night(datetime.now(UTC)), progress=progress)
    if not _insert_rows(images):
        return
    say(f"Uploading the files of {len(images)} demo images …")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(_put_files, images))
    newest_first = sorted(images, key=lambda image: image.row["sort_date"], reverse=True)
    for site in sorted({image.site for image in images}):
        own = [image for image in newest_first if image.site == site]
        _log_uploads(own[:_NEWEST])
        for channel, image in zip(_CHANNELS, own, strict=False):
            _show_on_channel(image, channel)
    _write_note(newest_first[0])
    _fill_queues(newest_first)
    _write_statuses()


def last_whole_night(now: datetime) -> date:
    """Return the local date of the last evening whose night is over at every site."""
    return (now - _NIGHT_IS_OVER_AFTER).date()


def _insert_rows(images: list[DemoImage]) -> bool:
    """Insert the image rows; do nothing and return False if the table has rows already."""
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


def _put_files(image: DemoImage, prefix: str = "data/") -> None:
    for name, path in image.files.items():
        key = f"{prefix}{name}"
        aws.client("s3").put_object(Bucket=os.environ["S3_BUCKET_NAME"], Key=key, Body=path.read_bytes())


def _log_uploads(images: list[DemoImage]) -> None:
    for age, image in enumerate(images, 1):
        for name, path in image.files.items():
            log_upload(f"data/{name}", path.stat().st_size, time.time() - 600 * age)


def _show_on_channel(image: DemoImage, channel: int) -> None:
    _put_files(image, "info-images/")
    for name in image.files:
        if landed := LandedFile.from_key(f"info-images/{name}"):
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
    """Write two queues in the documented shape of the table: one with jobs for new images, one empty."""
    now_ms = int(time.time() * 1000)
    for queue in ("smartstacks", "focus"):
        _put_queue_row(f"QUEUE#{queue}", "METADATA", queue_name=queue, created_at=now_ms)
    for number, image in enumerate(images[:_NEWEST]):
        item_id = f"{now_ms + number}_{number:08x}"
        job = {"base_filename": image.base_filename, "site": image.site}
        row = {"id": item_id, "payload": job, "created_at": now_ms + number, "sender": image.site}
        _put_queue_row("QUEUE#smartstacks", f"ITEM#{item_id}", **row)


def _write_statuses() -> None:
    now_ms = int(time.time() * 1000)
    jobs = ("pipe1", "processing", "smartstacks", "0.7"), ("pipe2", "idle", "focus", "0.05")
    for pipe_id, status, queue, work in jobs:
        details = {"queue": queue, "load": Decimal(work)}
        row = {"item_type": "STATUS_ITEM", "status": status, "last_updated": now_ms, "details": details}
        _put_queue_row(f"STATUS#{pipe_id}", "INFO", **row)


def _put_queue_row(pk: str, sk: str, **attributes: Any) -> None:
    _pipe_queue.put({"pk": pk, "sk": sk, "item_type": "QUEUE_ITEM", **attributes})
