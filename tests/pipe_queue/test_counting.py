"""Many queues are counted by one scan of the table. The numbers are the same as with a query for each."""

from typing import Any

import pytest

from common.dynamodb import Table
from pipe_queue import counting
from support.client import ApiClient
from support.legacy_queue import TABLE, write_legacy_item, write_legacy_queue
from tests.pipe_queue.callers import create, dequeue, enqueue

MS = 1_700_000_000_000


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requests to the table. With three queues or more, a scan is used instead of queries."""
    operations: list[str] = []
    request = Table._request

    def counted(self: Table, operation: str, **arguments: Any) -> Any:
        operations.append(operation)
        return request(self, operation, **arguments)

    monkeypatch.setattr(Table, "_request", counted)
    monkeypatch.setattr(counting, "QUEUES_PER_PAGE", 3)
    monkeypatch.setattr(counting, "_table", counting._Table())
    return operations


def fill(api: ApiClient) -> None:
    """Make queues with all kinds of rows."""
    for name in ("empty", "leased", "dead", "again"):
        create(api, name, max_receives=1)
    for name in ("leased", "dead", "again", "again"):
        enqueue(api, name)
    earlier = [row for row in TABLE.scan() if row["sk"].startswith("ITEM#")]
    dequeue(api, "leased", lease_seconds=60)
    enqueue(api, "leased", dedup_id="once")
    item = dequeue(api, "dead", lease_seconds=60, attempt_id="a1")
    api.post("/pipe/queue/dead/nack", json={name: item[name] for name in ("id", "lease_id")})
    api.delete("/pipe/queue/again")
    create(api, "again")
    for row in earlier:
        if row["pk"] == "QUEUE#again":
            TABLE.put(row)
    write_legacy_queue("old")
    write_legacy_item("old", MS, 1)
    write_legacy_item("again", MS, 1)


def test_a_scan_counts_as_queries_do(
    api: ApiClient, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(api)
    api.get("/pipe/queues")
    sent.clear()
    counted = api.get("/pipe/queues").json()
    assert sent == ["get_item", "query", "batch_get_item", "scan"]
    assert counted == {"again": 1, "dead": 0, "empty": 0, "leased": 2, "old": 1}
    monkeypatch.setattr(counting, "QUEUES_PER_PAGE", 100)
    sent.clear()
    assert api.get("/pipe/queues").json() == counted
    assert sent == ["get_item", "query", "batch_get_item", *["query"] * 5]


def test_each_change_is_counted_at_once(api: ApiClient) -> None:
    for name in ("a", "b", "c"):
        create(api, name)
    for number in range(3):
        enqueue(api, "b")
        assert api.get("/pipe/queues").json() == {"a": 0, "b": number + 1, "c": 0}
    dequeue(api, "b")
    assert api.get("/pipe/queues").json() == {"a": 0, "b": 2, "c": 0}
    assert api.get("/pipe/queues?after=a").json() == {"b": 2, "c": 0}


def test_a_long_table_is_counted_by_queries_and_not_scanned_for_a_while(
    api: ApiClient, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        create(api, name)
    for number in range(5):
        enqueue(api, "b", payload={"text": f"{number}" * 300_000})
    api.get("/pipe/queues")
    for scans in (0, 1):
        sent.clear()
        assert api.get("/pipe/queues").json() == {"a": 0, "b": 5, "c": 0}
        assert (sent.count("scan"), sent.count("query")) == (scans, 5)
        monkeypatch.setattr(counting, "_table", counting._Table())
