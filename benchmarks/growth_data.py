"""Store data of a given size, and build the requests whose cost may depend on it."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2

from benchmarks import image_rows
from common import aws
from db import arguments
from local.demo.configs import site_configurations
from pipe_queue import queues, reports
from pipe_queue.store import dead_letters
from remotehq import daily_restart
from remotehq import store as rooms
from site_configs import listings
from site_configs import store as site_configs
from support.cost_cases import RESTART_TIME, Step, call, get, post
from support.images import packed, put, sky
from support.legacy_queue import write_legacy_items
from support.seed_data import FILE, QUEUE, SeedData, write_rows

FIRST_S = 1_704_844_800  # 2024-01-10 00:00 UTC
FILE_BYTES = 50_000
BIG_QUEUE, DEAD_QUEUE = "big", "failing"


def always(what: Any) -> Callable[[int], Any]:
    """Return the same at any size."""
    return lambda _size: what


def grow_sites(_seed: SeedData, count: int) -> None:
    """Store `count` more sites than the demo has, each with a config of 12 KB and an image."""
    config = site_configurations()["mrc1"]
    codes = [f"site{number:04d}" for number in range(count)]
    write_rows("CONFIG_TABLE_NAME", ({"site": code, "configuration": config} for code in codes))
    # The rows were written past the API. A site that goes and comes renews what is kept.
    site_configs.delete(codes[-1])
    site_configs.write(codes[-1], config)
    site_configs.forget_site_codes()
    with _cursor() as cursor:
        cursor.execute("TRUNCATE images")
        cursor.execute(
            """INSERT INTO images (base_filename, data_type, site, sort_date, jpg_medium_exists)
            SELECT code || '-sq01-20240110-00000001', 'EX', code, now(), true
            FROM unnest(%s) AS codes (code)""",
            [codes],
        )
        cursor.execute("ANALYZE images")


def grow_rows(_seed: SeedData, count: int) -> None:
    """Replace the image table's rows with `count` rows of `benchmarks.image_rows`."""
    with _cursor() as cursor:
        cursor.execute("TRUNCATE images")
        image_rows.load(cursor.connection, count)


def grow_files(_seed: SeedData, count: int) -> None:
    """Store `count` images of mrc1, one second apart, each with a small FITS file."""
    with _cursor() as cursor:
        cursor.execute("TRUNCATE images")
        for number in range(count):
            put(f"data/{FILE.format(number)}", os.urandom(FILE_BYTES))
            cursor.execute(
                """INSERT INTO images (base_filename, data_type, site, capture_date, fits_10_exists)
                VALUES (%s, 'EX', 'mrc1', %s, true)""",
                [FILE.format(number).removesuffix("-EX10.fits.fz"), _moment(number)],
            )


def grow_queues(seed: SeedData, count: int) -> None:
    """Create `count` queues of ten items each."""
    for number in range(count):
        if seed.api.post("/pipe/queue", json={"queue_name": f"queue{number}"}).ok:
            write_legacy_items(f"queue{number}", 10)


def report_queues(_seed: SeedData) -> None:
    """Measure all queues, as the scheduled function does."""
    reports.of_every_queue()


def grow_statuses(_seed: SeedData, count: int) -> None:
    """Store the statuses of `count` machines."""
    names = [f"pipe{number:04d}" for number in range(count)]
    status = {"status": "busy", "last_updated": FIRST_S * 1000, "details": {"job": "stack", "done": 0.5}}
    rows = ({"pk": "STATUSES", "sk": name, "pipe_id": name, **status} for name in names)
    write_rows("PIPE_QUEUE_TABLE_NAME", rows)


def grow_dead_letters(seed: SeedData, count: int) -> None:
    """Store `count` dead letters in a queue."""
    seed.api.post("/pipe/queue", json={"queue_name": DEAD_QUEUE, "max_receives": 3})
    queue = queues.existing(DEAD_QUEUE)
    ids = [f"{queue.generation:013d}_{number:012d}" for number in range(count)]
    write_rows("PIPE_QUEUE_TABLE_NAME", (_dead_letter(queue, item_id) for item_id in ids))


def _dead_letter(queue: queues.Queue, item_id: str) -> dict[str, Any]:
    return {
        **dead_letters.dead_key(queue.name, item_id),
        "id": item_id,
        "generation": queue.generation,
        "payload": {"job": "stack"},
        "sender": "mrc1",
        "created_at": FIRST_S * 1000,
        "receives": 3,
        "dead_at": FIRST_S * 1000,
    }


