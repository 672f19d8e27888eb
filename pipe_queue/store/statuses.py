"""The status of each PIPE machine in `STATUS#{pipe}`, and a copy of it in the list `STATUSES`."""

from collections.abc import Iterator, Sequence

from common.dynamodb import Item
from pipe_queue.store.table import STATUS_TYPE, list_after, table


def read(pipe_id: str) -> Item | None:
    """Return a machine's status row, or None. One consistent read."""
    return table.get(_key(pipe_id))


def listed(after: str = "") -> Iterator[Item]:
    """Return `pipe_id` of the list's rows, sorted. One query, page by page.

    Their other attributes may be out of date: the earlier service changes a machine's status but not the
    list.

    Parameters
    ----------
    after
        Only rows with ids after it; "" for all.
    """
    return table.query(**list_after("STATUSES", after), ProjectionExpression="pipe_id")


def read_many(pipe_ids: Sequence[str]) -> dict[str, Item]:
    """Return the existing status rows, by id. One batch for each 100 or 16 MB."""
    rows = table.get_many([_key(pipe_id) for pipe_id in pipe_ids])
    return {str(row["pk"]).removeprefix("STATUS#"): row for row in rows}


def read_times(pipe_ids: Sequence[str]) -> dict[str, Item]:
    """Return `status` and `last_updated` of the existing status rows, by id. One batch for each 100."""
    rows = table.get_many(
        [_key(pipe_id) for pipe_id in pipe_ids],
        ConsistentRead=False,
        ProjectionExpression="pk, #status, last_updated",
        ExpressionAttributeNames={"#status": "status"},
    )
    return {str(row["pk"]).removeprefix("STATUS#"): row for row in rows}


def write(pipe_id: str, status: Item) -> None:
    """Store a machine's status (`status`, `last_updated`, `details`). One transaction of two rows."""
    row = {**_key(pipe_id), "item_type": STATUS_TYPE, **status}
    table.transact([{"Put": {"Item": row}}, {"Put": {"Item": _listed_row(pipe_id, status)}}])


def delete(pipe_id: str) -> None:
    """Remove a machine's status, if there is one. One transaction of two rows."""
    table.transact([{"Delete": {"Key": _key(pipe_id)}}, {"Delete": {"Key": _listed_key(pipe_id)}}])


def adopt(pipe_id: str, status: Item) -> None:
    """List a status of the earlier service as it was read. One transaction of two rows.

    Raises
    ------
    ConditionFailed
        If the status has changed.
    """
    unchanged = {
        "Key": _key(pipe_id),
        "UpdateExpression": "SET last_updated = :seen",
        "ConditionExpression": "last_updated = :seen",
        "ExpressionAttributeValues": {":seen": status["last_updated"]},
    }
    table.transact([{"Update": unchanged}, {"Put": {"Item": _listed_row(pipe_id, status)}}])


def _key(pipe_id: str) -> Item:
    return {"pk": f"STATUS#{pipe_id}", "sk": "INFO"}


def _listed_key(pipe_id: str) -> Item:
    return {"pk": "STATUSES", "sk": pipe_id}


def _listed_row(pipe_id: str, status: Item) -> Item:
    return {**_listed_key(pipe_id), "pipe_id": pipe_id, **status}
