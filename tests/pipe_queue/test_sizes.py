"""Items as large as they may be, and queues larger than an answer."""

from typing import Any

import pytest

from common import responses
from common.dynamodb import MAX_ITEM_BYTES, item_size
from pipe_queue import items, names
from pipe_queue.store.dead_letters import dead_key
from pipe_queue.store.table import item_key
from support.client import ApiClient
from support.legacy_queue import TABLE
from tests.pipe_queue.callers import create, dequeue, end, enqueue, stats

PLAIN = {"Accept-Encoding": "identity"}
LONGEST_ID = "a" * names.MAX_ID_BYTES


def stored(item: dict[str, Any]) -> dict[str, Any]:
    row = TABLE.get(item_key(item["queue_name"], item["id"]))
    assert row is not None
    return row


@pytest.fixture
def largest_payload(api: ApiClient) -> str:
    """The longest text that a queue accepts. Its row is full, except for the reserved bytes."""
    create(api)
    empty = items.full_size(stored(enqueue(api, payload="")))
    dequeue(api)
    return "x" * (MAX_ITEM_BYTES - items.RESERVED_BYTES - empty)


@pytest.mark.parametrize("lease", [{}, {"lease_seconds": 60}])
def test_what_is_reserved_holds_all_that_is_added(api: ApiClient, lease: dict[str, Any]) -> None:
    create(api, max_receives=1000)
    before = items.full_size(stored(enqueue(api)))
    dequeue(api, lease_seconds=60)
    dequeue(api, attempt_id=LONGEST_ID)
    enqueue(api)
    dequeue(api, attempt_id=LONGEST_ID, **lease)
    added = [
        items.full_size(row) - before
        for row in TABLE.scan()
        if row["pk"] == "QUEUE#stacks" and "payload" in row
    ]
    # the numbers of receives grow by two bytes at most
    assert max(added) + 2 <= items.RESERVED_BYTES
    assert len(added) == 2


def test_what_is_too_large_does_not_depend_on_the_time() -> None:
    times = (1_700_000_000_000, 1_700_000_000_001, 1_712_345_678_912)
    rows = [{"sender": "s", "created_at": time, "generation": time} for time in times]
    assert len({item_size(row) for row in rows}) > 1
    assert len({items.full_size(row) for row in rows}) == 1
    assert all(item_size(row) <= items.full_size(row) for row in rows)


def test_the_largest_item_goes_in_and_one_byte_more_does_not(api: ApiClient, largest_payload: str) -> None:
    # moto refuses rows over 405,000 bytes, so the fault suite tests the largest item on its other engine
    answer = api.post("/pipe/enqueue", json={"queue_name": "stacks", "payload": largest_payload + "x"})
    most = MAX_ITEM_BYTES - items.RESERVED_BYTES
    assert (answer.status_code, answer.text) == (
        413,
        f"Too large to store: {most + 1} bytes; at most {most} are allowed.",
    )


def test_a_large_item_is_leased_given_back_made_a_dead_letter_and_redriven(api: ApiClient) -> None:
    create(api, max_receives=1)
    item = enqueue(api, payload="é" * 200_000)
    leased = dequeue(api, lease_seconds=60, attempt_id=LONGEST_ID)
    assert end(api, "nack", leased)[0] == 200
    assert stats(api) == (0, 0, 1)
    assert api.post("/pipe/queue/stacks/redrive").json() == {"redriven": 1}
    assert dequeue(api, attempt_id=LONGEST_ID) == item


def test_a_queue_of_3_mb_is_counted_listed_peeked_and_deleted(api: ApiClient) -> None:
    create(api)
    enqueued = [enqueue(api, payload="x" * 100_000) for _ in range(31)]
    assert api.get("/pipe/queues").json() == {"stacks": 31}
    assert stats(api) == (31, 0, 0)
    assert api.get("/pipe/queue/stacks", params={"limit": 1000}).json() == enqueued
    assert dequeue(api) == enqueued[0]
    assert api.get("/pipe/queues").json() == {"stacks": 30}
    assert api.delete("/pipe/queue/stacks").status_code == 200
    assert [row["sk"] for row in TABLE.scan()] == ["ADOPTED", "stacks"]


def test_a_peek_over_6_mb_links_to_the_next_page(api: ApiClient) -> None:
    create(api)
    enqueued = [enqueue(api, payload="x" * 390_000) for _ in range(20)]
    found: list[Any] = []
    link = "?limit=20"
    while link:
        page = api.get(f"/pipe/queue/stacks{link}", headers=PLAIN)
        assert len(page.content) < 6 * 1024 * 1024
        found += page.json()
        link = page.links.get("next", {}).get("url", "")
    assert found == enqueued


@pytest.mark.parametrize("path", ["/pipe/queue/stacks", "/pipe/queue/stacks/dead_letters"])
def test_a_list_reads_no_more_than_fits_and_goes_on_where_it_ended(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    create(api, max_receives=1)
    enqueued = [enqueue(api, payload="x" * 1000)["id"] for _ in range(10)]
    if path.endswith("dead_letters"):
        for item in enqueued:
            row = stored({"queue_name": "stacks", "id": item})
            TABLE.put({**row, **dead_key("stacks", item), "receives": 1, "dead_at": 1})
    monkeypatch.setattr(responses, "MAX_LISTING_BYTES", 2500)
    page = api.get(path, params={"limit": 5})
    assert [item["id"] for item in page.json()] == enqueued[:3]
    rest = api.get(f"{path}{page.links['next']['url']}")
    assert [item["id"] for item in rest.json()] == enqueued[3:6]
