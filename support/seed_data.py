"""Seed data for the cost cases and the benchmarks: the demo network's six sites and more."""

import json
import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import psycopg2
import pytest

from auth import site_keys
from auth.site_keys import SITE, Holder
from common import aws, postgres, settings
from common.dynamodb import BATCH_ROWS, serialised
from info_images.store import await_image
from ingest import info_images
from ingest.file_names import parse_key
from local.demo.configs import site_configurations
from now import answer, reading
from site_configs import listings
from site_configs import store as site_configs
from support.client import ApiClient
from support.image_rows import HEADER, WHOLE_ROW, insert_image_row
from support.images import packed, put, sky
from support.legacy_queue import TABLE, write_legacy_items

UPLOADS = 50
IMAGES = 6
EVENING = datetime(2024, 1, 10, 3)  # noqa: DTZ001 - the table's times are UTC without saying so
FILE = "mrc1-sq01-20240110-{:08d}-EX10.fits.fz"
LARGE_FILE = "mrc1-sq01-20240110-{:08d}-EX{}.fits.fz"
QUEUE = "stacks"


class SeedData:
    """The stored data, and a client of the API.

    Attributes
    ----------
    api, headers
        The caller, and a header with a user's token.
    key
        A header with a key of mrc1, once `protect` was called.
    leased
        What ends the lease of the queue's item: `id` and `lease_id`, once `lease` was called.
    """

    def __init__(self, api: ApiClient, token: str, patch: pytest.MonkeyPatch) -> None:
        self.api = api
        self._patch = patch
        self.headers = {"Authorization": f"Bearer {token}"}
        self.key: dict[str, str] = {}
        self.leased: dict[str, str] = {}

    def fill(self) -> None:
        """Store six sites, secrets, a note, a status and a queue."""
        for site, config in site_configurations().items():
            site_configs.write(site, config)
        url = os.environ["DATABASE_URL"]
        aws.client("ssm").put_parameter(Name="db-url", Value=url, Type="SecureString", Overwrite=True)
        self._post("/nightlog/mrc1", {"note_data": "Clear."})
        self._post("/pipe/status", {"pipe_id": "pipe1", "status": "idle"})
        self.api.post("/pipe/queue", json={"queue_name": QUEUE})

    def warm_up(self) -> None:
        """Fill the caches of this process."""
        for path in (
            "/control_room/mrc1",
            "/latest_image_all_sites",
            "/all/config",
            "/pipe/queues",
            "/pipe/statuses",
            "/now",
        ):
            self.api.get(path).raise_for_status()

    def cool_down(self) -> None:
        """Clear the caches of this process, as in a new process."""
        self._patch.delenv("DATABASE_URL")
        postgres.close_idle()
        settings.secret.cache_clear()
        site_configs.forget_site_codes()
        listings.forget()
        site_keys.forget()
        answer.forget()

    def read_again(self) -> None:
        """Let the cached answer of `/now` and the cached uploads expire."""
        reading.forget_uploads()
        answer.forget_answer()

    def read_answer_again(self) -> None:
        """Let the cached answer of `/now` expire."""
        answer.forget_answer()

    def log_uploads(self) -> None:
        """Log 50 uploads of each of two sites."""
        for site in ("mrc1", "aro1"):
            write_rows("UPLOADS_LOG_TABLE_NAME", (upload(site, number) for number in range(UPLOADS)))

    def insert_images(self) -> None:
        """Store six images of mrc1 and no others. The last three are a smart stack."""
        connection = psycopg2.connect(os.environ["DATABASE_URL"])
        with connection, connection.cursor() as cursor:
            cursor.execute("TRUNCATE images")
            for number in range(1, IMAGES + 1):
                insert_image_row(cursor, _row(number))
        connection.close()

    def store_files(self) -> None:
        """Store the FITS files of mrc1's images."""
        content = packed(sky().astype("u2"))
        for number in range(1, IMAGES + 1):
            put(f"data/{FILE.format(number)}", content)

    def store_large_files(self) -> None:
        """Store the large FITS files of mrc1's images, at level 00 as real sites do."""
        for number in range(1, IMAGES + 1):
            put(f"data/{LARGE_FILE.format(number, '00')}", packed(sky().astype("u2")))

    def show_info_image(self) -> None:
        """Show an image on the first channel of mrc1."""
        file = parse_key(f"info-images/{FILE.format(1).replace('fits.fz', 'jpg')}")
        assert file
        await_image(file.site, 1, file.base_filename)
        info_images.add_file(file, 1, file.kind, file.key)
        info_images.add_header(file, 1, HEADER)

    def put_items(self, count: int) -> None:
        """Put items into the queue as the earlier service did, in batches."""
        write_legacy_items(QUEUE, count)

    def lease(self, query: str = "") -> None:
        """Lease the first item."""
        item = self.api.post(f"/pipe/queue/{QUEUE}/dequeue?lease_seconds=600{query}").json()
        self.leased = {"id": item["id"], "lease_id": item["lease_id"]}

    def lease_for_attempt(self) -> None:
        """Lease the first item with an attempt id."""
        self.lease("&attempt_id=a1")

    def protect(self) -> None:
        """Protect writes, and issue a site key of mrc1."""
        self._patch.setenv("WRITE_ACCESS", "protected")
        self.key = {"x-site-key": site_keys.hand_out(Holder(SITE, "mrc1"))}
        site_keys.forget()

    def forget_adoption(self) -> None:
        """Reset the queues' table to the state before its legacy import."""
        TABLE.delete({"pk": "ADOPTED", "sk": "ADOPTED"})

    def _post(self, path: str, body: dict[str, Any]) -> None:
        self.api.post(path, json=body).raise_for_status()


def upload(site: str, number: int) -> dict[str, Any]:
    """Return a row of the upload log."""
    return {
        "site": site,
        "upload_timestamp_s": 1_760_000_000 + number,
        "filename": FILE.format(number),
        "size_bytes": 10_000_000 + number,
        "expire_timestamp_s": 1_760_600_000 + number,
    }


def write_rows(setting: str, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows in batches into the table that an environment variable names."""
    puts: list[Any] = [{"PutRequest": {"Item": serialised(row)}} for row in rows]
    for start in range(0, len(puts), BATCH_ROWS):
        batch = puts[start : start + BATCH_ROWS]
        aws.client("dynamodb").batch_write_item(RequestItems={os.environ[setting]: batch})


def _row(number: int) -> dict[str, Any]:
    stacked = number > IMAGES - 3
    cards = {"SMARTSTK": "77" if stacked else "no", "SSTKNUM": str(number)}
    when = EVENING + timedelta(minutes=number)
    return {
        **WHOLE_ROW,
        "base_filename": FILE.format(number).removesuffix("-EX10.fits.fz"),
        "capture_date": when,
        "sort_date": when,
        "fits_10_exists": True,
        "header": json.dumps(HEADER | cards),
    }
