"""Queues and items that the earlier service wrote, served over HTTP."""

import time
from typing import Any

import pytest

from local.demo import load
from local.invocation import LambdaContext
from pipe_queue import handlers, legacy_import, queues
from pipe_queue.clock import now_ms
from pipe_queue.store import queues as store
from support.client import ApiClient
from support.legacy_queue import TABLE, write_legacy_item, write_legacy_queue, write_legacy_status
from tests.pipe_queue.callers import create, dequeue, end, enqueue, stats

MS = 1_700_000_000_000


def test_queues_without_a_row_in_the_list_are_listed(api: ApiClient) -> None:
    for name in ("old", "bare", "odd name#1"):
        write_legacy_queue(name)
    write_legacy_item("old", MS, 1)
    write_legacy_item("old", MS, 2)
    create(api, "new")
    for _ in range(2):
        assert api.get("/pipe/queues").json() == {"bare": 0, "new": 0, "odd name#1": 0, "old": 2}


def test_a_queue_made_by_an_old_lambda_after_the_scan_is_listed_after_its_first_use(api: ApiClient) -> None:
    assert api.get("/pipe/queues").json() == {}
    write_legacy_queue("late")
    assert dequeue(api, "late") is None
    assert api.get("/pipe/queues").json() == {"late": 0}


def test_what_an_old_lambda_makes_is_listed_by_the_next_scan(api: ApiClient) -> None:
    assert api.get("/pipe/queues").json() == {}
    write_legacy_queue("late")
    late = write_legacy_status("pipe9")
    store.note_scan(now_ms() - legacy_import.LISTING_SCANS_AFTER_MS)
    assert api.get("/pipe/queues").json() == {"late": 0}
    assert api.get("/pipe/statuses").json() == [late]


def test_the_report_scans_for_what_an_old_lambda_made(api: ApiClient) -> None:
    write_legacy_queue("late")
    handlers.report_queues({}, LambdaContext("reportQueues"))
    began = store.last_scan_ms()
    assert api.get("/pipe/queues").json() == {"late": 0}
    handlers.report_queues({}, LambdaContext("reportQueues"))
    assert store.last_scan_ms() > began > 0


def test_a_status_that_an_old_lambda_changes_or_deletes_is_listed_as_it_is(api: ApiClient) -> None:
    for pipe_id in ("pipe1", "pipe2"):
        api.post("/pipe/status", json={"pipe_id": pipe_id, "status": "busy"})
    changed = write_legacy_status("pipe1", job=7)
    TABLE.delete({"pk": "STATUS#pipe2", "sk": "INFO"})
    assert api.get("/pipe/statuses").json() == [changed]


def test_a_queue_that_an_old_lambda_deletes_is_not_listed_and_can_be_made_again(api: ApiClient) -> None:
    create(api, "stacks", max_receives=1)
    enqueue(api)
    end(api, "nack", dequeue(api, lease_seconds=60))
    enqueue(api, dedup_id="d")
    delete_as_the_earlier_service("stacks")
    assert api.get("/pipe/queues").json() == {}
    create(api)
    assert api.get("/pipe/queues").json() == {"stacks": 0}
    assert api.get("/pipe/queue/stacks/dead_letters").json() == []
    item = enqueue(api, dedup_id="d")
    assert dequeue(api) == item


def test_what_an_old_lambda_left_of_a_queue_can_be_deleted(api: ApiClient) -> None:
    create(api)
    enqueue(api, dedup_id="d")
    delete_as_the_earlier_service("stacks")
    assert api.delete("/pipe/queue/stacks").status_code == 200
    assert [row for row in TABLE.scan() if row["pk"] == "QUEUE#stacks"] == []
    assert api.delete("/pipe/queue/stacks").status_code == 404


