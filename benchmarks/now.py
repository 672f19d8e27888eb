"""Measure the CPU time of `GET /now` with 200 observatories.

Figures are CPU time of this process, so that the stand-ins for AWS and other programs do not count.
"""

import gzip
import os
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any

import psycopg2

from benchmarks import figures
from common import logs, postgres
from common.presign import get_url
from db.queries import NewestImage
from local import environment, resources
from local.child import Child
from local.deployment import Deployment
from now import answer, handlers, observatories, reading, sky
from now.pipes import PipeState
from now.queues import QueueState
from now.reading import Part, Parts
from support.image_rows import WHOLE_ROW, insert_image_row
from support.seed_data import write_rows

SITES, QUEUES, PIPES = 200, 20, 20
ROUNDS = 30
NOW = 1_795_600_000.0
FILE = "data/mrc1-sq01-20261123-00100724-EX00.txt"
NOTE = {"note_data": {"message": "Clear since dusk, seeing near 2 arcseconds."}}
EVENT = {"httpMethod": "GET", "resource": "/now", "headers": {"accept-encoding": "gzip"}}


def main() -> None:
    """Print medians of CPU time in milliseconds, and keep them."""
    environment.forget_aws()
    logs.set_up()
    logs.logger.setLevel("ERROR")
    os.environ.update(Deployment().environment)
    os.environ.update(AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local")  # noqa: S106 - a stand-in's
    print(f"GET /now, {SITES} observatories, CPU time ({figures.machine()})")
    kept = {**_at_hand(), **_with_backends()}
    for name, milliseconds in kept.items():
        print(f"  {name:58}  {milliseconds:7.2f} ms")
    figures.write("now", figures.rounded(kept))


def configs() -> dict[str, dict[str, Any]]:
    """Return configs of observatories all around the Earth, from 60 degrees south to 60 degrees north."""
    return {
        f"obs{number:03}": {
            "instance_type": "obs",
            "name": f"Observatory {number}",
            "latitude": -60 + 120 * number / SITES,
            "longitude": (number * 47.3) % 360 - 180,
            "elevation": 500,
            "reference_ambient": 10,
            "reference_pressure": 970,
            "TZ_database_name": ("America/Denver", "Europe/London", "Australia/Sydney")[number % 3],
        }
        for number in range(SITES)
    }


def _at_hand() -> dict[str, float]:
    """Measure how the answer is made of rows that were read already."""
    found = _parts()
    get_url("credentials are read first")

    def first(_number: int) -> None:
        sky.forget()
        answer.made_of(found, NOW)

    made = [answer.made_of(found, NOW + 5 * number) for number in range(ROUNDS)]
    text = made[0].text.encode()
    print(f"  {len(text) / 1000:.0f} kB of JSON, {len(gzip.compress(text, 5)) / 1000:.0f} kB gzipped")
    return {
        "the answer, first of a process": _median(first),
        "the answer, later": _median(lambda number: answer.made_of(found, NOW + 5 * number)),
        "its JSON and ETag": _median(lambda number: (made[number].text, made[number].etag)),
        "gzip, for each caller": _median(lambda _number: gzip.compress(text, 5)),
    }


def _parts() -> Parts:
    sites = observatories.sites_of(configs())
    images: dict[str, NewestImage] = {
        site.code: {
            "site": site.code,
            "base_filename": f"{site.code}-sq01-20261123-00100724",
            "data_type": "EX",
            "capture_date": datetime.fromtimestamp(NOW - 600, UTC).replace(tzinfo=None),
            "sort_date": None,
            "jpg_small_exists": True,
        }
        for site in sites
    }
    uploads = {site.code: {"filename": FILE, "upload_timestamp_s": NOW} for site in sites}
    return Parts(
        Part(sites),
        Part(images),
        Part(uploads),
        Part({site.code: NOTE for site in sites}),
        Part([_queue(number) for number in range(QUEUES)]),
        Part([_pipe(number) for number in range(PIPES)]),
    )


def _queue(number: int) -> QueueState:
    return {
        "queue_name": f"queue{number}",
        "waiting": 5,
        "leased": 1,
        "dead": 0,
        "more": False,
        "oldest_age_ms": 1000,
        "oldest_waiting_at": int(NOW * 1000),
        "paused": False,
        "stuck": [],
    }


def _pipe(number: int) -> PipeState:
    return {"pipe_id": f"pipe{number}", "status": "idle", "last_updated": int(NOW * 1000), "age_s": 0}


def _with_backends() -> dict[str, float]:
    """Measure whole requests, with DynamoDB by moto and a real PostgreSQL."""
    modules = {"AWS_ENDPOINT_URL": "local.aws_server", "DATABASE_URL": "local.postgres_server"}
    children = {name: Child(module) for name, module in modules.items()}
    try:
        os.environ.update({name: child.ready["url"] for name, child in children.items()})
        resources.make_tables(Deployment())
        _fill()
        _request(0)
        return {
            "a request that reads all but the sites, every 15 s": _median(_read_all),
            "a request that reads all but sites and uploads, every 5 s": _median(_read_again),
            "a request within 5 s": _median(_request),
        }
    finally:
        postgres.close_idle()
        for child in children.values():
            child.stop()


def _fill() -> None:
    from db import schema

    schema.apply(os.environ["DATABASE_URL"])
    rows = [{"site": site, "configuration": config} for site, config in configs().items()]
    write_rows("CONFIG_TABLE_NAME", rows)
    now = round(time.time(), 3)
    for site in configs():
        write_rows("UPLOADS_LOG_TABLE_NAME", [{"site": site, "upload_timestamp_s": now, "filename": FILE}])
    write_rows("NIGHT_LOG_TABLE", [{"site": site, **NOTE} for site in configs()])
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    with connection, connection.cursor() as cursor:
        for site in configs():
            insert_image_row(cursor, {**WHOLE_ROW, "site": site})
    connection.close()


def _request(_number: int) -> None:
    response = handlers.get_now(EVENT, None)
    assert response["statusCode"] == HTTPStatus.OK, response


def _read_all(number: int) -> None:
    reading.forget_uploads()
    _read_again(number)


def _read_again(number: int) -> None:
    answer.forget_answer()
    _request(number)


def _median(function: Callable[[int], object]) -> float:
    return statistics.median(_once(partial(function, number)) for number in range(ROUNDS))


def _once(function: Callable[[], object]) -> float:
    start = time.process_time()
    function()
    return (time.process_time() - start) * 1000


if __name__ == "__main__":
    main()
