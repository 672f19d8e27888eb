"""Roles allow only the calls that functions make. The `api` fixture checks that they allow all of them."""

import contextlib
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import pytest
import requests

from auth import site_keys
from auth.access import NEEDS
from auth.site_keys import PIPE, Holder
from common import aws, postgres, presign, settings
from common.dynamodb import Table
from ingest import schema as ingest_schema
from local import uploads as uploads_of_s3
from local.auth0 import Auth0
from local.deployment import Deployment
from local.invocation import Invoker
from local.remotehq import RemoteHq
from now import answer
from pipe_queue.store import queues as queue_store
from site_configs.store import forget_site_codes
from support.client import ApiClient
from support.contract import Contract
from support.images import packed, put, sky
from support.legacy_queue import TABLE, write_legacy_item, write_legacy_queue, write_legacy_status
from support.network import CONFIG_TABLE, REGION
from support.permissions import Permissions, Use
from support.pieces import announced
from tests.access.seeded_api import BODIES, CONFIG, PATH, SeededApi
from tests.downloads.rows import image, insert
from tests.ingest.exposures import BASE, await_info_image, exposure, notification
from tests.ingest.exposures import put as put_file
from tests.pipe_queue.callers import create, dequeue, enqueue

# Permissions for failures, which this test does not cause: function and action.
FAULTS = {
    # The upload of a failed zip is aborted (tests/downloads/test_zip_streaming.py).
    ("zip", "s3:AbortMultipartUpload"),
}
# Permissions that Lambda itself uses, to take messages from the queue of uploads.
OF_LAMBDA = {
    ("fileUploads", "sqs:ReceiveMessage"),
    ("fileUploads", "sqs:DeleteMessage"),
    ("fileUploads", "sqs:GetQueueAttributes"),
}
NAME = "mrc1-sq01-20260101-00000001"
# Routes that answer with links to files.
LINKS = (
    "/image/{base_filename}",
    "/{site}/latest_images/{n}",
    "/latest_image_all_sites",
    "/filtered_images",
    "/now",
)
DAY = {"site": "mrc1", "start_timestamp_s": 1767225600, "end_timestamp_s": 1767311999, "fits_size": "small"}
Caller = ApiClient


class NewLambdas(ApiClient):
    """Calls functions with empty caches, like new Lambdas."""

    def request(self, *args: Any, **kwargs: Any) -> Any:
        forget()
        return super().request(*args, **kwargs)


def forget() -> None:
    settings.secret.cache_clear()
    presign._credentials.cache_clear()
    site_keys.forget()
    forget_site_codes()
    answer.forget()
    postgres.close_idle()


@pytest.fixture
def caller(
    api: ApiClient, contract: Contract, database: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Caller]:
    monkeypatch.delenv("DATABASE_URL")
    aws.client("ssm").put_parameter(Name="db-url", Value=database, Type="SecureString", Overwrite=True)
    insert_image(database, monkeypatch)
    with NewLambdas(api.base_url, contract) as client:
        yield client


@pytest.fixture
def seeded(caller: Caller, deployment: Deployment, remotehq: RemoteHq) -> SeededApi:
    return SeededApi(caller, deployment, remotehq)


