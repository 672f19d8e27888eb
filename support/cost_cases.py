"""The request and the stored data of each case in costs.yaml."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from api.pieces import PIECE_BYTES
from local.invocation import LambdaContext
from remotehq import handlers
from support import pieces
from support.seed_data import FILE, LARGE_FILE, QUEUE, SeedData

Step = Callable[[SeedData], Any]
DEEP = 200
# Five past three in the afternoon at the demo network's enclosure mrc, and at no other.
RESTART_TIME = datetime(2026, 1, 15, 23, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """One case of a route's cost.

    Attributes
    ----------
    ask
        Sends the request that is counted, and returns the response.
    before
        Done beforehand, uncounted.
    status
        The status that it must have.
    depths
        How many items the queue has; the cost must be the same at each.
    """

    ask: Step
    before: tuple[Step, ...] = ()
    status: int = 200
    depths: tuple[int, ...] = (0,)


def call(method: str, path: str, **more: Any) -> Step:
    """Return a request. `more` goes to `requests`; `token=True` sends the user's token."""
    token = more.pop("token", False)

    def ask(seed: SeedData) -> requests.Response:
        return seed.api.request(method, path, headers=seed.headers if token else None, **more)

    return ask


def get(path: str, **query: Any) -> Step:
    return call("GET", path, params=query)


def post(path: str, body: Any = None, **more: Any) -> Step:
    return call("POST", path, json=body, **more)


def with_key(method: str, path: str, body: Any) -> Step:
    return lambda seed: seed.api.request(method, path, json=body, headers=seed.key)


def end(how: str, **more: Any) -> Step:
    return lambda seed: seed.api.post(f"/pipe/queue/{QUEUE}/{how}", json={**seed.leased, **more})


def pieces_of(content: bytes) -> dict[str, Any]:
    """Return the body of a request that announces a file in pieces."""
    return {"object_name": "mrc1-a-EX01.fits.fz", "pieces": pieces.announced(content)}


def send_pieces(content: bytes) -> Step:
    """Return a step that sends all pieces of a file."""

    def send(seed: SeedData) -> None:
        for wanted in seed.api.post("/upload", json=pieces_of(content)).json()["pieces"]["missing"]:
            piece = pieces.cut(content)[wanted["number"]]
            requests.put(wanted["url"], data=piece, headers=wanted["headers"], timeout=10).raise_for_status()

    return send


def dead_letter(seed: SeedData) -> None:
    """Create a queue "strict" with a dead letter."""
    seed.api.post("/pipe/queue", json={"queue_name": "strict", "max_receives": 1})
    seed.api.post("/pipe/enqueue", json={"queue_name": "strict"})
    held = seed.api.post("/pipe/queue/strict/dequeue?lease_seconds=600").json()
    ending = {"id": held["id"], "lease_id": held["lease_id"]}
    seed.api.post("/pipe/queue/strict/nack", json=ending).raise_for_status()


def leases(count: int) -> tuple[Step, ...]:
    return (SeedData.lease,) * count


def hourly(_: SeedData) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handlers, "datetime", _Afternoon)
        context = LambdaContext("hourly", deadline=time.monotonic() + 900)
        assert handlers.restart_control_rooms_hourly({}, context) == ["mrc1"]


