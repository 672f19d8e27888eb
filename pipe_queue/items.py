"""Items: their ids, their places in the queue, and how callers see them."""

import hashlib
import json
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any, NotRequired, TypedDict, cast

from common.dynamodb import MAX_ITEM_BYTES, ConditionFailed, Item, check_storable, item_size
from common.errors import BadRequest, Conflict, TooLarge
from common.number_parsing import whole_number
from common.responses import json_text
from pipe_queue import names, queues
from pipe_queue.clock import now_ms
from pipe_queue.queues import Queue
from pipe_queue.store import items as store
from pipe_queue.store import queues as queue_store
from pipe_queue.store.table import QUEUE_TYPE, item_key

# The most bytes that leases, attempts and dead letters add to an item's row; a test checks it.
RESERVED_BYTES = 256
MAX_SENDER_CHARACTERS = 1024
# How long a dedup id is remembered.
DEDUP_S = 24 * 3600
DEFAULT_PEEK, MAX_PEEK = 10, 1000
_PEEK_PAGE = 100
# Ids of the earlier service differ: the time of the enqueue and 8 hexadecimal digits.
OWN_ID = re.compile(r"\d{13}_\d{12}", re.ASCII)
_LONGEST_TIME_MS = 9_999_999_999_999


@dataclass(frozen=True)
class NewItem:
    """An item to enqueue."""

    queue_name: str
    payload: Any
    sender: str
    dedup_id: str | None


class PublicItem(TypedDict):
    """An item as callers see it. Rows of the earlier service may lack all but the id."""

    id: str
    queue_name: str
    payload: Any
    created_at: Any
    sender: Any


class PeekedItem(PublicItem):
    """An item as readers see it. `leased_at` and `lease_until` are the times of a lease in force, Unix ms."""

    leased_at: NotRequired[Decimal]
    lease_until: NotRequired[Decimal]
    receive_count: NotRequired[Decimal]


def parse(body: dict[str, Any]) -> NewItem:
    """Return the item that a body describes.

    Raises
    ------
    BadRequest
        If a field is missing or invalid. The sentence names it.
    """
    if body.get("queue_name") in (None, ""):
        raise BadRequest("Missing required field: queue_name")
    dedup_id = body.get("dedup_id")
    return NewItem(
        queue_name=names.check_known("queue_name", body["queue_name"]),
        payload=body.get("payload", {}),
        sender=_checked_sender(body.get("sender")),
        dedup_id=None if dedup_id is None else names.check_id("dedup_id", dedup_id),
    )


def enqueue(new: NewItem) -> PublicItem:
    """Add an item after all items whose enqueue has returned; return it as callers see it.

    Raises
    ------
    NotFound
        If there is no such queue.
    TooLarge, BadRequest
        If DynamoDB cannot hold the item.
    Conflict
        If the queue is paused, or the dedup id belongs to another item.
    """
    check_storable({"payload": new.payload, "sender": new.sender})
    queue, sequence = _take_place(new.queue_name)
    queues.check_not_paused(queue)
    row = _row(new, queue, sequence)
    most = MAX_ITEM_BYTES - RESERVED_BYTES
    if full_size(row) > most:
        raise TooLarge(f"Too large to store: {full_size(row)} bytes; at most {most} are allowed.")
    if new.dedup_id is not None:
        return public(new.queue_name, {**row, **_put_deduplicated(new, queue, row)})
    # The id is unique. If it exists, an earlier attempt wrote the item and its response was lost.
    with suppress(ConditionFailed):
        store.put(row, _token(row))
    return public(new.queue_name, row)


def peek(queue: Queue, limit: int, after: str) -> Iterator[PeekedItem]:
    """Return the oldest items of a queue as callers see them, leased ones included.

    Pages are read when they are needed.

    Parameters
    ----------
    queue
        The queue.
    limit
        The most items.
    after
        The id after which to start; "" for the first item.
    """
    rows = store.in_order(queue.name, queue.generation, after, min(limit, _PEEK_PAGE))
    return (waiting(queue.name, row) for row in islice(rows, limit))


def full_size(row: Item) -> int:
    """Return the largest size of a new item's row in bytes. A time that ends in zeros takes one byte less."""
    return item_size({**row, "created_at": _LONGEST_TIME_MS, "generation": _LONGEST_TIME_MS})


def stats(queue: Queue) -> dict[str, Any]:
    """Return the numbers of waiting, leased and dead items, and the age (ms) of the oldest that is not dead.

    An exhausted item without a lease counts as dead, also before it is moved to the dead letters.
    """
    now = now_ms()
    leased = exhausted = total = 0
    oldest: int | None = None
    for row in store.states(queue.name, queue.generation):
        if is_dead(queue, row, now):
            exhausted += 1
            continue
        oldest = created_at(row) if oldest is None else oldest
        total += 1
        leased += is_leased(row, now)
    return {
        "queue_name": queue.name,
        "waiting": total - leased,
        "leased": leased,
        "dead": exhausted + queue_store.count_dead_letters(queue.name, queue.generation),
        "oldest_age_ms": None if oldest is None else max(0, now - oldest),
    }


