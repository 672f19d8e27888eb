"""Write the demo network to the backends, and upload its images as sites do."""

import os
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from common import aws, postgres
from common.dynamodb import Table
from info_images.store import await_image
from ingest import queues
from local.demo.images import DemoImage, make_images
from local.demo.sent_configs import sent_configurations
from night_log import notes
from night_log import store as night_log
from site_configs import store as site_configs

# Added to a date's midnight in UTC. By then the night that began on the evening of that date is over at every
# site.
_NIGHT_IS_OVER_AFTER = timedelta(hours=39)
_CHANNELS = (1, 2, 3)
# How many jobs the demo queue has.
_JOBS = 4
# After this time (s) the API starts, even if the demo images are not filed yet.
_FILE_WITHIN_S = 60

_pipe_queue = Table("PIPE_QUEUE_TABLE_NAME")


def load(cache: Path, say: Callable[[str], None] = lambda _words: None) -> None:
    """Write sites, notes, queues and statuses, and play the uploads of recent nights.

    The ingester makes image rows, info images, thumbnails and the log of the uploaded files. If the image
    table is not empty, only the site configs are written, so that a user's own database is not changed. The
    folder `cache` keeps image files from one start to the next. `say` is called with a line for each step.
    """
    for site, configuration in sent_configurations(time.time()).items():
        site_configs.write(site, configuration)

    def progress(done: int, number: int) -> None:
        say(f"Making the demo network: {done} of {number} nights")

    images = make_images(cache, last_whole_night(datetime.now(UTC)), progress=progress)
    if postgres.query("SELECT image_id FROM images LIMIT 1"):
        return
    say(f"Uploading the files of {len(images)} demo images …")
    oldest_first = sorted(images, key=lambda image: image.started)
    for image in oldest_first:
        _put_files(image)
    for site in sorted({image.site for image in images}):
        newest = [image for image in reversed(oldest_first) if image.site == site]
        for channel, image in zip(_CHANNELS, newest, strict=False):
            await_image(site, channel, image.base_filename)
            _put_files(image, "info-images/")
    newest_first = oldest_first[::-1]
    _write_note(newest_first[0])
    _fill_queues(newest_first)
    _write_statuses()
    _wait_until_filed()


def last_whole_night(now: datetime) -> date:
    """Return the local date of the last evening whose night is over at every site."""
    return (now - _NIGHT_IS_OVER_AFTER).date()


def _put_files(image: DemoImage, prefix: str = "data/") -> None:
    for name, path in image.files.items():
        key = f"{prefix}{name}"
        aws.client("s3").put_object(Bucket=os.environ["S3_BUCKET_NAME"], Key=key, Body=path.read_bytes())


def _wait_until_filed() -> None:
    """Wait until the ingester has taken every message of the queue, or has had time enough."""
    deadline = time.monotonic() + _FILE_WITHIN_S
    while queues.waiting(os.environ["INGEST_QUEUE_URL"]) and time.monotonic() < deadline:
        time.sleep(0.1)


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
    for number, image in enumerate(images[:_JOBS]):
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