def test_a_queue_that_an_old_lambda_deletes_and_makes_again_has_a_higher_generation(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(api)
    before = queues.existing("stacks").generation
    delete_as_the_earlier_service("stacks")
    write_legacy_queue("stacks")
    monkeypatch.setattr(queues, "now_ms", lambda: before - queues.GENERATION_OFFSET_MS - 5000)
    assert queues.existing("stacks").generation == before + 1


def delete_as_the_earlier_service(name: str) -> None:
    for row in list(TABLE.scan()):
        if row["pk"] == f"QUEUE#{name}" and row["sk"].startswith(("ITEM#", "METADATA")):
            TABLE.delete({"pk": row["pk"], "sk": row["sk"]})


def test_items_of_the_earlier_service_come_out_first(api: ApiClient) -> None:
    write_legacy_queue("old")
    old = [write_legacy_item("old", MS + number, 9 - number) for number in range(3)]
    new = [enqueue(api, "old", payload=number) for number in range(2)]
    # one more by a Lambda of the earlier service whose clock is ahead
    old.append(write_legacy_item("old", int(time.time() * 1000) + 5000, 7))
    assert api.get("/pipe/queue/old").json() == [*old, *new]
    assert [dequeue(api, "old") for _ in range(7)] == [*old, *new, None]


def test_an_old_item_in_a_queue_made_here_comes_out_first(api: ApiClient) -> None:
    create(api, "new")
    new = enqueue(api, "new")
    old = write_legacy_item("new", MS, 1)
    assert api.get("/pipe/queues").json() == {"new": 2}
    assert [dequeue(api, "new"), dequeue(api, "new")] == [old, new]


def test_old_items_are_leased_returned_and_acknowledged(api: ApiClient) -> None:
    write_legacy_queue("old")
    old = write_legacy_item("old", MS, 1)
    leased = dequeue(api, "old", lease_seconds=60)
    assert leased["id"] == old["id"]
    end(api, "nack", leased)
    leased = dequeue(api, "old", lease_seconds=60)
    assert leased["receive_count"] == 2
    end(api, "ack", leased)
    assert stats(api, "old") == (0, 0, 0)


def test_a_queue_with_a_hash_sign_in_its_name_is_served(api: ApiClient) -> None:
    write_legacy_queue("mrc#1")
    old = [write_legacy_item("mrc#1", MS + number, number) for number in range(2)]
    new = enqueue(api, "mrc#1")
    assert api.get("/pipe/queue/mrc%231").json() == [*old, new]
    assert [dequeue(api, "mrc%231") for _ in range(3)] == [*old, new]
    empty = api.post("/pipe/queue/mrc%231/dequeue")
    assert (empty.status_code, empty.text) == (404, "Queue is empty: mrc#1")
    assert api.delete("/pipe/queue/mrc%231").json() == {"message": "Queue deleted: mrc#1"}
    assert api.get("/pipe/queues").json() == {}
    assert api.post("/pipe/queue", json={"queue_name": "mrc#1"}).status_code == 400


def test_an_old_queue_exists_and_is_deleted_whole(api: ApiClient) -> None:
    write_legacy_queue("old")
    for number in range(30):
        write_legacy_item("old", MS, number)
    assert api.post("/pipe/queue", json={"queue_name": "old"}).status_code == 409
    assert api.delete("/pipe/queue/old").status_code == 200
    assert [row for row in TABLE.scan() if row["pk"] == "QUEUE#old"] == []


def test_the_demo_queues_are_served(api: ApiClient) -> None:
    load._fill_queues([])
    load._write_statuses()
    assert api.get("/pipe/queues").json() == {"focus": 0, "smartstacks": 0}
    assert [status["pipe_id"] for status in api.get("/pipe/statuses").json()] == ["pipe1", "pipe2"]


@pytest.mark.parametrize("item_id", [None, 5, "another", {"a"}], ids=["none", "a number", "another", "a set"])
def test_an_item_is_identified_by_its_key(api: ApiClient, item_id: Any) -> None:
    """Otherwise an item with a wrong `id` would stay at the head of its queue for ever."""
    api.post("/pipe/queue", json={"queue_name": "old", "max_receives": 1})
    items = [write_legacy_item("old", MS, number) for number in range(3)]
    for item in items:
        key = {"pk": "QUEUE#old", "sk": f"ITEM#{item['id']}"}
        row = {name: value for name, value in (TABLE.get(key) or {}).items() if name != "id"}
        TABLE.put(row if item_id is None else {**row, "id": item_id})
    assert api.get("/pipe/queue/old").json() == items
    assert dequeue(api, "old") == items[0]
    leased = dequeue(api, "old", lease_seconds=60, attempt_id="a")
    assert leased["id"] == items[1]["id"]
    assert dequeue(api, "old", lease_seconds=60, attempt_id="a") == leased
    assert end(api, "nack", leased)[0] == 200
    assert [dead["id"] for dead in api.get("/pipe/queue/old/dead_letters").json()] == [items[1]["id"]]
    assert api.post("/pipe/queue/old/redrive").json() == {"redriven": 1}
    assert [dequeue(api, "old", attempt_id=attempt)["id"] for attempt in "bc"] == [
        items[1]["id"],
        items[2]["id"],
    ]
    assert stats(api, "old") == (0, 0, 0)
