"""What the tests of the queues share: callers' steps, and rows as the earlier service wrote them."""

import time
from typing import Any

from common import aws
from common.dynamodb import BATCH_ROWS, Table, serialised
from tests.client import ApiClient

TABLE = Table("PIPE_QUEUE_TABLE_NAME")


def create(api: ApiClient, name: str = "stacks", **more: Any) -> None:
    assert api.post("/pipe/queue", json={"queue_name": name, **more}).status_code == 200


def enqueue(api: ApiClient, name: str = "stacks", **more: Any) -> dict[str, Any]:
    answer = api.post("/pipe/enqueue", json={"queue_name": name, **more})
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json()
    return item


def dequeue(api: ApiClient, name: str = "stacks", **query: Any) -> Any:
    """The item that a dequeue answers, or None if the queue is empty."""
    answer = api.post(f"/pipe/queue/{name}/dequeue", params=query)
    assert answer.status_code in (200, 404), answer.text
    return answer.json() if answer.status_code == 200 else None


def end(api: ApiClient, how: str, item: dict[str, Any], **changes: Any) -> tuple[int, Any]:
    """Status and text of ending (or extending) an item's lease: `how` is ack, nack or extend."""
    body = {"id": item["id"], "lease_id": item["lease_id"], **changes}
    answer = api.post(f"/pipe/queue/{item['queue_name']}/{how}", json=body)
    return answer.status_code, answer.text


def stats(api: ApiClient, name: str = "stacks") -> tuple[int, int, int]:
    """How many items are waiting, leased, dead."""
    answer = api.get(f"/pipe/queue/{name}/stats").json()
    return answer["waiting"], answer["leased"], answer["dead"]


def write_legacy_queue(name: str) -> None:
    TABLE.put(
        {
            "pk": f"QUEUE#{name}",
            "sk": "METADATA",
            "item_type": "QUEUE_ITEM",
            "created_at": 1_700_000_000_000,
            "queue_name": name,
        }
    )


def write_legacy_item(name: str, ms: int, number: int) -> dict[str, Any]:
    """Write an item as the earlier service did; answer it as callers see it."""
    row = _legacy_row(name, ms, number)
    TABLE.put(row)
    seen = {field: row[field] for field in ("id", "payload", "created_at", "sender")}
    return {**seen, "queue_name": name}


def write_legacy_items(name: str, count: int) -> None:
    """Write many items as the earlier service did."""
    rows = [_legacy_row(name, 1_700_000_000_000 + number, number) for number in range(count)]
    puts = [{"PutRequest": {"Item": serialised(row)}} for row in rows]
    for start in range(0, count, BATCH_ROWS):
        batch = puts[start : start + BATCH_ROWS]
        aws.client("dynamodb").batch_write_item(RequestItems={TABLE.name: batch})


def _legacy_row(name: str, ms: int, number: int) -> dict[str, Any]:
    item = {"id": f"{ms:013d}_{number:08x}", "payload": {"n": number}, "created_at": ms, "sender": "old"}
    return {"pk": f"QUEUE#{name}", "sk": f"ITEM#{item['id']}", "item_type": "QUEUE_ITEM", **item}


def write_legacy_status(pipe_id: str, **details: Any) -> dict[str, Any]:
    """Write a status as the earlier service did; answer it as callers see it."""
    status = {"status": "idle", "last_updated": int(time.time() * 1000), "details": details}
    TABLE.put({"pk": f"STATUS#{pipe_id}", "sk": "INFO", "item_type": "STATUS_ITEM", **status})
    return {"pipe_id": pipe_id, **status}
