"""Leases over HTTP: dequeue on a lease, ack, nack, extend, attempts, long polls, dead letters, stats."""

import threading
import time
from typing import Any

import pytest

from common.dynamodb import Item
from pipe_queue import dead_letters, retries
from pipe_queue.queues import Queue
from support.client import ApiClient
from support.legacy_queue import TABLE
from tests.pipe_queue.callers import create, dequeue, end, enqueue, stats

LONG = 600


@pytest.fixture
def items(api: ApiClient) -> list[dict[str, Any]]:
    """Three items in the queue "stacks", oldest first."""
    create(api)
    return [enqueue(api, payload=number) for number in range(3)]


def test_a_leased_item_comes_with_its_lease_and_stays(api: ApiClient, items: list[dict[str, Any]]) -> None:
    before = int(time.time() * 1000)
    leased = dequeue(api, lease_seconds=LONG)
    terms = {name: leased.pop(name) for name in ("lease_id", "lease_until", "receive_count")}
    assert leased == items[0]
    assert terms["receive_count"] == 1
    assert before + LONG * 1000 <= terms["lease_until"] <= time.time() * 1000 + LONG * 1000
    assert api.get("/pipe/queues").json() == {"stacks": 3}
    assert api.get("/pipe/queue/stacks").json() == [
        {
            **items[0],
            "leased_at": terms["lease_until"] - LONG * 1000,
            "lease_until": terms["lease_until"],
            "receive_count": 1,
        },
        *items[1:],
    ]
    assert stats(api) == (2, 1, 0)


def test_a_leased_item_is_not_handed_out_again(api: ApiClient, items: list[dict[str, Any]]) -> None:
    handed = [dequeue(api, lease_seconds=LONG), dequeue(api), dequeue(api, lease_seconds=LONG)]
    assert [item["id"] for item in handed] == [item["id"] for item in items]
    assert dequeue(api) is None
    assert dequeue(api, lease_seconds=LONG) is None


def test_an_acknowledged_item_is_gone(api: ApiClient, items: list[dict[str, Any]]) -> None:
    leased = dequeue(api, lease_seconds=LONG)
    assert end(api, "ack", leased) == (200, f'{{"message":"Item acknowledged: {leased["id"]}"}}')
    assert api.get("/pipe/queue/stacks").json() == items[1:]
    # the answer may have been lost, and the worker may ask again
    assert end(api, "ack", leased)[0] == 200
    assert stats(api) == (2, 0, 0)


def test_an_item_given_back_is_at_its_old_place(api: ApiClient, items: list[dict[str, Any]]) -> None:
    leased = dequeue(api, lease_seconds=LONG)
    assert end(api, "nack", leased) == (200, f'{{"message":"Item returned: {leased["id"]}"}}')
    assert end(api, "nack", leased)[0] == 200
    again = dequeue(api, lease_seconds=LONG)
    assert (again["id"], again["receive_count"]) == (items[0]["id"], 2)
    assert again["lease_id"] != leased["lease_id"]


@pytest.mark.parametrize("how", ["ack", "nack", "extend"])
def test_a_lease_that_does_not_hold(api: ApiClient, items: list[dict[str, Any]], how: str) -> None:
    leased = dequeue(api, lease_seconds=LONG)
    more = {"lease_seconds": 60} if how == "extend" else {}
    refused = (409, f"Lease is not in force: {leased['id']}")
    assert end(api, how, leased, lease_id="0" * 32, **more) == refused
    assert end(api, how, leased, id=items[1]["id"], **more) == (
        409,
        f"Lease is not in force: {items[1]['id']}",
    )
    assert end(api, how, leased, id="none", **more)[0] == 409
    assert stats(api) == (2, 1, 0)
    assert end(api, "nack", leased)[0] == 200
    if how != "nack":
        assert end(api, how, leased, **more) == refused
    assert stats(api) == (3, 0, 0)


