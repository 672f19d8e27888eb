"""Writes new items, and reads the items of a queue."""

from collections.abc import Iterator
from typing import Any

from common.dynamodb import Item
from pipe_queue.store.table import item_key, row_key, rows_of, table, with_id


def put(row: Item, token: str) -> None:
    """Put a new item into its queue. One transaction of one row.

    Parameters
    ----------
    row
        The item, key included.
    token
        Identifies this item. A repetition within ten minutes puts nothing, even if the item was consumed
        meanwhile.

    Raises
    ------
    ConditionFailed
        If the item exists.
    """
    table.transact([_new(row)], token)


def put_deduplicated(row: Item, token: str, dedup_row: Item, now_s: int) -> None:
    """Put a new item and the row of its dedup id. One transaction of two rows.

    Raises
    ------
    ConditionFailed
        If the dedup id is taken.
    """
    unless_taken = {
        "ConditionExpression": "attribute_not_exists(sk) OR expire_timestamp_s <= :now",
        "ExpressionAttributeValues": {":now": now_s},
    }
    table.transact([_new(row), {"Put": {"Item": dedup_row, **unless_taken}}], token)


def dedup_key(queue: str, generation: int, dedup_id: str) -> Item:
    """Return the key of a dedup id's row."""
    return row_key(queue, f"DEDUP#{generation}#{dedup_id}")


def read_dedup(queue: str, generation: int, dedup_id: str) -> Item | None:
    """Return a dedup id's row, or None. One consistent read."""
    return table.get(dedup_key(queue, generation, dedup_id))


def read(queue: str, item_id: str) -> Item | None:
    """Return an item, or None. One consistent read."""
    row = table.get(item_key(queue, item_id))
    return None if row is None else with_id(row)


def in_order(queue: str, generation: int, after: str, page: int) -> Iterator[Item]:
    """Return the items of a queue, oldest first. Pages of `page` rows are read when needed."""
    return map(with_id, table.query(**rows_of(queue, "ITEM#", generation, after), Limit=page))


def states(queue: str, generation: int) -> Iterator[Item]:
    """Return `created_at`, `lease_until`, `receives` of each item, if it has them. One query, all pages."""
    return table.query(
        **rows_of(queue, "ITEM#", generation), ProjectionExpression="created_at, lease_until, receives"
    )


def head_states(queue: str, generation: int) -> tuple[list[Item], bool]:
    """Return `id`, `created_at`, `lease_until`, `receives` of the oldest items, and whether there are more.

    One query of one page, 1 MB of items. It may miss the changes of the last second.
    """
    query = {**rows_of(queue, "ITEM#", generation), "ConsistentRead": False}
    rows, more = table.first_page(**query, ProjectionExpression="sk, created_at, lease_until, receives")
    return [with_id(row) for row in rows], more


def _new(row: Item) -> dict[str, Any]:
    return {"Put": {"Item": row, "ConditionExpression": "attribute_not_exists(sk)"}}
