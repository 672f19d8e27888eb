"""METADATA of queues, the list of their names, and their deletion."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypedDict

from common.dynamodb import Item
from pipe_queue.store.table import QUEUE_TYPE, list_after, row_key, rows_of, table

LIVE, DELETING, DELETED = "live", "deleting", "deleted"
_METADATA = "METADATA"
_ADOPTED = {"pk": "ADOPTED", "sk": "ADOPTED"}


class Settings(TypedDict, total=False):
    """Settings of a queue that callers may change."""

    max_receives: int | None
    paused: bool


def read(name: str) -> Item | None:
    """Return the METADATA of a queue, or None. One consistent read."""
    return table.get(row_key(name, _METADATA))


def read_many(names: Sequence[str]) -> dict[str, Item]:
    """Return the METADATA of the existing queues, by name. One batch for each 100."""
    rows = table.get_many([row_key(name, _METADATA) for name in names])
    return {str(row["pk"]).removeprefix("QUEUE#"): row for row in rows}


def read_listed(name: str) -> Item | None:
    """Return a name's row in the list of queues (`generation`, `phase`), or None. One consistent read."""
    return table.get(_listed_key(name))


def listed(after: str = "") -> Iterator[Item]:
    """Return the rows of the list of queues, also deleted ones, sorted by name. One query, page by page.

    Parameters
    ----------
    after
        Only rows with names after it; "" for all.
    """
    return table.query(**list_after("QUEUES", after))


def create(name: str, generation: int, maker: str, now_ms: int, max_receives: int | None) -> None:
    """Create a queue and list it. One transaction of two rows.

    Parameters
    ----------
    name, generation
        The queue's. The generation is above all that the name had before.
    maker
        Identifies this request, so that a retry recognises its own queue.
    now_ms
        Unix ms.
    max_receives
        How often an item may be handed out before it becomes a dead letter; None for no limit.

    Raises
    ------
    ConditionFailed
        If the queue exists or is being deleted.
    """
    metadata = {
        **row_key(name, _METADATA),
        "item_type": QUEUE_TYPE,
        "created_at": now_ms,
        "queue_name": name,
        "generation": generation,
        "sequence": 0,
        "made_by": maker,
        **({} if max_receives is None else {"max_receives": max_receives}),
    }
    table.transact(
        [
            {"Put": {"Item": metadata, "ConditionExpression": "attribute_not_exists(sk)"}},
            {
                "Put": {
                    "Item": _listed_row(name, generation, LIVE),
                    "ConditionExpression": (
                        "attribute_not_exists(sk) OR (phase = :deleted AND generation < :generation)"
                    ),
                    "ExpressionAttributeValues": {":deleted": DELETED, ":generation": generation},
                }
            },
        ]
    )


def adopt(name: str, generation: int) -> None:
    """Give a queue of the earlier service a generation and list it. One transaction of two rows.

    Raises
    ------
    ConditionFailed
        If there is no such queue, or it has a generation already.
    """
    table.transact(
        [
            {
                "Update": {
                    "Key": row_key(name, _METADATA),
                    "UpdateExpression": "SET generation = :generation",
                    "ConditionExpression": "attribute_exists(sk) AND attribute_not_exists(generation)",
                    "ExpressionAttributeValues": {":generation": generation},
                }
            },
            {"Put": {"Item": _listed_row(name, generation, LIVE)}},
        ]
    )


def change(name: str, generation: int, settings: Settings) -> Item:
    """Change the settings of a queue; return its METADATA. One update.

    Parameters
    ----------
    name, generation
        The queue's.
    settings
        The settings to change. None removes one.

    Raises
    ------
    ConditionFailed
        If there is no such queue of that generation.
    """
    values = {f":{setting}": value for setting, value in settings.items() if value is not None}
    assigned = ", ".join(f"{value[1:]} = {value}" for value in sorted(values))
    removed = ", ".join(setting for setting, value in settings.items() if value is None)
    return table.update(
        row_key(name, _METADATA),
        UpdateExpression=" ".join(
            clause for clause in (assigned and f"SET {assigned}", removed and f"REMOVE {removed}") if clause
        ),
        ConditionExpression="generation = :generation",
        ExpressionAttributeValues={":generation": generation, **values},
        ReturnValues="ALL_NEW",
    )


def take_number(name: str) -> Item:
    """Return the METADATA of a queue with the next `sequence`, which no other caller gets. One update.

    Raises
    ------
    ConditionFailed
        If there is no such queue.
    """
    return table.update(
        row_key(name, _METADATA),
        UpdateExpression="SET #sequence = if_not_exists(#sequence, :zero) + :one",
        ConditionExpression="attribute_exists(sk)",
        ExpressionAttributeNames={"#sequence": "sequence"},
        ExpressionAttributeValues={":zero": 0, ":one": 1},
        ReturnValues="ALL_NEW",
    )


def begin_deletion(name: str, generation: int) -> None:
    """Remove a queue's METADATA and mark the queue as being deleted. One transaction of two rows.

    Raises
    ------
    ConditionFailed
        If there is no such queue of that generation.
    """
    table.transact(
        [
            {
                "Delete": {
                    "Key": row_key(name, _METADATA),
                    "ConditionExpression": "generation = :generation",
                    "ExpressionAttributeValues": {":generation": generation},
                }
            },
            {"Put": {"Item": _listed_row(name, generation, DELETING)}},
        ]
    )