@pytest.mark.parametrize("how", ["ack", "nack", "extend"])
def test_a_lease_that_is_over(api: ApiClient, items: list[dict[str, Any]], how: str) -> None:
    more = {"lease_seconds": 60} if how == "extend" else {}
    first = dequeue(api, lease_seconds=0.2)
    time.sleep(0.25)
    assert end(api, how, first, **more)[0] == 409
    assert stats(api) == (3, 0, 0)
    second = dequeue(api, lease_seconds=LONG)
    assert (second["id"], second["receive_count"]) == (items[0]["id"], 2)
    assert end(api, how, first, **more)[0] == 409
    assert end(api, "ack", second)[0] == 200
    assert end(api, how, first, **more)[0] == 409
    assert stats(api) == (2, 0, 0)


def test_an_extended_lease_holds_longer(api: ApiClient, items: list[dict[str, Any]]) -> None:
    leased = dequeue(api, lease_seconds=0.5)
    answer = api.post(
        "/pipe/queue/stacks/extend",
        json={"id": leased["id"], "lease_id": leased["lease_id"], "lease_seconds": LONG},
    )
    until = answer.json()["lease_until"]
    assert answer.json() == {"id": leased["id"], "lease_id": leased["lease_id"], "lease_until": until}
    assert abs(until - (time.time() + LONG) * 1000) < 5000
    time.sleep(0.6)
    assert dequeue(api)["id"] == items[1]["id"]
    assert end(api, "ack", leased)[0] == 200


@pytest.mark.parametrize("seconds", ["0", "-1", "43201", "x", "nan", "inf", ""])
def test_a_bad_lease_length(api: ApiClient, items: list[dict[str, Any]], seconds: str) -> None:
    reason = "lease_seconds must be a number above 0, at most 43200."
    answer = api.post("/pipe/queue/stacks/dequeue", params={"lease_seconds": seconds})
    assert (answer.status_code, answer.text) == (400, reason)
    leased = dequeue(api, lease_seconds=LONG)
    assert end(api, "extend", leased, lease_seconds=seconds) == (400, reason)
    assert stats(api) == (2, 1, 0)


@pytest.mark.parametrize("how", ["ack", "nack", "extend"])
@pytest.mark.parametrize("body", [{}, {"id": "x"}, {"lease_id": "x"}, {"id": "", "lease_id": "x"}])
def test_ending_a_lease_needs_an_id_and_a_lease_id(api: ApiClient, how: str, body: dict[str, Any]) -> None:
    answer = api.post(f"/pipe/queue/stacks/{how}", json=body)
    assert (answer.status_code, answer.text) == (400, "Missing required fields: id and lease_id")


def test_a_repeated_poll_with_a_lease_finds_its_item(api: ApiClient, items: list[dict[str, Any]]) -> None:
    first, again = (dequeue(api, lease_seconds=LONG, attempt_id="a1") for _ in range(2))
    assert again == first
    assert first["id"] == items[0]["id"]
    assert dequeue(api, lease_seconds=LONG, attempt_id="a2")["id"] == items[1]["id"]
    assert end(api, "ack", first)[0] == 200
    # that poll is over: the same attempt id now begins a new one
    assert dequeue(api, lease_seconds=LONG, attempt_id="a1")["id"] == items[2]["id"]


def test_a_repeated_poll_without_a_lease_finds_its_item(api: ApiClient, items: list[dict[str, Any]]) -> None:
    assert [dequeue(api, attempt_id="a1") for _ in range(3)] == [items[0]] * 3
    assert dequeue(api, attempt_id="a2") == items[1]
    assert stats(api) == (1, 0, 0)


