"""The routes of the PIPE machines' statuses, over HTTP, word for word."""

import time
from typing import Any

import pytest

from support.client import ApiClient
from support.legacy_queue import write_legacy_status
from tests.pipe_queue.callers import create, enqueue

NAME_SENTENCE = "pipe_id must be 1 to 80 of the characters A-Z a-z 0-9 _ . -"


def tell(api: ApiClient, pipe_id: str, **body: Any) -> dict[str, Any]:
    answer = api.post("/pipe/status", json={"pipe_id": pipe_id, "status": "idle", **body})
    assert answer.status_code == 200
    status: dict[str, Any] = answer.json()
    return status


def test_a_status_is_answered_and_kept(api: ApiClient) -> None:
    before = int(time.time() * 1000)
    told = tell(api, "pipe1", details={"load": 0.7, "jobs": [1, None]})
    assert told == {
        "pipe_id": "pipe1",
        "status": "idle",
        "last_updated": told["last_updated"],
        "details": {"load": 0.7, "jobs": [1, None]},
    }
    assert before <= told["last_updated"] <= time.time() * 1000
    assert api.get("/pipe/status/pipe1").json() == told


def test_details_are_empty_by_default_and_replaced_whole(api: ApiClient) -> None:
    tell(api, "pipe1", details={"load": 1})
    assert tell(api, "pipe1", status="busy")["details"] == {}
    assert api.get("/pipe/status/pipe1").json()["status"] == "busy"
    assert api.get("/pipe/statuses").json() == [api.get("/pipe/status/pipe1").json()]


def test_null_details_are_none(api: ApiClient) -> None:
    assert tell(api, "pipe1", details=None)["details"] == {}


@pytest.mark.parametrize(
    "body",
    [{}, {"pipe_id": "p"}, {"status": "s"}, {"pipe_id": "", "status": "s"}, {"pipe_id": "p", "status": None}],
)
def test_a_status_needs_a_machine_and_a_status(api: ApiClient, body: dict[str, Any]) -> None:
    answer = api.post("/pipe/status", json=body)
    assert (answer.status_code, answer.text) == (400, "Missing required fields: pipe_id and status")


@pytest.mark.parametrize(
    ("field", "value", "status", "reason"),
    [
        ("pipe_id", "a b", 400, NAME_SENTENCE),
        ("pipe_id", "p" * 81, 400, NAME_SENTENCE),
        ("pipe_id", 7, 400, NAME_SENTENCE),
        ("status", 7, 400, "status must be a text of at most 1000 characters."),
        ("status", "s" * 1001, 400, "status must be a text of at most 1000 characters."),
        ("details", "text", 400, "details must be an object."),
        ("details", {"x": "x" * 410_000}, 413, "Too large to store: "),
    ],
)
def test_what_is_no_status(api: ApiClient, field: str, value: Any, status: int, reason: str) -> None:
    before = tell(api, "p")
    answer = api.post("/pipe/status", json={"pipe_id": "p", "status": "s", field: value})
    assert answer.status_code == status
    assert answer.text.startswith(reason)
    assert api.get("/pipe/statuses").json() == [before]


def test_a_machine_without_a_status(api: ApiClient) -> None:
    answer = api.get("/pipe/status/pipe9")
    assert (answer.status_code, answer.text) == (404, "PIPE machine not found: pipe9")
    answer = api.get("/pipe/status/pipe%209")
    assert (answer.status_code, answer.text) == (400, NAME_SENTENCE)


def test_a_deleted_status_is_gone(api: ApiClient) -> None:
    tell(api, "pipe1")
    for _ in range(2):
        answer = api.delete("/pipe/status/pipe1")
        assert (answer.status_code, answer.json()) == (200, {"message": "Status deleted for PIPE: pipe1"})
    assert api.get("/pipe/status/pipe1").status_code == 404
    assert api.get("/pipe/statuses").json() == []


def test_all_statuses_those_of_the_earlier_service_too(api: ApiClient) -> None:
    create(api)
    enqueue(api)
    told = [write_legacy_status("pipe 0", load=1), tell(api, "pipe1"), write_legacy_status("pipe2")]
    assert api.get("/pipe/statuses").json() == told
    assert api.get("/pipe/status/pipe%200").json() == told[0]
    api.delete("/pipe/status/pipe%200")
    assert api.get("/pipe/statuses").json() == told[1:]


def test_statuses_over_6_mb_link_to_the_next_page(api: ApiClient) -> None:
    told = [tell(api, f"pipe{number:02d}", details={"x": "x" * 390_000}) for number in range(17)]
    plain = {"Accept-Encoding": "identity"}
    first = api.get("/pipe/statuses", headers=plain)
    rest = api.get(f"/pipe/statuses{first.links['next']['url']}", headers=plain)
    assert 0 < len(first.json()) < 17
    assert first.json() + rest.json() == told
