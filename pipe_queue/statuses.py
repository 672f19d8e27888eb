"""The last status of each PIPE machine."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from common.dynamodb import Item
from common.errors import BadRequest
from pipe_queue import names
from pipe_queue.clock import now_ms
from pipe_queue.store import statuses as store

FIELDS = ("status", "last_updated", "details")
MAX_STATUS_CHARACTERS = 1000
# 25 statuses of the largest size have 10 MB.
_READ_AT_ONCE = 25


def write(body: dict[str, Any]) -> dict[str, Any]:
    """Store a machine's status, which replaces the one before; return it.

    Raises
    ------
    BadRequest
        If a field is missing or invalid. The sentence names it.
    TooLarge
        If DynamoDB cannot hold the details.
    """
    if body.get("pipe_id") in (None, "") or body.get("status") in (None, ""):
        raise BadRequest("Missing required fields: pipe_id and status")
    pipe_id = names.check_new("pipe_id", body["pipe_id"])
    row = {
        "status": _checked_status(body["status"]),
        "last_updated": now_ms(),
        "details": _checked_details(body.get("details")),
    }
    store.write(pipe_id, row)
    return public(pipe_id, row)


def read(pipe_id: str) -> dict[str, Any]:
    """Return a machine's status.

    Raises
    ------
    NotFound
        If there is none.
    """
    row = store.read(names.check_known("pipe_id", pipe_id))
    if row is None:
        raise names.unknown("pipe_id", pipe_id, f"PIPE machine not found: {pipe_id}")
    return public(pipe_id, row)


def delete(pipe_id: str) -> None:
    """Remove a machine's status, if there is one."""
    store.delete(names.check_known("pipe_id", pipe_id))


def listing(after: str) -> Iterator[dict[str, Any]]:
    """Return the statuses of machines with ids after `after`, sorted. Pages are read when needed."""
    ids = (row["pipe_id"] for row in store.listed(after))
    while some := list(islice(ids, _READ_AT_ONCE)):
        rows = store.read_many(some)
        yield from (public(pipe_id, rows[pipe_id]) for pipe_id in some if pipe_id in rows)


def public(pipe_id: str, row: Item) -> dict[str, Any]:
    """Return a status as callers see it."""
    return {
        "pipe_id": pipe_id,
        "status": row.get("status"),
        "last_updated": row.get("last_updated"),
        "details": row.get("details", {}),
    }


def _checked_status(status: Any) -> str:
    if not isinstance(status, str) or len(status) > MAX_STATUS_CHARACTERS:
        raise BadRequest(f"status must be a text of at most {MAX_STATUS_CHARACTERS} characters.")
    return status


def _checked_details(details: Any) -> dict[str, Any]:
    if details is None:
        return {}
    if not isinstance(details, dict):
        raise BadRequest("details must be an object.")
    return details
