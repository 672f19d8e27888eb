"""A made-up network for the benchmark of the console: sites around the Earth that go on sending images."""

import io
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
from PIL import Image

from benchmarks.now import configs
from common import aws
from common.dynamodb import Table
from ingest.thumbnails import HEIGHT
from local.stack import CACHE
from now import answer, reading
from site_configs import store as site_configs
from support.client import ApiClient
from support.image_rows import HEADER, WHOLE_ROW, insert_image_row

HOUR_S = 3600
QUEUES, PIPES = 5, 4
_NOTE = "Clear since dusk, seeing near 2 arcseconds. Thin cirrus expected after midnight."
_PAYLOAD = {"task": "stack", "files": [f"obs000-sq01-20261126-{number:08}" for number in range(6)]}


class Network:
    """Sites, queues and PIPEs behind an API that runs in this process.

    Parameters
    ----------
    api
        A client of the API.
    sites
        Number of sites.
    """

    def __init__(self, api: ApiClient, sites: int) -> None:
        self._api = api
        self._sites = [
            (site, {**config}) for site, config in list(configs().items())[:: 200 // sites][:sites]
        ]
        self._uploads = Table("UPLOADS_LOG_TABLE_NAME")
        self._number = 0
        # The pictures that `make serve` makes; each made-up image is a copy of one.
        self._pictures = [
            (path.read_bytes(), _thumbnail(path)) for path in sorted(CACHE.glob("demo-images-*/*-EX10.jpg"))
        ]

    def fill(self, silent: int = 0) -> None:
        """Store everything. The first sites have been silent for 43 minutes, as many as `silent` says."""
        for site, config in self._sites:
            site_configs.write(site, config)
        for number, (site, _) in enumerate(self._sites):
            age_s = 43 * 60 if number < silent else 20 + 7 * number % 400
            self.expose(site, age_s)
            if number % 3 == 0:
                self._api.post(f"/nightlog/{site}", json={"note_data": {"message": _NOTE, "username": "Ada"}})
        for number in range(QUEUES):
            self._api.post("/pipe/queue", json={"queue_name": f"queue{number}", "max_receives": 4})
            for _ in range(number):
                body = {"queue_name": f"queue{number}", "payload": _PAYLOAD, "sender": "obs000"}
                self._api.post("/pipe/enqueue", json=body)
        self.speak()
        answer.forget()

    def live(self, exposures: int) -> None:
        """Let some sites send an image, one after the other, and all PIPEs their status."""
        for _ in range(exposures):
            site, _config = self._sites[self._number % len(self._sites)]
            self.expose(site, 1)
        self.speak()
        self.forget()

    def forget(self) -> None:
        """Drop what is kept for some seconds: between two polls half a minute passes."""
        reading.forget_uploads()
        answer.forget_answer()

    def speak(self) -> None:
        """Send the status of each PIPE."""
        for number in range(PIPES):
            details = {"load": 0.7, "job": f"queue{number}"}
            self._api.post(
                "/pipe/status", json={"pipe_id": f"pipe{number}", "status": "busy", "details": details}
            )

    def expose(self, site: str, age_s: float) -> None:
        """Store an image of so long ago, with its pictures and its line in the upload log."""
        self._number += 1
        captured = datetime.fromtimestamp(time.time() - age_s, UTC).replace(tzinfo=None)
        name = f"{site}-sq01-{captured:%Y%m%d}-{self._number:08}"
        for picture, level in zip(self._pictures[self._number % len(self._pictures)], (10, 11), strict=True):
            aws.client("s3").put_object(
                Bucket=os.environ["S3_BUCKET_NAME"],
                Key=f"data/{name}-EX{level}.jpg",
                Body=picture,
                ContentType="image/jpeg",
            )
        self._insert({"base_filename": name, "site": site, "capture_date": captured, "sort_date": captured})
        self._uploads.put(
            {
                "site": site,
                "upload_timestamp_s": round(time.time() - age_s, 3),
                "filename": f"data/{name}-EX10.jpg",
                "size_bytes": 90_000,
                "expire_timestamp_s": int(time.time()) + 48 * HOUR_S,
            }
        )

    @staticmethod
    def _insert(columns: dict[str, Any]) -> None:
        connection = psycopg2.connect(os.environ["DATABASE_URL"])
        with connection, connection.cursor() as cursor:
            insert_image_row(cursor, {**WHOLE_ROW, "header": _header(), **columns})
        connection.close()


def _thumbnail(path: Path) -> bytes:
    """Return a picture as small as the ingester makes it."""
    made = io.BytesIO()
    with Image.open(path) as image:
        image.thumbnail((10 * HEIGHT, HEIGHT))
        image.save(made, "JPEG", quality=85)
    return made.getvalue()


def _header() -> str:
    return json.dumps({**HEADER, "OBJECT": "M 51"})
