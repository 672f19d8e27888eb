"""The table itself, and what its rows have in common."""

from typing import Any

from common.dynamodb import Item
from pipe_queue.patience import READ_TIMEOUT_S, PatientTable

table = PatientTable("PIPE_QUEUE_TABLE_NAME", read_timeout_s=READ_TIMEOUT_S)

QUEUE_TYPE = "QUEUE_ITEM"
STATUS_TYPE = "STATUS_ITEM"

# Rows of the earlier service carry no generation: they belong to whatever queue bears the name.
OF_GENERATION = "(attribute_not_exists(generation) OR generation = :generation)"


def row_key(queue: str, sort_key: str) -> Item:
    """Return the key of a row in a queue's partition."""
    return {"pk": f"QUEUE#{queue}", "sk": sort_key}


def item_key(queue: str, item_id: str) -> Item:
    """Return the key of an item."""
    return row_key(queue, f"ITEM#{item_id}")


def with_id(row: Item) -> Item:
    """Return the row of an item or a dead letter with the id that its key has.

    Another program's row may lack the attribute `id`, or have another there; its item would be found by
    nobody, and stay at the head of its queue for good.
    """
    return {**row, "id": row["sk"].partition("#")[2]}


def rows_of(queue: str, prefix: str, generation: int, after: str = "") -> dict[str, Any]:
    """Return the arguments of a consistent query for a kind of rows in the order of their ids.

    Parameters
    ----------
    queue
        Name.
    prefix
        The kind: "ITEM#" or "DEAD#".
    generation
        The queue's.
    after
        The id after which to begin; from the first by default.
    """
    # "~" comes after every character of an id, though not of what a caller may take for one: DynamoDB
    # refuses bounds the wrong way round.
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
    """Return the arguments of a consistent query for the rows of a list, by their sort keys.

    Parameters
    ----------
    partition
        The list: "QUEUES" or "STATUSES".
    after
        Only rows whose sort keys come after it; "" for all.
    """
    follows = " AND sk > :after" if after else ""
    bound = {":after": after} if after else {}
    return {
        "KeyConditionExpression": f"pk = :pk{follows}",
        "ExpressionAttributeValues": {":pk": partition, **bound},
        "ConsistentRead": True,
    }