def grow_image(_seed: SeedData, megapixels: int) -> None:
    """Store a FITS file with an image of this many megapixels."""
    side = round((megapixels * 1e6) ** 0.5)
    put(f"data/{FILE.format(0)}", packed(sky(side, side).astype("u2")))


def page(number: int) -> Step:
    """Return the request for page `number` of a site's newest images, with a hundred images a page."""
    query = {"after": arguments.position_text(_position((number - 1) * 100))} if number > 1 else {}
    return get(f"/{image_rows.BUSY_SITE}/latest_images/100", **query)


def _position(place: int) -> tuple[datetime, int]:
    with _cursor() as cursor:
        cursor.execute(
            """SELECT sort_date, image_id FROM images WHERE site = %s
            ORDER BY sort_date DESC, image_id DESC OFFSET %s LIMIT 1""",
            [image_rows.BUSY_SITE, place - 1],
        )
        position: tuple[datetime, int] = cursor.fetchone()
        return position


def grow_rooms(_seed: SeedData, count: int) -> None:
    """Store `count` sites with a control room, all in one time zone."""
    for number in range(count):
        code = f"room{number:03d}"
        site_configs.write(code, {"TZ_database_name": "America/Los_Angeles"})
        rooms.write({"site": code, "slug": f"control-room-{code}", "room_id": code, "url": "", "config": {}})


def fill_big_queue(size: int) -> tuple[Step, ...]:
    """Return the steps that create a queue of `size` items."""
    return (post("/pipe/queue", {"queue_name": BIG_QUEUE}), lambda _: write_legacy_items(BIG_QUEUE, size))


def put_config(size: int) -> Step:
    """Return the request to store a config of `size` kB."""
    return call("PUT", "/mrc1/config", json={"text": "a" * (size * 1000), "numbers": [1.5] * size})


def zip_of(size: int) -> Step:
    """Return the request for a zip of `size` files."""
    span = {"start_timestamp_s": FIRST_S, "end_timestamp_s": FIRST_S + size - 1}
    return post("/downloadzip", {"site": "mrc1", "fits_size": "small", **span})


def forget_downloads(_seed: SeedData) -> None:
    """Delete every file that was made for a download."""
    client, bucket = aws.client("s3"), os.environ["S3_BUCKET_NAME"]
    for entry in client.list_objects_v2(Bucket=bucket, Prefix="downloads/").get("Contents", []):
        client.delete_object(Bucket=bucket, Key=entry["Key"])


def moon(days: int) -> Step:
    """Return the request for `days` days of the Moon."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return get(
        "/events/moon/rise-set-illum",
        lat=34.459,
        lng=-119.681,
        start=f"{start:%Y-%m-%dT%H:%M:%SZ}",
        end=f"{start + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}",
    )


def restart_rooms(_size: int) -> Step:
    """Return a run of the hourly schedule."""
    return lambda _seed: daily_restart.restart_rooms(RESTART_TIME, lambda: 900_000)


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(FIRST_S + second, UTC).replace(tzinfo=None)


@contextmanager
def _cursor() -> Iterator[Any]:
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        yield cursor
    connection.close()


def forget_copies(_seed: SeedData) -> None:
    """Clear what this process keeps of configs and site codes, as in a new process."""
    site_configs.forget_site_codes()
    listings.forget()


def change_config(_seed: SeedData) -> None:
    """Change the config of a site."""
    site_configs.write("mrc1", {"changed_at": time.time()})


def poll(path: str) -> tuple[Step, Step]:
    """Return a request with the ETag of the response before, and the request that gets that ETag."""
    etags: list[str] = []

    def first(seed: SeedData) -> None:
        etags.append(seed.api.get(path).headers["ETag"])

    return lambda seed: seed.api.get(path, headers={"If-None-Match": etags[-1]}), first


def grow_queue(seed: SeedData, count: int) -> None:
    """Store at least `count` items in the queue."""
    write_legacy_items(QUEUE, count)
    seed.api.get("/pipe/queues")


def put_item(seed: SeedData) -> None:
    """Enqueue an item, so that a dequeue leaves the queue as long as it was."""
    seed.api.post("/pipe/enqueue", json={"queue_name": QUEUE}).raise_for_status()


def lease_and_acknowledge(seed: SeedData) -> Any:
    """Lease an item and acknowledge it."""
    seed.lease()
    return seed.api.post(f"/pipe/queue/{QUEUE}/ack", json=seed.leased)