def check_limit(given: Any) -> int:
    """Return the number of items that a caller wants to see, 10 by default.

    Raises
    ------
    BadRequest
        If it is not a whole number from 1 to 1000.
    """
    limit = DEFAULT_PEEK if given is None else whole_number(given)
    if limit is None or not 1 <= limit <= MAX_PEEK:
        raise BadRequest(f"limit must be a whole number from 1 to {MAX_PEEK}.")
    return limit


def is_leased(row: Item, now: int) -> bool:
    """Return whether an item is leased now."""
    return bool(row.get("lease_until", 0) > now)


def is_dead(queue: Queue, row: Item, now: int) -> bool:
    """Return whether an item is exhausted and not leased. It may not be among the dead letters yet."""
    return not is_leased(row, now) and queues.is_exhausted(queue, int(row.get("receives", 0)))


def created_at(row: Item) -> int | None:
    """Return the time (Unix ms) at which an item was enqueued; None if its row has no number."""
    created_at = row.get("created_at")
    return int(created_at) if isinstance(created_at, Decimal) else None


def public(queue_name: str, row: Item) -> PublicItem:
    """Return an item as callers see it."""
    return {
        "id": row["id"],
        "queue_name": queue_name,
        "payload": row.get("payload"),
        "created_at": row.get("created_at"),
        "sender": row.get("sender"),
    }


def waiting(queue_name: str, row: Item) -> PeekedItem:
    """Return an item as readers see it: with the end of its lease, without the lease's id."""
    seen = cast("PeekedItem", public(queue_name, row))
    if is_leased(row, now_ms()):
        seen["lease_until"] = row["lease_until"]
        # The earlier release wrote leases without it.
        if "leased_at" in row:
            seen["leased_at"] = row["leased_at"]
    if "receives" in row:
        seen["receive_count"] = row["receives"]
    return seen


def _checked_sender(sender: Any) -> str:
    if sender is None:
        return "unknown"
    if not isinstance(sender, str) or len(sender) > MAX_SENDER_CHARACTERS:
        raise BadRequest(f"sender must be a text of at most {MAX_SENDER_CHARACTERS} characters.")
    return sender


def _take_place(name: str) -> tuple[Queue, int]:
    """Return the queue and the next sequence number."""
    try:
        metadata = queue_store.take_number(name)
    except ConditionFailed:
        metadata = None
    queue = None if metadata is None else queues.from_metadata(name, metadata)
    if metadata is None or queue is None:
        raise names.unknown("queue_name", name, f"Queue does not exist: {name}")
    return queue, int(metadata["sequence"])


def _row(new: NewItem, queue: Queue, sequence: int) -> Item:
    item_id = f"{queue.generation:013d}_{sequence:012d}"
    return {
        **item_key(queue.name, item_id),
        "id": item_id,
        "item_type": QUEUE_TYPE,
        "payload": new.payload,
        "created_at": now_ms(),
        "sender": new.sender,
        "generation": queue.generation,
    }


def _token(row: Item) -> str:
    """Return the client token of an item's put: 32 characters, unique to this item."""
    return hashlib.sha256(f"{row['pk']} {row['sk']}".encode()).hexdigest()[:32]


def _put_deduplicated(new: NewItem, queue: Queue, row: Item) -> Item:
    """Put an item unless its dedup id is taken; return id and time of the item that has it."""
    dedup_id = str(new.dedup_id)
    now_s = int(time.time())
    dedup_row = {
        **store.dedup_key(queue.name, queue.generation, dedup_id),
        "generation": queue.generation,
        "id": row["id"],
        "created_at": row["created_at"],
        "digest": _digest(new),
        "expire_timestamp_s": now_s + DEDUP_S,
    }
    try:
        store.put_deduplicated(row, _token(row), dedup_row, now_s)
    except ConditionFailed:
        earlier = store.read_dedup(queue.name, queue.generation, dedup_id)
        if earlier is None or earlier["digest"] != dedup_row["digest"]:
            raise Conflict(f"dedup_id was used for another item: {dedup_id}") from None
        return {"id": earlier["id"], "created_at": earlier["created_at"]}
    return {}


def _digest(new: NewItem) -> str:
    # Members of an object have no order: a repeated enqueue may send them in another order.
    ordered = json.dumps(json.loads(json_text([new.payload, new.sender])), sort_keys=True)
    return hashlib.sha256(ordered.encode()).hexdigest()
