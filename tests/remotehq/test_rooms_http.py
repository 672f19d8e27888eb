"""Control rooms over HTTP, with a stand-in for RemoteHQ's API that fails in many ways."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import product
from typing import Any, cast

import pytest
import requests

from common.errors import Unavailable
from local.remotehq import Fault, RemoteHq
from remotehq import client, locks, rooms, store
from remotehq.store import RoomRow
from support.client import ApiClient
from support.network import UI_ICON_URL, UI_URL

CONFIG = {
    "url": f"{UI_URL}/cr/mrc1",
    "region": "us-west-1",
    "kioskModeEnabled": True,
    "incognitoModeEnabled": False,
}
APP = {
    "id": "com.remotehq.app.cloudbrowser",
    "permissionMode": "editable",
    "autoStart": True,
    "config": CONFIG,
}
SLUG = "control-room-mrc1"
MAKING = ["DELETE /rooms/control-room-mrc1", "POST /rooms", "PUT /rooms/control-room-mrc1/room-app-config"]

FAILED_TO_GET = (500, "failed to get room")
FAILED_TO_RESTART = (500, {"message": "failed to restart control room", "site": "mrc1"})
RESTARTED = (200, "control room restarted successfully")

STEPS = ["DELETE /rooms", "POST /rooms", "PUT /rooms"]
FAULTS = [
    *(Fault(status) for status in (302, 401, 409, 429, 500)),
    Fault(status=500, late_s=1.4),
    Fault(late_s=1.4),
]
# Refusals and garbage by step. A DELETE may get a 404, and the body of its answer is not read.
FAILURES = [
    *((step, fault) for step in STEPS for fault in FAULTS),
    *((step, Fault(404)) for step in ("POST /rooms", "PUT /rooms")),
    *(
        ("POST /rooms", Fault(body=body))
        for body in (b"<html>", b"", b"[]", b"{}", b'{"data": []}', b'{"data": {"id": "1", "slug": "s"}}')
    ),
]


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "READ_TIMEOUT_S", 0.7)


@pytest.fixture
def room(api: ApiClient, remotehq: RemoteHq) -> dict[str, Any]:
    """The control room of mrc1, made just now."""
    made: dict[str, Any] = api.get("/control_room/mrc1").json()
    remotehq.calls.clear()
    return made


def heard(answer: requests.Response) -> tuple[int, Any]:
    """Status and body of an answer, which has the headers that every answer has."""
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    is_json = answer.headers["Content-Type"] == "application/json"
    return answer.status_code, answer.json() if is_json else answer.text


def test_a_room_is_made_once_and_then_remembered(api: ApiClient, remotehq: RemoteHq) -> None:
    status, room = heard(api.get("/control_room/mrc1"))
    at_remotehq = remotehq.rooms[SLUG]
    assert status == 200
    assert room == {
        "site": "mrc1",
        "slug": SLUG,
        "room_id": at_remotehq["id"],
        "url": at_remotehq["url"],
        "config": CONFIG,
        "is_deleted": False,
    }
    assert at_remotehq == {
        "id": room["room_id"],
        "slug": SLUG,
        "url": room["url"],
        "name": SLUG,
        "allowGuestAccess": True,
        "videoConferenceEnabled": True,
        "imageURL": UI_ICON_URL,
        "type": "collaboration",
        "app": APP,
    }
    assert remotehq.calls == MAKING
    assert heard(api.get("/control_room/mrc1/")) == (200, room)
    assert remotehq.calls == MAKING


def test_a_room_of_the_earlier_service_is_returned_as_stored(api: ApiClient, remotehq: RemoteHq) -> None:
    stored: RoomRow = {
        "site": "mrc1",
        "slug": "mrc-one",
        "room_id": "r1",
        "url": "https://x.example",
        "config": {"a": 1},
    }
    store.write(stored)
    assert heard(api.get("/control_room/mrc1")) == (200, {**stored, "is_deleted": False})
    assert remotehq.calls == []


def test_a_room_left_over_at_remotehq_is_replaced(api: ApiClient, remotehq: RemoteHq) -> None:
    remotehq.rooms[SLUG] = {"id": "left over"}
    assert api.get("/control_room/mrc1").json()["room_id"] == remotehq.rooms[SLUG]["id"] != "left over"


@pytest.mark.parametrize(("step", "fault"), FAILURES, ids=str)
def test_a_room_that_is_not_made_is_not_stored_and_a_retry_makes_it(
    api: ApiClient, remotehq: RemoteHq, step: str, fault: Fault
) -> None:
    remotehq.fail(step, fault)
    assert heard(api.get("/control_room/mrc1")) == FAILED_TO_GET
    assert store.read("mrc1") is None

    remotehq.fail(step, None)
    room = api.get("/control_room/mrc1").json()
    assert list(remotehq.rooms) == [SLUG]
    assert remotehq.rooms[SLUG]["id"] == room["room_id"]
    assert remotehq.rooms[SLUG]["app"] == APP
    assert store.read_all() == [{name: value for name, value in room.items() if name != "is_deleted"}]


def test_a_room_is_made_only_if_remotehq_says_created(api: ApiClient, remotehq: RemoteHq) -> None:
    described = b'{"data": {"id": "1", "slug": "s", "url": "https://x.example"}}'
    remotehq.fail("POST /rooms", Fault(200, body=described))
    remotehq.fail("PUT /rooms", Fault(200))
    assert heard(api.get("/control_room/mrc1")) == FAILED_TO_GET
    assert store.read("mrc1") is None


def test_no_older_room_of_the_same_name_is_no_failure(api: ApiClient, remotehq: RemoteHq) -> None:
    remotehq.fail("DELETE /rooms", Fault(404))
    assert api.get("/control_room/mrc1").status_code == 200


@pytest.mark.parametrize("fault", [Fault(500), Fault(late_s=1.4)], ids=str)
def test_a_room_without_its_app_is_deleted_under_the_slug_that_remotehq_gave_it(
    api: ApiClient, remotehq: RemoteHq, fault: Fault
) -> None:
    remotehq.slug_of = lambda name: f"{name}-7"
    remotehq.fail("PUT /rooms", fault)
    assert heard(api.get("/control_room/mrc1")) == FAILED_TO_GET
    assert remotehq.rooms == {}


def test_a_room_that_can_neither_get_its_app_nor_be_deleted_is_mended_by_a_retry(
    api: ApiClient, remotehq: RemoteHq
) -> None:
    remotehq.fail("PUT /rooms", Fault(500))
    remotehq.fail("DELETE /rooms", None, Fault(500))
    assert heard(api.get("/control_room/mrc1")) == FAILED_TO_GET
    assert remotehq.rooms[SLUG]["app"] is None

    remotehq.fail("PUT /rooms", None)
    remotehq.fail("DELETE /rooms", None)
    assert api.get("/control_room/mrc1").status_code == 200
    assert remotehq.rooms[SLUG]["app"] == APP


def test_an_unreachable_remotehq_is_a_500(
    api: ApiClient, remotehq: RemoteHq, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMOTEHQ_API_URL", "http://127.0.0.1:9/v1")
    assert heard(api.get("/control_room/mrc1")) == FAILED_TO_GET


def test_all_calls_of_a_request_together_take_no_longer_than_their_budget(
    api: ApiClient, remotehq: RemoteHq, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "READ_TIMEOUT_S", 5)
    monkeypatch.setattr(client, "BUDGET_S", 1.0)
    remotehq.fail("DELETE /rooms", Fault(late_s=0.6))
    remotehq.fail("POST /rooms", Fault(late_s=2.0))
    began = time.monotonic()
    assert heard(api.get("/control_room/mrc1")) == FAILED_TO_GET
    assert time.monotonic() - began < 2.4
    assert remotehq.calls == MAKING[:2]


def test_the_longest_request_ends_before_api_gateway_gives_up() -> None:
    assert client.BUDGET_S + client.CONNECT_TIMEOUT_S < 29 - 3
    assert locks.RETRY_FOR_S < client.BUDGET_S


def test_several_at_once_get_one_room(api: ApiClient, remotehq: RemoteHq) -> None:
    for step in STEPS:
        remotehq.fail(step, Fault(late_s=0.1))
    with ThreadPoolExecutor(6) as pool:
        rooms = list(
            pool.map(lambda _: requests.get(f"{api.base_url}/control_room/mrc1", timeout=30), range(6))
        )
    assert [answer.status_code for answer in rooms] == [200] * 6
    assert {answer.json()["room_id"] for answer in rooms} == {remotehq.rooms[SLUG]["id"]}
    assert remotehq.calls == MAKING
    assert len(store.read_all()) == 1


def test_a_lock_that_was_never_released_expires(
    api: ApiClient, remotehq: RemoteHq, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "RETRY_FOR_S", 0.5)
    now = time.time()
    store.take_lock("mrc1", "a Lambda that died", now, now + locks.LOCK_S)
    assert heard(api.get("/control_room/mrc1")) == FAILED_TO_GET
    assert remotehq.calls == []

    store.release_lock("mrc1", "a Lambda that died")
    store.take_lock("mrc1", "a Lambda that died", now - 60, now - 1)
    assert api.get("/control_room/mrc1").status_code == 200


@pytest.mark.parametrize("lost", ["take_lock", "release_lock"])
def test_no_one_waits_for_a_lock_whose_release_was_lost(
    api: ApiClient, remotehq: RemoteHq, room: dict[str, Any], monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    really = getattr(store, lost)

    def silent(*arguments: Any) -> None:
        if lost == "take_lock":
            really(*arguments)
        raise Unavailable("DynamoDB does not answer.")

    monkeypatch.setattr(locks, "RETRY_FOR_S", 0.5)
    with monkeypatch.context() as patch:
        patch.setattr(store, lost, silent)
        answer = api.get("/control_room/mrc1/restart")
    assert answer.status_code == (503 if lost == "take_lock" else 200)
    assert heard(api.get("/control_room/mrc1/restart")) == RESTARTED
    assert [row["site"] for row in store._table.scan()] == ["mrc1"]


def test_a_lock_leaves_nothing_in_the_table(room: dict[str, Any]) -> None:
    assert [row["site"] for row in store._table.scan()] == ["mrc1"]


def test_delete_removes_the_room_there_and_here(
    api: ApiClient, remotehq: RemoteHq, room: dict[str, Any]
) -> None:
    assert heard(api.delete("/control_room/mrc1")) == (200, "room has been deleted")
    assert remotehq.calls == [f"DELETE /rooms/{SLUG}"]
    assert remotehq.rooms == {}
    assert store.read("mrc1") is None
    assert heard(api.delete("/control_room/mrc1")) == (200, "no such room found")
    assert remotehq.calls == [f"DELETE /rooms/{SLUG}"]


def test_delete_goes_by_the_stored_slug(api: ApiClient, remotehq: RemoteHq) -> None:
    store.write({"site": "mrc1", "slug": "mrc?one", "room_id": "1", "url": "https://x.example", "config": {}})
    api.delete("/control_room/mrc1")
    assert remotehq.calls == ["DELETE /rooms/mrc?one"]


def test_a_room_gone_at_remotehq_can_be_deleted(
    api: ApiClient, remotehq: RemoteHq, room: dict[str, Any]
) -> None:
    remotehq.rooms.clear()
    assert heard(api.delete("/control_room/mrc1")) == (200, "room has been deleted")
    assert store.read("mrc1") is None


def refused(fault: Fault) -> bool:
    """Whether RemoteHQ says that it has not done what it was asked."""
    return fault.status is not None and fault.status < 500


def is_live(room: dict[str, Any], remotehq: RemoteHq) -> bool:
    """Whether a room that was answered is the one at RemoteHQ, with its app."""
    there = remotehq.rooms.get(room["slug"], {})
    return [list(remotehq.rooms), there.get("id"), there.get("app")] == [[room["slug"]], room["room_id"], APP]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_room_that_remotehq_does_not_delete_is_kept_and_a_retry_deletes_it(
    api: ApiClient, remotehq: RemoteHq, room: dict[str, Any], fault: Fault
) -> None:
    remotehq.fail("DELETE /rooms", fault)
    assert heard(api.delete("/control_room/mrc1")) == (500, "failed to delete room")
    # without an answer, or after a fault of RemoteHQ's own, nobody knows whether the room is there
    assert heard(api.get("/control_room/mrc1")) == ((200, room) if refused(fault) else FAILED_TO_GET)
    assert [row["room_id"] for row in store.read_all()] == [room["room_id"]]

    remotehq.fail("DELETE /rooms", None)
    assert heard(api.delete("/control_room/mrc1")) == (200, "room has been deleted")
    assert remotehq.rooms == {}


def test_restart_puts_a_new_room_in_the_place_of_the_old(
    api: ApiClient, remotehq: RemoteHq, room: dict[str, Any]
) -> None:
    assert heard(api.get("/control_room/mrc1/restart")) == RESTARTED
    assert remotehq.calls == MAKING
    assert list(remotehq.rooms) == [SLUG]
    restarted = api.get("/control_room/mrc1").json()
    assert restarted["room_id"] == remotehq.rooms[SLUG]["id"] != room["room_id"]


def test_restart_also_deletes_a_room_whose_slug_is_not_its_name(api: ApiClient, remotehq: RemoteHq) -> None:
    remotehq.slug_of = lambda name: f"{name}-{len(remotehq.calls)}"
    api.get("/control_room/mrc1")
    assert heard(api.get("/control_room/mrc1/restart")) == RESTARTED
    assert list(remotehq.rooms) == [api.get("/control_room/mrc1").json()["slug"]]


def test_restart_without_a_room_is_not_found(api: ApiClient, remotehq: RemoteHq) -> None:
    assert heard(api.get("/control_room/mrc1/restart")) == (404, "no control room found for site mrc1")
    assert remotehq.calls == []


@pytest.mark.parametrize(("step", "fault"), FAILURES, ids=str)
def test_after_a_failed_restart_no_deleted_room_is_returned_and_a_retry_repairs_it(
    api: ApiClient, remotehq: RemoteHq, room: dict[str, Any], step: str, fault: Fault
) -> None:
    remotehq.fail(step, fault)
    assert heard(api.get("/control_room/mrc1/restart")) == FAILED_TO_RESTART
    nothing_changed = step == "DELETE /rooms" and refused(fault)
    assert heard(api.get("/control_room/mrc1")) == ((200, room) if nothing_changed else FAILED_TO_GET)
    assert [row["room_id"] for row in store.read_all()] == [room["room_id"]]

    remotehq.fail(step, None)
    assert is_live(api.get("/control_room/mrc1").json(), remotehq)
    assert not any(map(store.is_in_doubt, store.read_all()))


class Crashed(BaseException):
    """The Lambda died, which no `except Exception` catches."""


# Every step of a change, in order, with the object that has it.
STEPS_OF_A_CHANGE = [
    (store, "take_lock"),
    (store, "read"),
    (store, "write_in_doubt"),
    (client.RemoteHq, "delete_room"),
    (client.RemoteHq, "make_room"),
    (client.RemoteHq, "configure_room"),
    (store, "write"),
    (store, "delete"),
]


def break_off(
    owner: Any, step: str, how: type[BaseException], patch: pytest.MonkeyPatch, *, after: bool
) -> None:
    """End a change before or after one of its steps, without releasing its lock."""
    really = getattr(owner, step)

    def ends(*arguments: Any) -> None:
        if after:
            really(*arguments)
        raise how("")

    patch.setattr(owner, step, ends)
    patch.setattr(store, "release_lock", lambda *_: None)


@pytest.mark.parametrize("how", [Crashed, Unavailable])
@pytest.mark.parametrize(
    "change", [rooms.restart, rooms.delete, rooms.make], ids=lambda change: change.__name__
)
def test_after_a_crash_at_any_step_the_next_request_returns_a_live_room(
    api: ApiClient, remotehq: RemoteHq, change: Callable[[str], Any], how: type[BaseException]
) -> None:
    for (owner, step), after in product(STEPS_OF_A_CHANGE, (False, True)):
        if change is not rooms.make:
            api.get("/control_room/mrc1")
        with pytest.MonkeyPatch.context() as patch, suppress(how):
            break_off(owner, step, how, patch, after=after)
            change("mrc1")
        locks._unconfirmed.clear()
        store._table.delete({"site": "mrc1#turn"})
        assert is_live(api.get("/control_room/mrc1").json(), remotehq), (step, after)
        assert [store.is_in_doubt(row) for row in store.read_all()] == [False]
        remotehq.reset()
        store.delete("mrc1")


def test_any_caller_gets_a_room_in_doubt_replaced(
    api: ApiClient, remotehq: RemoteHq, room: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRITE_ACCESS", "protected")
    store.write_in_doubt(cast("RoomRow", store.read("mrc1")))
    remotehq.rooms.clear()
    assert is_live(api.get("/control_room/mrc1").json(), remotehq)
    assert api.get("/control_room/aro1").status_code == 401


@pytest.mark.parametrize(
    "changes",
    [{"slug": None}, {"slug": ""}, {"slug": 5}, {"url": None}, {"url": ""}],
    ids=["no slug", "an empty slug", "a number for a slug", "no url", "an empty url"],
)
def test_a_row_that_does_not_tell_where_its_room_is_gets_another_room(
    api: ApiClient, remotehq: RemoteHq, room: dict[str, Any], changes: dict[str, Any]
) -> None:
    members = {name: value for name, value in {**room, **changes}.items() if value is not None}
    row = cast("RoomRow", members)
    store.write(row)
    found = api.get("/control_room/mrc1").json()
    assert is_live(found, remotehq)
    assert found["url"] == room["url"]
    store.write(row)
    assert heard(api.get("/control_room/mrc1/restart")) == RESTARTED
    assert is_live(api.get("/control_room/mrc1").json(), remotehq)
    store.write(row)
    assert heard(api.delete("/control_room/mrc1")) == (200, "room has been deleted")
    assert (remotehq.rooms, store.read("mrc1")) == ({}, None)


def test_who_asks_during_a_restart_gets_the_new_room(
    api: ApiClient, remotehq: RemoteHq, room: dict[str, Any]
) -> None:
    remotehq.fail("POST /rooms", Fault(late_s=0.5), None)
    with ThreadPoolExecutor(1) as pool:
        restarting = pool.submit(requests.get, f"{api.base_url}/control_room/mrc1/restart", timeout=30)
        while not remotehq.calls:
            time.sleep(0.01)
        found = api.get("/control_room/mrc1").json()
        assert restarting.result().status_code == 200
    assert is_live(found, remotehq)
    assert found["room_id"] != room["room_id"]
    assert remotehq.calls == MAKING


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/control_room/{}"), ("DELETE", "/control_room/{}"), ("GET", "/control_room/{}/restart")],
)
@pytest.mark.parametrize("site", ["mrc%2F1", "mrc1%23turn", "m" * 65])
def test_a_name_that_is_no_site_code_is_refused(
    api: ApiClient, remotehq: RemoteHq, method: str, path: str, site: str
) -> None:
    answer = heard(api.request(method, path.format(site)))
    assert answer == (400, "site must be 1 to 64 of the characters A-Z a-z 0-9 _ . -")
    assert remotehq.calls == []


def test_the_token_and_what_remotehq_says_are_not_logged(
    api: ApiClient, remotehq: RemoteHq, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "secret", lambda _name: "very-secret")
    remotehq.fail("DELETE /rooms", Fault(429, body=b"quoted-text"))
    api.get("/control_room/mrc1")
    logged = capsys.readouterr()
    assert '"reason": "answered 429"' in logged.err
    assert "very-secret" not in logged.err + logged.out
    assert "quoted-text" not in logged.err + logged.out
