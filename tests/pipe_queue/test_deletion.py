"""Deleting and making queues again, while other callers do so too, and after interrupted deletions."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from common.errors import Unavailable
from pipe_queue import clock, items, queues, retries
from pipe_queue.store import items as item_store
from pipe_queue.store import queues as store
from support.client import ApiClient
from support.legacy_queue import TABLE, write_legacy_item, write_legacy_queue
from tests.pipe_queue.callers import create, dequeue, end, enqueue, stats


def rows() -> list[str]:
    return sorted(row["sk"] for row in TABLE.scan() if row["pk"] == "QUEUE#stacks")


def at_the_put(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    """Run `action` after an enqueue has taken its place and before it puts its item."""
    put = item_store.put

    def put_late(row: Any, token: str) -> None:
        monkeypatch.setattr(item_store, "put", put)
        action()
        put(row, token)

    monkeypatch.setattr(item_store, "put", put_late)


def test_an_item_put_while_its_queue_is_deleted_is_never_handed_out(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(api)

    def delete_and_make_again() -> None:
        api.delete("/pipe/queue/stacks")
        create(api)

    at_the_put(monkeypatch, delete_and_make_again)
    enqueue(api, payload="straggler")
    assert any(row.startswith("ITEM#") for row in rows()), (
        "the straggler was not put: this test shows nothing"
    )
    assert api.get("/pipe/queue/stacks").json() == []
    assert api.get("/pipe/queues").json() == {"stacks": 0}
    assert stats(api) == (0, 0, 0)
    assert dequeue(api) is None
    mine = enqueue(api, payload="mine")
    assert dequeue(api) == mine
    assert api.delete("/pipe/queue/stacks").status_code == 200
    assert rows() == []


def test_a_queue_made_again_in_the_same_millisecond_has_another_generation(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "now_ms", lambda: 1_800_000_000_000)
    ids = set()
    for behind_ms in (0, 0, 5000):
        monkeypatch.setattr(queues, "now_ms", lambda behind_ms=behind_ms: 1_800_000_000_000 - behind_ms)
        create(api)
        ids.add(enqueue(api)["id"])
        api.delete("/pipe/queue/stacks")
    assert len(ids) == 3
    assert sorted(ids) == sorted(ids, key=lambda item_id: int(item_id[:13]))


def cut_short(monkeypatch: pytest.MonkeyPatch, api: ApiClient) -> None:
    """Begin to delete the queue, and have the table go away before a row is gone."""
    delete_rows = store.delete_rows

    def away(_keys: Any) -> None:
        raise Unavailable("away")

    monkeypatch.setattr(store, "delete_rows", away)
    answer = api.delete("/pipe/queue/stacks")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    monkeypatch.setattr(store, "delete_rows", delete_rows)


@pytest.fixture
def old_rows(api: ApiClient) -> list[str]:
    """A queue with rows of every kind, of the earlier service too."""
    write_legacy_queue("stacks")
    write_legacy_item("stacks", 1_700_000_000_000, 1)
    for number in range(3):
        enqueue(api, payload=number, dedup_id=f"d{number}")
    dequeue(api, lease_seconds=60, attempt_id="a1")
    end(api, "ack", dequeue(api, lease_seconds=60))
    kinds = {row.partition("#")[0] for row in rows()}
    assert kinds == {"METADATA", "ITEM", "ATTEMPT", "RECEIPT", "DEDUP"}
    return rows()


def test_a_deletion_cut_short_is_finished_by_the_next(
    api: ApiClient, old_rows: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_short(monkeypatch, api)
    assert rows() == [row for row in old_rows if row != "METADATA"]
    assert api.get("/pipe/queue/stacks").status_code == 404
    assert api.get("/pipe/queues").json() == {}
    assert dequeue(api) is None
    assert api.delete("/pipe/queue/stacks").json() == {"message": "Queue deleted: stacks"}
    assert rows() == []
    assert api.delete("/pipe/queue/stacks").status_code == 404


def test_a_deletion_cut_short_is_finished_before_the_queue_is_made_again(
    api: ApiClient, old_rows: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_short(monkeypatch, api)
    create(api)
    assert rows() == ["METADATA"]


def test_finishing_a_deletion_late_does_not_delete_the_new_queue(
    api: ApiClient, old_rows: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = store.read_listed("stacks") or {}
    cut_short(monkeypatch, api)
    create(api)
    mine = enqueue(api, payload="mine")
    # like another request that began to finish the deletion earlier, but runs only now
    queues._finish_deletion("stacks", int(generation["generation"]))
    assert dequeue(api) == mine
    assert api.get("/pipe/queues").json() == {"stacks": 0}


def test_a_queue_with_too_much_in_it_is_deleted_in_more_than_one_go(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(api)
    for number in range(5):
        enqueue(api, payload=number)
    monkeypatch.setattr(retries, "LONG_WORK_S", -1.0)
    answer = api.delete("/pipe/queue/stacks")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.text == "stacks has more items than one request can delete; repeat the request to continue."
    monkeypatch.setattr(retries, "LONG_WORK_S", 20.0)
    assert api.delete("/pipe/queue/stacks").status_code == 200
    assert rows() == []


def test_of_many_simultaneous_creations_one_succeeds(api: ApiClient) -> None:
    told: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: told.append(api.post("/pipe/queue", json={"queue_name": "stacks"}).status_code)
        )
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [200, 409, 409, 409, 409, 409]


def test_ids_sort_behind_those_of_the_earlier_service() -> None:
    generation = clock.now_ms() + queues.GENERATION_OFFSET_MS
    last_of_the_century = f"{4_102_444_800_000:013d}_ffffffff"
    assert f"{generation:013d}_{1:012d}" > last_of_the_century
    assert len(f"{generation:013d}") == 13
    assert items.DEDUP_S < queues.TOMBSTONE_S * 2
