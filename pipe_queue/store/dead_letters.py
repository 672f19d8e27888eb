"""Dead letters: items that were handed out as often as their queue allows, without success."""

from collections.abc import Iterator

from common.dynamodb import Item
from pipe_queue.store.table import item_key, row_key, rows_of, table, with_id


def move(row: Item, dead_row: Item) -> None:
    """Move an item, as it was read, to the dead letters. One transaction of two rows.

    Raises
    ------
    ConditionFailed
        If the item has changed.
    """
    lease_ended = "lease_until = :until" if "lease_until" in row else "attribute_not_exists(lease_until)"
    until = {":until": row["lease_until"]} if "lease_until" in row else {}
    table.transact(
        [
            {
                "Delete": {
                    "Key": {"pk": row["pk"], "sk": row["sk"]},
                    "ConditionExpression": f"receives = :receives AND {lease_ended}",
                    "ExpressionAttributeValues": {":receives": row["receives"], **until},
                }
            },
            {"Put": {"Item": dead_row}},
        ]
    )


def dead_key(queue: str, item_id: str) -> Item:
    """Return the key of a dead letter."""
    return row_key(queue, f"DEAD#{item_id}")


def read(queue: str, item_id: str) -> Item | None:
    """Return a dead letter, or None. One consistent read."""
    row = table.get(dead_key(queue, item_id))
    return None if row is None else with_id(row)


def in_order(queue: str, generation: int, after: str, page: int) -> Iterator[Item]:
    """Return the dead letters of a queue, oldest first. Pages of `page` rows are read when needed."""
    return map(with_id, table.query(**rows_of(queue, "DEAD#", generation, after), Limit=page))


def redrive(queue: str, row: Item) -> None:
    """Put a dead letter back into its queue as an item. One transaction of two rows.

    Raises
    ------
    ConditionFailed
        If the dead letter is gone.
    """
    key = dead_key(queue, row["id"])
    table.transact(
        [
            {"Delete": {"Key": key, "ConditionExpression": "attribute_exists(sk)"}},
            {"Put": {"Item": {**row, **item_key(queue, row["id"])}}},
        ]
    )