def insert_image(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as inserting:
        inserting.setenv("DATABASE_URL", database)
        insert(image(1, "2026-01-01T20:00:00", jpg_medium_exists=True, jpg_small_exists=True, header="{}"))


def test_no_role_has_an_unused_permission(
    caller: Caller,
    seeded: SeededApi,
    auth0: Auth0,
    permissions: Permissions,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    permissions.used.clear()
    every_route(caller, seeded, auth0)
    uploads(caller)
    info_images(caller)
    downloads(caller)
    schedules(caller)
    ingested(monkeypatch)
    migrated(monkeypatch)
    queues(caller)
    queues_of_the_earlier_service(caller)
    every_route_by_key(caller, seeded, monkeypatch)
    signed_by_a_user(caller, seeded, monkeypatch)
    assert {use for use in permissions.unused() if use[:2] not in FAULTS | OF_LAMBDA} == set()


def test_a_call_without_permission_is_detected(
    api: ApiClient, permissions: Permissions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(permissions._statements, "getConfig", [])
    api.get("/mrc1/config")
    table = f"arn:aws:dynamodb:{REGION}:000000000000:table/{CONFIG_TABLE}"
    assert permissions.refused == {Use("getConfig", "dynamodb:GetItem", table)}
    permissions.refused.clear()


def test_functions_of_configs_reach_no_queue(deployment: Deployment) -> None:
    names = ("getAllConfigs", "putConfig", "deleteConfig", "getLatestImageAllSites")
    statements = [
        statement
        for name in names
        for statement in deployment.functions[name].statements
        if TABLE.name in str(statement["Resource"])
    ]
    assert len(statements) == len(names)
    for statement in statements:
        assert statement["Condition"] == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["CONFIGS"]}}


def every_route(api: Caller, seeded: SeededApi, auth0: Auth0) -> None:
    seeded.fill()
    token = auth0.token("auth0|observer", ["admin"])
    for route in NEEDS:
        method, resource = route.split(" ")
        body = BODIES[route](seeded) if route in BODIES else {}
        headers = {"Authorization": f"Bearer {token}"}
        answer = api.request(method, resource.format(**PATH), headers=headers, allow_redirects=False, **body)
        assert answer.status_code < 500, answer.text
        if method != "GET":
            seeded.fill()


def every_route_by_key(api: Caller, seeded: SeededApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Call every route with a PIPE's key in a protected stage, which looks the key up."""
    key = site_keys.hand_out(Holder(PIPE, "mrc1"))
    monkeypatch.setenv("WRITE_ACCESS", "protected")
    for route in NEEDS:
        method, resource = route.split(" ")
        body = BODIES[route](seeded) if route in BODIES else {}
        api.request(
            method,
            resource.format(**PATH),
            headers={"x-site-key": key},
            allow_redirects=False,
            **body,
        )


def signed_by_a_user(api: Caller, seeded: SeededApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Call every route that answers with links in a stage where a user's key signs them."""
    key = json.dumps({"access_key_id": "AKIA", "secret_access_key": "x"})
    aws.client("ssm").put_parameter(Name=presign.SIGNING_KEY, Value=key, Type="SecureString")
    seeded.fill()
    with monkeypatch.context() as here:
        here.setenv("URL_SIGNER", "user")
        for resource in LINKS:
            api.get(resource.format(**PATH)).raise_for_status()
        info_images(api)
        downloads(api)
        archive(api)
    presign._credentials.cache_clear()


def uploads(api: Caller) -> None:
    for directory in ("data", "info-images", "allsky", "test"):
        body = {"object_name": f"{NAME}-EX10.jpg", "s3_directory": directory}
        api.post("/upload", json=body).raise_for_status()
        upload_in_pieces(api, body)
    api.get("/recentuploads", params={"site": "all"}).raise_for_status()


def upload_in_pieces(api: Caller, body: dict[str, Any]) -> None:
    content = b"one piece"
    whole = {**body, "pieces": announced(content)}
    (wanted,) = api.post("/upload", json=whole).json()["pieces"]["missing"]
    requests.put(wanted["url"], data=content, headers=wanted["headers"], timeout=10).raise_for_status()
    assert api.post("/upload", json=whole).json()["pieces"]["complete"]


def info_images(api: Caller) -> None:
    Table("INFO_IMAGES_TABLE").put(
        {"pk": "mrc1#1", "jpg_medium_exists": True, "jpg_10_file_path": f"info-images/{NAME}-EX10.jpg"}
    )
    assert "jpg_url" in api.get("/infoimage/mrc1/1").json()


def archive(api: Caller) -> None:
    assert api.get(f"/vo/file/{NAME}-EX", allow_redirects=False).status_code == HTTPStatus.SEE_OTHER


def downloads(api: Caller) -> None:
    for directory in ("data", "info-images", "allsky", "test"):
        put(f"{directory}/{NAME}-EX10.fits.fz", packed(sky()))
        body = {"object_name": f"{NAME}-EX10.fits.fz", "s3_directory": directory, "image_type": "fits"}
        api.post("/download", json=body).raise_for_status()
    api.post("/downloadzip", json=DAY).raise_for_status()


def schedules(api: Caller) -> None:
    functions = Deployment().functions
    # A time zone in which it is 15:00 now.
    hours_behind = (datetime.now(UTC).hour - 15 + 12) % 24 - 12
    zone = f"Etc/GMT{hours_behind:+d}"
    api.put("/mrc1/config", json={**CONFIG, "TZ_database_name": zone}).raise_for_status()
    api.get("/control_room/mrc1").raise_for_status()
    forget()
    assert Invoker(900)(functions["restartControlRoomsHourly"], {}) == ["mrc1"]
    write_legacy_queue("reported")
    TABLE.delete({"pk": "ADOPTED", "sk": "ADOPTED"})
    Invoker()(functions["reportQueues"], {})


def migrated(patch: pytest.MonkeyPatch) -> None:
    """Let the function that migrates the database read the owner's URL and those of the users."""
    database = settings.secret("db-url")
    aws.client("ssm").put_parameter(Name="owner-db-url", Value=database, Type="SecureString", Overwrite=True)
    with patch.context() as here:
        here.delenv("DATABASE_URL", raising=False)
        here.setenv("DATABASE_URL_PARAMETER", "owner-db-url")
        said = Invoker()(Deployment().functions["migrateDatabase"], {"files_uploads": True})
    assert "stays as it is" in said[-1]


def ingested(patch: pytest.MonkeyPatch) -> None:
    """Let the ingester process images, info images and a broken file."""
    deployment = Deployment()
    ssm = aws.client("ssm")
    database = ssm.get_parameter(Name="db-url", WithDecryption=True)["Parameter"]["Value"]
    ingest_schema.apply(database)
    uploads_of_s3.make_queues(deployment)
    ssm.put_parameter(Name="ingest-db-url", Value=database, Type="SecureString", Overwrite=True)
    topic = aws.client("sns").create_topic(Name=deployment.custom("newImagesTopic"))["TopicArn"]
    forget()
    await_info_image(1, BASE)
    stored = [
        put_file(name, content, directory)
        for directory in ("data", "info-images")
        for name, content in {**exposure(), f"{BASE}-EY10.jpg": b"no JPG"}.items()
    ]
    messages = [
        {
            "MessageId": str(number),
            "ReceiptHandle": "",
            "Body": notification(each),
            "Attributes": {"ApproximateReceiveCount": "5"},
        }
        for number, each in enumerate(stored)
    ]
    event = uploads_of_s3.event_of(messages)
    with patch.context() as environment:
        environment.setenv("DATABASE_URL_PARAMETER", "ingest-db-url")
        environment.setenv("IMAGES_TOPIC", topic)
        assert Invoker(60)(deployment.functions["fileUploads"], event) == {"batchItemFailures": []}
    forget()


def queues(api: Caller) -> None:
    create(api, "work", max_receives=1)
    for _ in range(4):
        enqueue(api, "work")
    enqueue(api, "work", dedup_id="once")
    dequeue(api, "work")
    held = dequeue(api, "work", lease_seconds=60)
    body = {"id": held["id"], "lease_id": held["lease_id"]}
    for _ in range(2):
        api.post("/pipe/queue/work/extend", json={**body, "lease_seconds": 60})
        api.post("/pipe/queue/work/ack", json=body)
    # Items become dead letters by a nack, by a dequeue, and by listing the dead letters.
    held = dequeue(api, "work", lease_seconds=60)
    api.post("/pipe/queue/work/nack", json={"id": held["id"], "lease_id": held["lease_id"]})
    dequeue(api, "work", lease_seconds=0.01)
    time.sleep(0.05)  # until the lease expires
    assert len(api.get("/pipe/queue/work/dead_letters").json()) == 2
    assert api.post("/pipe/queue/work/redrive").json() == {"redriven": 2}
    api.put("/pipe/queue/work", json={"paused": True})
    # The earlier service deletes only the queue's own row.
    TABLE.delete({"pk": "QUEUE#work", "sk": "METADATA"})
    api.delete("/pipe/queue/work")
    create(api, "work")
    TABLE.delete({"pk": "QUEUE#work", "sk": "METADATA"})
    create(api, "work")
    api.delete("/pipe/queue/work")
    half_deleted("half")
    create(api, "half")


def half_deleted(name: str) -> None:
    """Write a queue whose deletion was interrupted."""
    write_legacy_item(name, 1_700_000_000_000, 1)
    TABLE.put(queue_store._listed_row(name, 8_000_000_000_000, queue_store.DELETING))


def queues_of_the_earlier_service(api: Caller) -> None:
    """Call each route first on a queue of the earlier service, which the route imports."""
    end = {"id": "1700000000000_00000001", "lease_id": "none"}
    for method, path, body in (
        ("POST", "/pipe/enqueue", {"queue_name": "old"}),
        ("GET", "/pipe/queue/old", None),
        ("POST", "/pipe/queue/old/dequeue", None),
        ("POST", "/pipe/queue/old/ack", end),
        ("POST", "/pipe/queue/old/nack", end),
        ("PUT", "/pipe/queue/old", {"max_receives": 3}),
        ("GET", "/pipe/queue/old/stats", None),
        ("GET", "/pipe/queue/old/dead_letters", None),
        ("POST", "/pipe/queue/old/redrive", None),
        ("DELETE", "/pipe/queue/old", None),
    ):
        api.delete("/pipe/queue/old")
        write_legacy_queue("old")
        api.request(method, path, data=json.dumps(body) if body else None)
    for path in ("/pipe/queues", "/pipe/statuses", "/now"):
        with contextlib.suppress(KeyError):
            TABLE.delete({"pk": "ADOPTED", "sk": "ADOPTED"})
        write_legacy_queue(f"older{path[-3:]}")
        write_legacy_status("pipe-old")
        api.get(path)
