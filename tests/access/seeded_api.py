"""An API in which every route has something to read or to change, and a way to see whether it changed."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from common import aws
from local.deployment import Deployment
from local.remotehq import RemoteHq
from support.client import ApiClient

PATH = {
    "site": "mrc1",
    "channel": "1",
    "base_filename": "mrc1-sq01-20260101-00000001",
    "n": "1",
    "queue_name": "jobs",
    "pipe_id": "pipe1",
    "asset": "console.js",
    "id": "mrc1-sq01-20260101-00000001-EX",
}
CONFIG = {
    "latitude": 34.459375,
    "longitude": -119.681172,
    "elevation": 317.75,
    "reference_ambient": 10.0,
    "reference_pressure": 977.83,
    "TZ_database_name": "America/Los_Angeles",
}


def _through_open_doors(fill: Callable[["SeededApi"], None]) -> Callable[["SeededApi"], None]:
    def opened(seeded: "SeededApi") -> None:
        with pytest.MonkeyPatch.context() as doors:
            doors.setenv("WRITE_ACCESS", "open")
            fill(seeded)

    return opened


class SeededApi:
    """What the API stores.

    Attributes
    ----------
    leased
        An item of the queue "jobs" that a worker holds: `id` and `lease_id`.
    """

    def __init__(self, api: ApiClient, deployment: Deployment, remotehq: RemoteHq) -> None:
        self._api = api
        self._tables = [table["TableName"] for table in deployment.tables]
        self._remotehq = remotehq
        self.leased: dict[str, str] = {}

    def fill(self) -> None:
        """Fill everything again."""
        self.fill_site()
        self.fill_queue()

    @_through_open_doors
    def fill_site(self) -> None:
        """Store a config, a note and a control room."""
        self._api.put("/mrc1/config", json=CONFIG).raise_for_status()
        self._api.post("/nightlog/mrc1", json={"note_data": "Clear."}).raise_for_status()
        self._api.get("/control_room/mrc1").raise_for_status()

    @_through_open_doors
    def fill_queue(self) -> None:
        """Make a queue with a waiting, a leased and a dead item, and a status."""
        self._api.post("/pipe/status", json={"pipe_id": "pipe1", "status": "idle"}).raise_for_status()
        self._api.delete("/pipe/queue/jobs")
        self._api.post("/pipe/queue", json={"queue_name": "jobs", "max_receives": 1}).raise_for_status()
        for _ in range(3):
            self._api.post("/pipe/enqueue", json={"queue_name": "jobs", "payload": {}}).raise_for_status()
        dead = self._lease()
        self._api.post("/pipe/queue/jobs/nack", json=dead).raise_for_status()
        self.leased = self._lease()

    def state(self) -> Any:
        """Every row of every table, what RemoteHQ has, and what it was asked."""
        dynamodb = aws.client("dynamodb")
        rows = [dynamodb.scan(TableName=name)["Items"] for name in self._tables]
        return rows, list(self._remotehq.calls)

    def _lease(self) -> dict[str, str]:
        answer = self._api.post("/pipe/queue/jobs/dequeue?lease_seconds=600")
        answer.raise_for_status()
        item = answer.json()
        return {"id": item["id"], "lease_id": item["lease_id"]}


def _fresh() -> str:
    """A text that was never stored before, so that storing it changes something."""
    return uuid.uuid4().hex


# The query and body of a typical request to each route.
BODIES: dict[str, Callable[[SeededApi], dict[str, Any]]] = {
    "POST /upload": lambda _: {
        "json": {"object_name": f"mrc1-{_fresh()}-EX10.jpg", "s3_directory": "info-images"}
    },
    "POST /download": lambda _: {"json": {"object_name": "mrc1-a-EX01.fits.fz", "image_type": "jpg"}},
    "POST /downloadzip": lambda _: {
        "json": {"site": "mrc1", "start_timestamp_s": 0, "end_timestamp_s": 1, "fits_size": "best"}
    },
    "GET /recentuploads": lambda _: {"params": {"site": "mrc1"}},
    "PUT /{site}/config": lambda _: {"json": {"name": _fresh()}},
    "PUT /all/config": lambda _: {"json": {"name": _fresh()}},
    "POST /new_remotehq_browser": lambda _: {"json": {}},
    "POST /nightlog/{site}": lambda _: {"json": {"note_data": _fresh()}},
    "POST /pipe/queue": lambda _: {"json": {"queue_name": _fresh()}},
    "POST /pipe/enqueue": lambda _: {"json": {"queue_name": "jobs", "payload": {}}},
    "PUT /pipe/queue/{queue_name}": lambda _: {"json": {"max_receives": 1 + int(_fresh(), 16) % 1000}},
    "POST /pipe/queue/{queue_name}/ack": lambda seeded: {"json": seeded.leased},
    "POST /pipe/queue/{queue_name}/nack": lambda seeded: {"json": seeded.leased},
    "POST /pipe/queue/{queue_name}/extend": lambda seeded: {"json": {**seeded.leased, "lease_seconds": 900}},
    "POST /pipe/status": lambda _: {"json": {"pipe_id": "pipe1", "status": _fresh()}},
    "GET /events": lambda _: {"params": {"site": "mrc1"}},
    "GET /events/plot": lambda _: {"params": {"site": "mrc1"}},
    "GET /events/visibility": lambda _: {"params": {"site": "mrc1", "ra": 10, "dec": 41}},
    "GET /events/moon/rise-set-illum": lambda _: {
        "params": {"lat": 34, "lng": -119, "start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}
    },
}