def test_one_attempt_in_many_threads_gets_one_item(api: ApiClient, items: list[dict[str, Any]]) -> None:
    found = []

    def poll() -> None:
        found.append(dequeue(api, lease_seconds=LONG, attempt_id="a1"))

    threads = [threading.Thread(target=poll) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [found[0]] * 8
    assert found[0]["id"] == items[0]["id"]
    assert stats(api) == (2, 1, 0)


@pytest.mark.parametrize("attempt_id", ["", "a" * 129])
def test_a_bad_attempt_id(api: ApiClient, attempt_id: str) -> None:
    create(api)
    answer = api.post("/pipe/queue/stacks/dequeue", params={"attempt_id": attempt_id})
    assert (answer.status_code, answer.text) == (400, "attempt_id must be a text of 1 to 128 bytes.")


def test_a_long_poll_waits_for_an_item(api: ApiClient) -> None:
    create(api)
    timer = threading.Timer(0.7, lambda: enqueue(api, payload="late"))
    timer.start()
    started = time.monotonic()
    assert dequeue(api, wait=10)["payload"] == "late"
    assert 0.6 < time.monotonic() - started < 5
    timer.join()


def test_a_long_poll_of_an_empty_queue_ends(api: ApiClient) -> None:
    create(api)
    started = time.monotonic()
    assert dequeue(api, wait=0.8) is None
    assert 0.8 <= time.monotonic() - started < 4


@pytest.mark.parametrize("wait", ["-1", "15.1", "x", "nan"])
def test_a_bad_wait(api: ApiClient, wait: str) -> None:
    create(api)
    answer = api.post("/pipe/queue/stacks/dequeue", params={"wait": wait})
    assert (answer.status_code, answer.text) == (400, "wait must be a number of seconds from 0 to 15.")


def test_parameters_in_the_body_count_too(api: ApiClient, items: list[dict[str, Any]]) -> None:
    answer = api.post("/pipe/queue/stacks/dequeue", json={"lease_seconds": 60})
    assert answer.json()["receive_count"] == 1
    leased = answer.json()
    query = {"id": leased["id"], "lease_id": leased["lease_id"]}
    assert api.post("/pipe/queue/stacks/ack", params=query).status_code == 200


def fail(api: ApiClient, times: int) -> list[dict[str, Any]]:
    leased = [dequeue(api, lease_seconds=LONG)]
    for _ in range(times - 1):
        end(api, "nack", leased[-1])
        leased.append(dequeue(api, lease_seconds=LONG))
    end(api, "nack", leased[-1])
    return leased


def test_an_item_that_failed_too_often_is_a_dead_letter(api: ApiClient) -> None:
    create(api, max_receives=2)
    items = [enqueue(api, payload=number) for number in range(2)]
    assert [item["id"] for item in fail(api, 2)] == [items[0]["id"]] * 2
    assert stats(api) == (1, 0, 1)
    assert api.get("/pipe/queues").json() == {"stacks": 1}
    (dead,) = api.get("/pipe/queue/stacks/dead_letters").json()
    assert dead == {**items[0], "receive_count": 2, "dead_at": dead["dead_at"]}
    assert abs(dead["dead_at"] - time.time() * 1000) < 5000
    assert dequeue(api) == items[1]
    assert dequeue(api) is None


def test_an_item_whose_leases_ran_out_too_often_is_a_dead_letter(api: ApiClient) -> None:
    create(api, max_receives=1)
    items = [enqueue(api, payload=number) for number in range(2)]
    dequeue(api, lease_seconds=0.1)
    time.sleep(0.15)
    assert dequeue(api) == items[1]
    assert [letter["id"] for letter in api.get("/pipe/queue/stacks/dead_letters").json()] == [items[0]["id"]]


def test_dead_letters_are_found_without_a_dequeue(api: ApiClient) -> None:
    create(api, max_receives=1)
    item = enqueue(api)
    dequeue(api, lease_seconds=0.1)
    time.sleep(0.15)
    assert [letter["id"] for letter in api.get("/pipe/queue/stacks/dead_letters").json()] == [item["id"]]


def test_a_dead_letter_behind_an_item_that_was_never_handed_out_counts(api: ApiClient) -> None:
    create(api, max_receives=1)
    first, second = enqueue(api), enqueue(api)
    held = dequeue(api, lease_seconds=60)
    dequeue(api, lease_seconds=0.05)
    end(api, "nack", held)
    assert api.post("/pipe/queue/stacks/redrive", json={"id": first["id"]}).json() == {"redriven": 1}
    time.sleep(0.1)
    assert stats(api) == (1, 0, 1)
    assert [letter["id"] for letter in api.get("/pipe/queue/stacks/dead_letters").json()] == [second["id"]]


@pytest.mark.parametrize("by_id", [True, False])
def test_an_exhausted_item_that_was_not_moved_yet_is_redriven(api: ApiClient, by_id: bool) -> None:  # noqa: FBT001
    create(api, max_receives=1)
    item = enqueue(api)
    dequeue(api, lease_seconds=0.05)
    time.sleep(0.1)
    assert api.get("/pipe/queue/stacks/stats").json()["oldest_age_ms"] is None
    asked = {"id": item["id"]} if by_id else None
    assert api.post("/pipe/queue/stacks/redrive", json=asked).json() == {"redriven": 1}
    assert dequeue(api)["id"] == item["id"]


def test_an_attempt_finds_its_item_after_a_long_extension(
    api: ApiClient, items: list[dict[str, Any]]
) -> None:
    held = dequeue(api, lease_seconds=5, attempt_id="a")
    end(api, "extend", held, lease_seconds=12 * 3600)
    (record,) = [row for row in TABLE.scan() if row["sk"].startswith("ATTEMPT#")]
    assert record["expire_timestamp_s"] > time.time() + 12 * 3600
    assert dequeue(api, lease_seconds=5, attempt_id="a")["id"] == held["id"]


def test_an_attempt_that_is_over_is_handed_the_next_item(api: ApiClient, items: list[dict[str, Any]]) -> None:
    held = dequeue(api, lease_seconds=60, attempt_id="a")
    end(api, "ack", held)
    assert dequeue(api, lease_seconds=60, attempt_id="a")["id"] == items[1]["id"]


def test_a_receipt_has_the_generation_of_its_queue(api: ApiClient, items: list[dict[str, Any]]) -> None:
    first, second = (dequeue(api, lease_seconds=60) for _ in range(2))
    end(api, "ack", first)
    end(api, "nack", second)
    receipts = [row for row in TABLE.scan() if row["sk"].startswith("RECEIPT#")]
    assert {row["generation"] for row in receipts} == {int(items[0]["id"].partition("_")[0])}
    assert len(receipts) == 2


def test_an_item_under_its_last_lease_can_be_acknowledged(api: ApiClient) -> None:
    create(api, max_receives=1)
    enqueue(api)
    leased = dequeue(api, lease_seconds=LONG)
    assert dequeue(api) is None
    assert api.get("/pipe/queue/stacks/dead_letters").json() == []
    assert end(api, "ack", leased)[0] == 200
    assert stats(api) == (0, 0, 0)


def test_dead_letters_go_back_to_their_old_places(api: ApiClient) -> None:
    create(api, max_receives=1)
    items = [enqueue(api, payload=number) for number in range(3)]
    fail(api, 1)
    fail(api, 1)
    assert stats(api) == (1, 0, 2)
    answer = api.post("/pipe/queue/stacks/redrive", json={"id": items[1]["id"]})
    assert (answer.status_code, answer.json()) == (200, {"redriven": 1})
    assert api.post("/pipe/queue/stacks/redrive").json() == {"redriven": 1}
    assert api.post("/pipe/queue/stacks/redrive").json() == {"redriven": 0}
    assert api.get("/pipe/queue/stacks").json() == items
    assert dequeue(api, lease_seconds=LONG)["receive_count"] == 1


def test_more_dead_letters_than_one_request_can_redrive_go_back_in_several(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(api, max_receives=1)
    items = [enqueue(api, payload=number) for number in range(3)]
    for _ in items:
        fail(api, 1)
    redrive = dead_letters._redrive

    def slow(queue: Queue, row: Item) -> bool:
        time.sleep(0.2)
        return redrive(queue, row)

    monkeypatch.setattr(dead_letters, "_redrive", slow)
    monkeypatch.setattr(retries, "LONG_WORK_S", 0.1)
    answer = api.post("/pipe/queue/stacks/redrive")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.text == "Requeued 1 dead letter so far; repeat the request to continue."
    assert api.get("/pipe/queue/stacks").json() == items[:1]
    monkeypatch.setattr(retries, "LONG_WORK_S", 20.0)
    assert api.post("/pipe/queue/stacks/redrive").json() == {"redriven": 2}
    assert api.get("/pipe/queue/stacks").json() == items


def test_a_dead_letter_that_is_not_there(api: ApiClient) -> None:
    create(api)
    answer = api.post("/pipe/queue/stacks/redrive", json={"id": "none"})
    assert (answer.status_code, answer.text) == (404, "Dead letter does not exist: none")


@pytest.mark.parametrize("max_receives", [0, -1, 1001, 1.5, "2", True, [1]])
def test_a_bad_max_receives(api: ApiClient, max_receives: Any) -> None:
    answer = api.post("/pipe/queue", json={"queue_name": "q", "max_receives": max_receives})
    assert (answer.status_code, answer.text) == (400, "max_receives must be a whole number from 1 to 1000.")


def test_a_queue_without_max_receives_has_no_dead_letters(api: ApiClient) -> None:
    create(api)
    enqueue(api)
    assert [item["receive_count"] for item in fail(api, 4)] == [1, 2, 3, 4]
    assert stats(api) == (1, 0, 0)


@pytest.mark.parametrize(
    ("method", "end_of_path"),
    [("GET", "/stats"), ("GET", "/dead_letters"), ("POST", "/redrive"), ("POST", "/nack")],
)
def test_routes_of_a_queue_that_is_not_there(api: ApiClient, method: str, end_of_path: str) -> None:
    body = {"id": "x", "lease_id": "y"}
    answer = api.request(method, f"/pipe/queue/nowhere{end_of_path}", json=body)
    assert (answer.status_code, answer.text) == (404, "Queue does not exist: nowhere")


def test_stats_of_a_queue(api: ApiClient) -> None:
    create(api)
    empty = {"queue_name": "stacks", "waiting": 0, "leased": 0, "dead": 0, "oldest_age_ms": None}
    assert api.get("/pipe/queue/stacks/stats").json() == empty
    enqueue(api)
    time.sleep(0.1)
    enqueue(api)
    answer = api.get("/pipe/queue/stacks/stats").json()
    assert 100 <= answer.pop("oldest_age_ms") < 5000
    assert answer == {"queue_name": "stacks", "waiting": 2, "leased": 0, "dead": 0}


def test_an_enqueue_asked_again_makes_one_item(api: ApiClient) -> None:
    create(api)
    first, again = (enqueue(api, payload=7, dedup_id="d1") for _ in range(2))
    assert again == first
    assert enqueue(api, payload=7, dedup_id="d2")["id"] != first["id"]
    assert dequeue(api) == first
    # remembered also when the item is consumed
    assert enqueue(api, payload=7, dedup_id="d1") == first
    assert stats(api) == (1, 0, 0)


def test_an_enqueue_asked_again_may_have_its_members_in_another_order(api: ApiClient) -> None:
    create(api)
    first = enqueue(api, payload={"a": [{"b": 1, "c": 0.5}], "d": None}, dedup_id="d1")
    again = enqueue(api, payload={"d": None, "a": [{"c": 0.5, "b": 1}]}, dedup_id="d1")
    assert again["id"] == first["id"]
    other = {"queue_name": "stacks", "payload": {"d": None, "a": [{"c": 1, "b": 0.5}]}, "dedup_id": "d1"}
    assert api.post("/pipe/enqueue", json=other).status_code == 409
    assert stats(api) == (1, 0, 0)


def test_a_dedup_id_stands_for_one_item(api: ApiClient) -> None:
    create(api)
    enqueue(api, payload=7, dedup_id="d1")
    answer = api.post("/pipe/enqueue", json={"queue_name": "stacks", "payload": 8, "dedup_id": "d1"})
    assert (answer.status_code, answer.text) == (409, "dedup_id was used for another item: d1")
    api.delete("/pipe/queue/stacks")
    create(api)
    enqueue(api, payload=8, dedup_id="d1")
    assert stats(api) == (1, 0, 0)


def test_one_dedup_id_in_many_threads_makes_one_item(api: ApiClient) -> None:
    create(api)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(enqueue(api, payload=7, dedup_id="d1")["id"]))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [found[0]] * 8
    assert stats(api) == (1, 0, 0)
