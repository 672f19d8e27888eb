"""The documented routes of the queues, over HTTP, word for word."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from common.dynamodb import Item, Table
from support.client import ApiClient
from tests.pipe_queue.callers import create, dequeue, enqueue

INVALID_NAMES = ["a b", "a#b", "é", "q" * 81, "a/b", 7, ["q"], {"q": 1}, True]
NAME_SENTENCE = "queue_name must be 1 to 80 of the characters A-Z a-z 0-9 _ . -"


def test_creating_a_queue_once_and_again(api: ApiClient) -> None:
    first, second = (api.post("/pipe/queue", json={"queue_name": "stacks"}) for _ in range(2))
    assert (first.status_code, first.json()) == (200, {"message": "Queue created: stacks"})
    assert (second.status_code, second.text) == (409, "Queue already exists: stacks")


@pytest.mark.parametrize("body", [{}, {"queue_name": None}, {"queue_name": ""}])
@pytest.mark.parametrize("route", ["/pipe/queue", "/pipe/enqueue"])
def test_a_queue_needs_a_name(api: ApiClient, route: str, body: dict[str, Any]) -> None:
    answer = api.post(route, json=body)
    assert (answer.status_code, answer.text) == (400, "Missing required field: queue_name")


@pytest.mark.parametrize("name", INVALID_NAMES)
@pytest.mark.parametrize("route", ["/pipe/queue", "/pipe/enqueue"])
def test_what_cannot_name_a_queue(api: ApiClient, route: str, name: Any) -> None:
    answer = api.post(route, json={"queue_name": name})
    assert (answer.status_code, answer.text) == (400, NAME_SENTENCE)
    assert api.get("/pipe/queues").json() == {}


@pytest.mark.parametrize("name", ["q", "A-z_0.9", "q" * 80, ".", "-"])
def test_what_can_name_a_queue(api: ApiClient, name: str) -> None:
    create(api, name)
    assert api.get("/pipe/queues").json() == {name: 0}


def test_an_enqueued_item_is_answered_with_its_id_and_defaults(api: ApiClient) -> None:
    create(api)
    before = int(time.time() * 1000)
    item = enqueue(api)
    assert item == {
        "id": item["id"],
        "queue_name": "stacks",
        "payload": {},
        "created_at": item["created_at"],
        "sender": "unknown",
    }
    assert before <= item["created_at"] <= time.time() * 1000
    assert isinstance(item["created_at"], int)


@pytest.mark.parametrize(
    "payload", [{"a": [1, 2.5, None, True, "é", {"b": ""}]}, [], "text", 0, None, {"f": 0.1, "n": 10**30}]
)
def test_a_payload_comes_out_as_it_went_in(api: ApiClient, payload: Any) -> None:
    create(api)
    item = enqueue(api, payload=payload, sender="mrc1")
    assert item["payload"] == payload
    assert dequeue(api) == item


def test_the_sender_is_unknown_by_default(api: ApiClient) -> None:
    create(api)
    assert enqueue(api)["sender"] == enqueue(api, sender=None)["sender"] == "unknown"


def test_items_come_out_in_the_order_they_went_in_and_once(api: ApiClient) -> None:
    create(api)
    items = [enqueue(api, payload=number) for number in range(12)]
    assert [dequeue(api) for _ in items] == items
    empty = api.post("/pipe/queue/stacks/dequeue")
    assert (empty.status_code, empty.text) == (404, "Queue is empty: stacks")


def test_dequeue_from_a_queue_that_is_not_there(api: ApiClient) -> None:
    answer = api.post("/pipe/queue/nowhere/dequeue")
    assert (answer.status_code, answer.text) == (404, "Queue does not exist: nowhere")


def test_enqueue_into_a_queue_that_is_not_there(api: ApiClient) -> None:
    answer = api.post("/pipe/enqueue", json={"queue_name": "nowhere"})
    assert (answer.status_code, answer.text) == (404, "Queue does not exist: nowhere")


def test_peek_shows_the_oldest_and_takes_nothing(api: ApiClient) -> None:
    create(api)
    items = [enqueue(api, payload=number) for number in range(12)]
    assert api.get("/pipe/queue/stacks").json() == items[:10]
    assert api.get("/pipe/queue/stacks", params={"limit": 3}).json() == items[:3]
    assert api.get("/pipe/queue/stacks", params={"limit": 1000}).json() == items
    after = {"limit": 5, "after": items[4]["id"]}
    assert api.get("/pipe/queue/stacks", params=after).json() == items[5:10]
    assert dequeue(api) == items[0]


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "1.5", "", "٣", "1" * 40])
def test_peek_with_a_bad_limit(api: ApiClient, limit: str) -> None:
    create(api)
    answer = api.get("/pipe/queue/stacks", params={"limit": limit})
    assert (answer.status_code, answer.text) == (400, "limit must be a whole number from 1 to 1000.")


def test_peek_with_its_parameters_in_the_body(api: ApiClient) -> None:
    create(api)
    items = [enqueue(api, payload=number) for number in range(3)]
    assert api.get("/pipe/queue/stacks", json={"limit": 2}).json() == items[:2]
    assert api.get("/pipe/queue/stacks", json={"limit": True}).status_code == 400


@pytest.mark.parametrize("after", ["~", "~~", "\u00e9", "\U0010ffff" * 32])
@pytest.mark.parametrize("end_of_path", ["", "/dead_letters"])
def test_a_place_behind_every_item(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, end_of_path: str, after: str
) -> None:
    create(api)
    enqueue(api)
    query = Table.query

    def strict_query(table: Table, **expressions: Any) -> Iterator[Item]:
        # DynamoDB refuses such bounds; moto answers an empty page
        bounds = expressions["ExpressionAttributeValues"]
        assert bounds[":first"].encode() <= bounds[":last"].encode()
        return query(table, **expressions)

    monkeypatch.setattr(Table, "query", strict_query)
    answer = api.get(f"/pipe/queue/stacks{end_of_path}", params={"after": after})
    assert (answer.status_code, answer.json()) == (200, [])


@pytest.mark.parametrize("end_of_path", ["", "/dead_letters"])
def test_an_impossible_place_in_a_queue_is_refused(api: ApiClient, end_of_path: str) -> None:
    create(api)
    answer = api.get(f"/pipe/queue/stacks{end_of_path}", params={"after": "9" * 2000})
    assert (answer.status_code, answer.text) == (400, "after must be a text of 1 to 128 bytes.")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_queue_that_is_not_there(api: ApiClient, method: str) -> None:
    answer = api.request(method, "/pipe/queue/nowhere")
    assert (answer.status_code, answer.text) == (404, "Queue does not exist: nowhere")
    answer = api.request(method, "/pipe/queue/no%20where")
    assert (answer.status_code, answer.text) == (400, NAME_SENTENCE)


def test_a_deleted_queue_is_gone_with_its_items(api: ApiClient) -> None:
    create(api)
    create(api, "other")
    for number in range(60):
        enqueue(api, payload=number)
    answer = api.delete("/pipe/queue/stacks")
    assert (answer.status_code, answer.json()) == (200, {"message": "Queue deleted: stacks"})
    assert api.delete("/pipe/queue/stacks").status_code == 404
    assert api.get("/pipe/queue/stacks").status_code == 404
    assert api.get("/pipe/queues").json() == {"other": 0}
    create(api)
    assert api.get("/pipe/queue/stacks").json() == []
    item = enqueue(api)
    assert dequeue(api) == item


def test_queues_are_listed_with_their_numbers_of_items(api: ApiClient) -> None:
    assert api.get("/pipe/queues").json() == {}
    for name, number in (("b", 3), ("a", 0), ("c", 1)):
        create(api, name)
        for _ in range(number):
            enqueue(api, name)
    assert api.get("/pipe/queues").json() == {"a": 0, "b": 3, "c": 1}
    dequeue(api, "c")
    assert api.get("/pipe/queues").json() == {"a": 0, "b": 3, "c": 0}


def test_an_item_that_is_too_large(api: ApiClient) -> None:
    create(api)
    answer = api.post("/pipe/enqueue", json={"queue_name": "stacks", "payload": "x" * 409_600})
    assert answer.status_code == 413
    assert answer.text.startswith("Too large to store: ")
    assert api.get("/pipe/queues").json() == {"stacks": 0}


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("payload", {"": 1}, "payload: a key is empty."),
        ("payload", "\ud800", "payload: not valid Unicode."),
        ("sender", 7, "sender must be a text of at most 1024 characters."),
        ("sender", "s" * 1025, "sender must be a text of at most 1024 characters."),
        ("dedup_id", "", "dedup_id must be a text of 1 to 128 bytes."),
        ("dedup_id", 7, "dedup_id must be a text of 1 to 128 bytes."),
    ],
)
def test_what_cannot_be_enqueued(api: ApiClient, field: str, value: Any, reason: str) -> None:
    create(api)
    answer = api.post("/pipe/enqueue", json={"queue_name": "stacks", field: value})
    assert (answer.status_code, answer.text) == (400, reason)
    assert api.get("/pipe/queues").json() == {"stacks": 0}
