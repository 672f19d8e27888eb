"""The table, its keys, and queries that all kinds of rows share."""

from typing import Any

from common.dynamodb import Item
from pipe_queue.retries import READ_TIMEOUT_S, RetryingTable

table = RetryingTable("PIPE_QUEUE_TABLE_NAME", read_timeout_s=READ_TIMEOUT_S)

QUEUE_TYPE = "QUEUE_ITEM"
STATUS_TYPE = "STATUS_ITEM"

# Rows of the earlier service have no generation. They belong to any queue of that name.
OF_GENERATION = "(attribute_not_exists(generation) OR generation = :generation)"


def row_key(queue: str, sort_key: str) -> Item:
    """Return the key of a row in a queue's partition."""
    return {"pk": f"QUEUE#{queue}", "sk": sort_key}


def item_key(queue: str, item_id: str) -> Item:
    """Return the key of an item."""
    return row_key(queue, f"ITEM#{item_id}")


def with_id(row: Item) -> Item:
    """Return the row of an item or a dead letter with the id from its key.

    A row of another program may lack the attribute `id` or have another value. Its item would never be found
    and would stay at the head of the queue for ever.
    """
    return {**row, "id": row["sk"].partition("#")[2]}


def rows_of(queue: str, prefix: str, generation: int, after: str = "") -> dict[str, Any]:
    """Return the arguments of a consistent query for one kind of rows, sorted by id.

    Parameters
    ----------
    queue
        Name.
    prefix
        The kind: "ITEM#" or "DEAD#".
    generation
        The queue's.
    after
        The id after which to start; "" for the first.
    """
    # "~" sorts after every character of an id, but not after every text that a caller may send. DynamoDB
    # rejects bounds in the wrong order.
    last = f"{prefix}~"
    first = min(f"{prefix}{after}\x00", last) if after else prefix
    return {
        "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
        "FilterExpression": OF_GENERATION,
        "ExpressionAttributeValues": {
            ":pk": f"QUEUE#{queue}",
            ":first": first,
            ":last": last,
            ":generation": generation,
        },
        "ConsistentRead": True,
    }


def list_after(partition: str, after: str) -> dict[str, Any]:
    """Return the arguments of a consistent query for the rows of a list, sorted by sort key.

    Parameters
    ----------
    partition
        The list: "QUEUES" or "STATUSES".
    after
        Only rows with sort keys after it; "" for all.
    """
    follows = " AND sk > :after" if after else ""
    bound = {":after": after} if after else {}
    return {
        "KeyConditionExpression": f"pk = :pk{follows}",
        "ExpressionAttributeValues": {":pk": partition, **bound},
        "ConsistentRead": True,
    }