class _Afternoon(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return RESTART_TIME.astimezone(tz)


IMAGE = FILE.format(1).removesuffix("-EX10.fits.fz")
TIFF = {"object_name": FILE.format(1), "image_type": "tif"}
FITS = {"object_name": FILE.format(1), "image_type": "fits"}
NIGHT = {"start_date": "2024-01-10 00:00:00", "end_date": "2024-01-10 12:00:00"}
ZIP = {"site": "mrc1", "start_timestamp_s": 1704850000, "end_timestamp_s": 1704870000, "fits_size": "small"}
MOON = {"lat": 34, "lng": -119, "start": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"}
INFO_IMAGE = {"object_name": "mrc1-a-EX10.jpg", "s3_directory": "info-images"}
LARGE_ZIP = {**ZIP, "fits_size": "large"}
LARGE_00, LARGE_01 = ({"object_name": LARGE_FILE.format(1, level)} for level in ("00", "01"))
ZIPPABLE = (SeedData.insert_images, SeedData.store_files)
IMAGES = (SeedData.insert_images,)
ITEM = {"queue_name": QUEUE}
ONCE = {**ITEM, "dedup_id": "d1"}
DEQUEUE = f"/pipe/queue/{QUEUE}/dequeue"
NETWORK = (SeedData.insert_images, SeedData.log_uploads)
# Two parts.
NINE_MIB = bytes(9 * PIECE_BYTES)
SMALL_CONFIG = call("PUT", "/mrc1/config", json={"name": "x"})
STATUS = {"pipe_id": "pipe1", "status": "busy"}
FLAT = (1, DEEP)

CASES: dict[str, dict[str, Case]] = {
    "GET /": {"always": Case(get("/"))},
    "POST /dummy-requires-auth": {"a user": Case(post("/dummy-requires-auth", token=True))},
    "POST /upload": {
        "a file": Case(post("/upload", {"object_name": "mrc1-a-EX01.fits.fz"})),
        "an info image": Case(post("/upload", INFO_IMAGE)),
        "protected, a user": Case(post("/upload", INFO_IMAGE, token=True), (SeedData.protect,)),
        "protected, a site key": Case(
            with_key("POST", "/upload", INFO_IMAGE),
            (SeedData.protect, with_key("POST", "/upload", INFO_IMAGE)),
        ),
        "protected, the first site key of a minute": Case(
            with_key("POST", "/upload", INFO_IMAGE), (SeedData.protect,)
        ),
        "in pieces, the first request": Case(post("/upload", pieces_of(NINE_MIB))),
        "in pieces, the last request of nine": Case(
            post("/upload", pieces_of(NINE_MIB)), (send_pieces(NINE_MIB),)
        ),
        "in pieces, a request after the last one": Case(
            post("/upload", pieces_of(NINE_MIB)),
            (send_pieces(NINE_MIB), post("/upload", pieces_of(NINE_MIB))),
        ),
    },
    "POST /download": {
        "a file as it is": Case(
            post("/download", {"object_name": FILE.format(1), "image_type": "fz01"}), (SeedData.store_files,)
        ),
        "a TIFF, made": Case(post("/download", TIFF), (SeedData.store_files,)),
        "a TIFF, made before": Case(post("/download", TIFF), (SeedData.store_files, post("/download", TIFF))),
        "a large FITS as it is, stored at the other level": Case(
            post("/download", {**LARGE_01, "image_type": "fz01"}), (SeedData.store_large_files,)
        ),
        "a large FITS, made": Case(post("/download", LARGE_00), (SeedData.store_large_files,)),
        "a large FITS, made, stored at the other level": Case(
            post("/download", LARGE_01), (SeedData.store_large_files,)
        ),
        "a FITS, made": Case(post("/download", FITS), (SeedData.store_files,)),
        "a FITS, made before": Case(post("/download", FITS), (SeedData.store_files, post("/download", FITS))),
    },
    "POST /downloadzip": {
        "six large files, stored as 00, packed": Case(
            post("/downloadzip", LARGE_ZIP), (SeedData.insert_images, SeedData.store_large_files)
        ),
        "six files, packed": Case(post("/downloadzip", ZIP), ZIPPABLE),
        "six files, packed before": Case(post("/downloadzip", ZIP), (*ZIPPABLE, post("/downloadzip", ZIP))),
        "no files": Case(post("/downloadzip", {**ZIP, "site": "aro1"}), status=404),
    },
    "GET /recentuploads": {
        "50 of a site": Case(get("/recentuploads", site="mrc1"), (SeedData.log_uploads,)),
        "the newest 10 of a site": Case(
            get("/recentuploads", site="mrc1", limit=10), (SeedData.log_uploads,)
        ),
        "100 of all sites": Case(get("/recentuploads", site="all"), (SeedData.log_uploads,)),
    },
    "GET /infoimage/{site}/{channel}": {
        "an image": Case(get("/infoimage/mrc1/1"), (SeedData.show_info_image,)),
        "none, of a site with a config": Case(get("/infoimage/mrc1/2"), status=204),
        "an unknown site": Case(get("/infoimage/nowhere/1"), status=404),
        "no such channel": Case(get("/infoimage/mrc1/4"), status=404),
    },
    "GET /image/{base_filename}": {
        "an image": Case(get(f"/image/{IMAGE}"), IMAGES),
        "the first request of a process": Case(get(f"/image/{IMAGE}"), (*IMAGES, SeedData.cool_down)),
    },
    "GET /{site}/latest_images/{n}": {"three images": Case(get("/mrc1/latest_images/3"), IMAGES)},
    "GET /latest_image_all_sites": {
        "six sites": Case(get("/latest_image_all_sites"), IMAGES),
        "six sites, the first request in 30 s": Case(
            get("/latest_image_all_sites"), (*IMAGES, SeedData.cool_down)
        ),
        "six sites, after a site came": Case(
            get("/latest_image_all_sites"), (*IMAGES, call("PUT", "/new1/config", json={}))
        ),
    },
    "GET /fitsheader/{base_filename}": {"a header": Case(get(f"/fitsheader/{IMAGE}"), IMAGES)},
    "GET /filtered_images": {
        "a site": Case(get("/filtered_images", site="mrc1"), IMAGES),
        "a night": Case(get("/filtered_images", site="mrc1", **NIGHT), IMAGES),
        "two images, read on past a smart stack": Case(get("/filtered_images", site="mrc1", limit=2), IMAGES),
        "an invalid date": Case(get("/filtered_images", site="mrc1", start_date="soon"), status=400),
        "a place": Case(get("/filtered_images", ra=83.82, dec=-5.391), IMAGES),
        "a place that is not complete": Case(get("/filtered_images", ra=83.82), status=400),
    },
    "GET /vo/sia2": {
        "a circle": Case(get("/vo/sia2", POS="CIRCLE 83.82 -5.391 1"), IMAGES),
        "everything": Case(get("/vo/sia2"), IMAGES),
        "no rows": Case(get("/vo/sia2", MAXREC=0), IMAGES),
    },
    "GET /vo/capabilities": {"always": Case(get("/vo/capabilities"))},
    "GET /vo/sia2/capabilities": {"always": Case(get("/vo/sia2/capabilities"))},
    "GET /vo/availability": {"always": Case(get("/vo/availability"))},
    "GET /vo/file/{id}": {
        "an image that has only a small file": Case(
            call("GET", f"/vo/file/{IMAGE}-EX", allow_redirects=False), ZIPPABLE, status=303
        ),
        "an unknown image": Case(get("/vo/file/none"), status=404),
    },
    "GET /{site}/config": {"a config": Case(get("/mrc1/config"))},
    "GET /all/config": {
        "six configs": Case(get("/all/config")),
        "six configs, the first request of a process": Case(get("/all/config"), (SeedData.cool_down,)),
        "six configs, after a change": Case(get("/all/config"), (SMALL_CONFIG,)),
    },
    "PUT /{site}/config": {
        "a small config": Case(SMALL_CONFIG),
        "the same config again": Case(SMALL_CONFIG, (SMALL_CONFIG,)),
        "a site's first config": Case(call("PUT", "/new1/config", json={"name": "x"})),
    },
    "PUT /all/config": {"refused": Case(call("PUT", "/all/config", json={"name": "x"}), status=400)},
    "DELETE /{site}/config": {
        "a config": Case(call("DELETE", "/mrc1/config")),
        "none": Case(call("DELETE", "/new1/config")),
    },
    "DELETE /all/config": {"refused": Case(call("DELETE", "/all/config"), status=400)},
    "POST /new_remotehq_browser": {
        "a browser": Case(post("/new_remotehq_browser", {}, token=True)),
        "the first request of a process": Case(
            post("/new_remotehq_browser", {}, token=True), (SeedData.cool_down,)
        ),
    },
    "GET /control_room/{site}": {
        "a room": Case(get("/control_room/mrc1")),
        "none yet": Case(get("/control_room/aro1")),
    },
    "DELETE /control_room/{site}": {
        "a room": Case(call("DELETE", "/control_room/mrc1")),
        "none": Case(call("DELETE", "/control_room/aro1")),
    },
    "GET /control_room/{site}/restart": {"a room": Case(get("/control_room/mrc1/restart"))},
    "every hour": {"one room, of six sites": Case(hourly)},
    "GET /nightlog/{site}": {
        "a note": Case(get("/nightlog/mrc1")),
        "its last notes": Case(get("/nightlog/mrc1?history=20")),
    },
    "POST /nightlog/{site}": {"a note": Case(post("/nightlog/mrc1", {"note_data": "Clear all night."}))},
    "DELETE /nightlog/{site}": {"a note": Case(call("DELETE", "/nightlog/mrc1", token=True), status=204)},
    "POST /pipe/queue": {"a new queue": Case(post("/pipe/queue", {"queue_name": "new"}))},
    "POST /pipe/enqueue": {
        "an item": Case(post("/pipe/enqueue", ITEM), depths=FLAT),
        "with dedup_id": Case(post("/pipe/enqueue", ONCE), depths=FLAT),
        "with dedup_id, repeated": Case(
            post("/pipe/enqueue", ONCE), (post("/pipe/enqueue", ONCE),), depths=FLAT
        ),
    },
    "GET /pipe/queue/{queue_name}": {"ten items": Case(get(f"/pipe/queue/{QUEUE}"), depths=(10, DEEP))},
    "POST /pipe/queue/{queue_name}/dequeue": {
        "an item": Case(post(DEQUEUE), depths=FLAT),
        "an item, with attempt_id": Case(post(DEQUEUE, params={"attempt_id": "a1"}), depths=FLAT),
        "an item, with attempt_id, repeated": Case(
            post(DEQUEUE, params={"attempt_id": "a1"}),
            (post(DEQUEUE, params={"attempt_id": "a1"}),),
            depths=FLAT,
        ),
        "on a lease": Case(post(DEQUEUE, params={"lease_seconds": 60}), depths=FLAT),
        "on a lease, with attempt_id": Case(
            post(DEQUEUE, params={"lease_seconds": 60, "attempt_id": "a1"}), depths=FLAT
        ),
        "on a lease, with attempt_id, repeated": Case(
            post(DEQUEUE, params={"lease_seconds": 60, "attempt_id": "a1"}),
            (post(DEQUEUE, params={"lease_seconds": 60, "attempt_id": "a1"}),),
            depths=FLAT,
        ),
        "behind 7 leases": Case(post(DEQUEUE), leases(7), depths=(20, DEEP)),
        "behind 8 leases": Case(post(DEQUEUE), leases(8), depths=(20, DEEP)),
        "behind 16 leases": Case(post(DEQUEUE), leases(16), depths=(20, DEEP)),
        "an empty queue": Case(post(DEQUEUE), status=404),
        "an empty queue, with attempt_id": Case(post(DEQUEUE, params={"attempt_id": "a1"}), status=404),
    },
    "POST /pipe/queue/{queue_name}/ack": {
        "a leased item": Case(end("ack"), (post("/pipe/enqueue", ITEM), SeedData.lease)),
        "a leased item of the earlier service": Case(end("ack"), (SeedData.lease,), depths=FLAT),
        "repeated": Case(end("ack"), (post("/pipe/enqueue", ITEM), SeedData.lease, end("ack"))),
    },
    "POST /pipe/queue/{queue_name}/nack": {
        "a leased item": Case(end("nack"), (SeedData.lease,), depths=FLAT)
    },
    "POST /pipe/queue/{queue_name}/extend": {
        "a leased item": Case(end("extend", lease_seconds=900), (SeedData.lease,), depths=FLAT),
        "of an attempt": Case(end("extend", lease_seconds=900), (SeedData.lease_for_attempt,), depths=FLAT),
        "to end sooner": Case(end("extend", lease_seconds=9), (SeedData.lease,), depths=FLAT),
    },
    "GET /pipe/queue/{queue_name}/stats": {
        "200 items": Case(get(f"/pipe/queue/{QUEUE}/stats"), depths=(DEEP,))
    },
    "GET /pipe/queue/{queue_name}/dead_letters": {
        "one": Case(get("/pipe/queue/strict/dead_letters"), (dead_letter,))
    },
    "POST /pipe/queue/{queue_name}/redrive": {
        "one": Case(post("/pipe/queue/strict/redrive"), (dead_letter,)),
        "none": Case(post(f"/pipe/queue/{QUEUE}/redrive"), depths=FLAT),
    },
    "PUT /pipe/queue/{queue_name}": {
        "a setting": Case(call("PUT", f"/pipe/queue/{QUEUE}", json={"max_receives": 3}), depths=FLAT),
    },
    "DELETE /pipe/queue/{queue_name}": {
        "an empty queue": Case(call("DELETE", f"/pipe/queue/{QUEUE}")),
        "200 items": Case(call("DELETE", f"/pipe/queue/{QUEUE}"), depths=(DEEP,)),
    },
    "GET /pipe/queues": {
        "one queue of 200 items": Case(get("/pipe/queues"), depths=(DEEP,)),
        "three queues": Case(
            get("/pipe/queues"), tuple(post("/pipe/queue", {"queue_name": name}) for name in "ab")
        ),
        "the first listing ever": Case(get("/pipe/queues"), (SeedData.forget_adoption,)),
    },
    "POST /pipe/status": {"a status": Case(post("/pipe/status", STATUS))},
    "GET /pipe/status/{pipe_id}": {"a status": Case(get("/pipe/status/pipe1"))},
    "DELETE /pipe/status/{pipe_id}": {"a status": Case(call("DELETE", "/pipe/status/pipe1"))},
    "GET /pipe/statuses": {"one status": Case(get("/pipe/statuses"))},
    "GET /events": {
        "an enclosure": Case(get("/events", site="mrc")),
        "a site of an enclosure": Case(get("/events", site="mrc1")),
    },
    "GET /events/plot": {"an enclosure": Case(get("/events/plot", site="mrc"))},
    "GET /events/visibility": {"a target": Case(get("/events/visibility", site="mrc", ra=83.82, dec=-5.39))},
    "GET /events/moon/rise-set-illum": {"a month": Case(get("/events/moon/rise-set-illum", **MOON))},
    "GET /now": {
        "three sites, a queue, a PIPE": Case(get("/now"), (*NETWORK, SeedData.read_again)),
        "without images and uploads": Case(get("/now"), (SeedData.read_again,)),
        "a queue of 200 items": Case(get("/now"), (*NETWORK, SeedData.read_again), depths=(DEEP,)),
        "three queues": Case(
            get("/now"),
            (*(post("/pipe/queue", {"queue_name": name}) for name in "ab"), SeedData.read_again),
        ),
        "one of the sites": Case(get("/now", site="mrc1"), (*NETWORK, SeedData.read_again)),
        "uploads read within 15 s": Case(get("/now"), (*NETWORK, SeedData.read_answer_again)),
        "everything read within 5 s": Case(get("/now"), NETWORK),
        "the first request in a minute": Case(get("/now"), (*NETWORK, SeedData.cool_down)),
    },
    "GET /openapi.json": {"always": Case(get("/openapi.json"))},
    "GET /docs": {"always": Case(get("/docs"))},
    "GET /docs/{asset}": {"always": Case(get("/docs/console.js"))},
    "GET /console": {"always": Case(get("/console"))},
}