def note_deletion(name: str, generation: int) -> None:
    """Mark a listed queue without METADATA as being deleted. One transaction of two rows.

    Raises
    ------
    ConditionFailed
        If the METADATA exists, or the list has another generation.
    """
    table.transact(
        [
            {
                "ConditionCheck": {
                    "Key": row_key(name, _METADATA),
                    "ConditionExpression": "attribute_not_exists(sk)",
                }
            },
            {
                "Update": {
                    "Key": _listed_key(name),
                    "UpdateExpression": "SET phase = :deleting",
                    "ConditionExpression": "phase = :live AND generation = :generation",
                    "ExpressionAttributeValues": {
                        ":deleting": DELETING,
                        ":live": LIVE,
                        ":generation": generation,
                    },
                }
            },
        ]
    )


def keys_up_to(name: str, generation: int) -> Iterator[Item]:
    """Return keys of a queue's rows: of generations up to `generation`, and of none. One query, all pages."""
    rows = table.query(
        KeyConditionExpression="pk = :pk",
        FilterExpression="attribute_not_exists(generation) OR generation <= :generation",
        ExpressionAttributeValues={":pk": f"QUEUE#{name}", ":generation": generation},
        ProjectionExpression="pk, sk",
        ConsistentRead=True,
    )
    # METADATA stays: the earlier service may have created the queue again meanwhile, without a generation.
    return (row for row in rows if row["sk"] != _METADATA)


def delete_rows(keys: Sequence[Item]) -> None:
    """Remove up to 25 rows. One batch."""
    table.delete_many(keys)


def end_deletion(name: str, generation: int, expire_timestamp_s: int) -> None:
    """Mark a queue as deleted: all its rows are gone. One update.

    Raises
    ------
    ConditionFailed
        If another request did so, or the queue exists again.
    """
    table.update(
        _listed_key(name),
        UpdateExpression="SET phase = :deleted, expire_timestamp_s = :expire",
        ConditionExpression="phase = :deleting AND generation = :generation",
        ExpressionAttributeValues={
            ":deleted": DELETED,
            ":deleting": DELETING,
            ":generation": generation,
            ":expire": expire_timestamp_s,
        },
    )


def count_items(name: str, generation: int) -> int:
    """Return the number of items of a queue, including leased ones. One COUNT query, all pages."""
    return table.count(**rows_of(name, "ITEM#", generation))


def count_dead_letters(name: str, generation: int) -> int:
    """Return the number of dead letters of a queue. One COUNT query, all pages."""
    return table.count(**rows_of(name, "DEAD#", generation))


def count_oldest_dead_letters(name: str, generation: int) -> tuple[int, bool]:
    """Return the number of the oldest dead letters, and whether there are more. One page of a COUNT query.

    A page has 1 MB of dead letters. It may miss the changes of the last second.
    """
    return table.count_first_page(**{**rows_of(name, "DEAD#", generation), "ConsistentRead": False})


def earlier_rows() -> Iterator[Item]:
    """Return METADATA rows without a generation, and the status rows. One scan, all pages."""
    return table.scan(
        FilterExpression=(
            "(attribute_exists(queue_name) AND attribute_not_exists(generation)) OR begins_with(pk, :status)"
        ),
        ExpressionAttributeValues={":status": "STATUS#"},
        ConsistentRead=True,
    )


def all_states() -> Iterator[Item]:
    """Return the rows of `earlier_rows`, and the states of all items and dead letters. One scan, all pages.

    Of items and dead letters the key, `generation`, `created_at`, `lease_until` and `receives`, if they have
    them.
    """
    earlier = (
        "(attribute_exists(queue_name) AND attribute_not_exists(generation)) OR begins_with(pk, :status)"
    )
    states = "begins_with(sk, :item) OR begins_with(sk, :dead)"
    return table.scan(
        FilterExpression=f"{earlier} OR (begins_with(pk, :queue) AND ({states}))",
        ProjectionExpression=(
            "pk, sk, generation, created_at, lease_until, receives, #status, last_updated, details"
        ),
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={
            ":status": "STATUS#",
            ":queue": "QUEUE#",
            ":item": "ITEM#",
            ":dead": "DEAD#",
        },
        ConsistentRead=True,
    )


def item_counts(pages: int) -> Counter[tuple[str, int | None]] | None:
    """Return the number of items by queue and generation, None for items of the earlier service.

    One scan of at most `pages` pages, 1 MB each; None if the table is longer.
    """
    rows = table.scan_pages(
        pages,
        FilterExpression="begins_with(pk, :queue) AND begins_with(sk, :item)",
        ProjectionExpression="pk, generation",
        ExpressionAttributeValues={":queue": "QUEUE#", ":item": "ITEM#"},
        ConsistentRead=True,
    )
    if rows is None:
        return None
    return Counter((queue_of(row), generation_of(row)) for row in rows)


def queue_of(row: Item) -> str:
    """Return the name of the queue whose row it is."""
    return str(row["pk"]).removeprefix("QUEUE#")


def generation_of(row: Item) -> int | None:
    """Return the generation of a row; None for a row of the earlier service, which fits every generation."""
    generation = row.get("generation")
    return None if generation is None else int(generation)


def last_scan_ms() -> int:
    """Return the start of the last scan for rows of the earlier service; Unix ms, 0 for never. One read."""
    row = table.get(_ADOPTED) or {}
    return int(row.get("scanned_at", 0))


def note_scan(began_ms: int) -> None:
    """Store the start of a scan whose rows are all in the lists now. One write."""
    table.put({**_ADOPTED, "scanned_at": began_ms})


def _listed_key(name: str) -> Item:
    return {"pk": "QUEUES", "sk": name}


def _listed_row(name: str, generation: int, phase: str) -> Item:
    return {**_listed_key(name), "generation": generation, "phase": phase}
