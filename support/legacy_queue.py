"""Rows of the queues' table as the earlier service wrote them."""

import time
from typing import Any

from common import aws
from common.dynamodb import BATCH_ROWS, Table, serialised

TABLE = Table("PIPE_QUEUE_TABLE_NAME")


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
    """Write an item as the earlier service did; return it as callers see it."""
    row = _legacy_row(name, ms, number)
    TABLE.put(row)
    seen = {field: row[field] for field in ("id", "payload", "created_at", "sender")}
    return {**seen, "queue_name": name}


def write_legacy_items(name: str, count: int) -> None:
    """Write many items as the earlier service did."""
    rows = [_legacy_row(name, 1_700_000_000_000 + number, number) for number in range(count)]
    puts: list[Any] = [{"PutRequest": {"Item": serialised(row)}} for row in rows]
    for start in range(0, count, BATCH_ROWS):
        batch = puts[start : start + BATCH_ROWS]
        aws.client("dynamodb").batch_write_item(RequestItems={TABLE.name: batch})


def _legacy_row(name: str, ms: int, number: int) -> dict[str, Any]:
    item = {"id": f"{ms:013d}_{number:08x}", "payload": {"n": number}, "created_at": ms, "sender": "old"}
    return {"pk": f"QUEUE#{name}", "sk": f"ITEM#{item['id']}", "item_type": "QUEUE_ITEM", **item}


def write_legacy_status(pipe_id: str, **details: Any) -> dict[str, Any]:
    """Write a status as the earlier service did; return it as callers see it."""
    status = {"status": "idle", "last_updated": int(time.time() * 1000), "details": details}
    TABLE.put({"pk": f"STATUS#{pipe_id}", "sk": "INFO", "item_type": "STATUS_ITEM", **status})
    return {"pipe_id": pipe_id, **status}
