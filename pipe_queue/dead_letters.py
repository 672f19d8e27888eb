"""Dead letters: items that failed as often as their queue allows. They no longer hold up other items."""

import time
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from itertools import islice

from common.dynamodb import ConditionFailed, Item
from common.errors import NotFound, Unavailable
from pipe_queue import items, retries
from pipe_queue.clock import now_ms
from pipe_queue.queues import Queue
from pipe_queue.store import dead_letters as store
from pipe_queue.store import items as item_store
from pipe_queue.store import leases as lease_store
from pipe_queue.store import queues as queue_store

_OF_LEASES = ("lease_id", "leased_at", "lease_until", "attempt")
_OF_FAILURES = ("receives", "dead_at")
_PAGE = 100


class DeadLetter(items.PublicItem):
    """A dead letter as callers see it. `dead_at` is the time of its move, Unix ms."""

    receive_count: Decimal
    dead_at: Decimal


def move_if_exhausted(queue: Queue, item_id: str) -> None:
    """Move an item to the dead letters if it is exhausted and not leased."""
    if queue.max_receives is None:
        return
    row = item_store.read(queue.name, item_id)
    now = now_ms()
    if row is None or not items.is_dead(queue, row, now):
        return
    kept = {name: value for name, value in row.items() if name not in _OF_LEASES}
    dead = {
        **kept,
        **store.dead_key(queue.name, item_id),
        "generation": queue.generation,
        "dead_at": now,
    }
    # If it has changed, another request has moved it.
    with suppress(ConditionFailed):
        store.move(row, dead)


def move_exhausted(queue: Queue) -> None:
    """Move all exhausted items without a lease to the dead letters. Reads the whole queue."""
    if queue.max_receives is None:
        return
    for row in lease_store.exhausted(queue.name, queue.generation, queue.max_receives, now_ms()):
        move_if_exhausted(queue, row["id"])


def count(queue: Queue) -> int:
    """Return the number of dead letters, including exhausted items that were not moved yet."""
    moved = queue_store.count_dead_letters(queue.name, queue.generation)
    if queue.max_receives is None:
        return moved
    return moved + lease_store.count_exhausted(queue.name, queue.generation, queue.max_receives, now_ms())


def listing(queue: Queue, limit: int, after: str) -> Iterator[DeadLetter]:
    """Return the oldest dead letters. Parameters and result are those of `items.peek`."""
    move_exhausted(queue)
    rows = store.in_order(queue.name, queue.generation, after, min(limit, _PAGE))
    return (_public(queue.name, row) for row in islice(rows, limit))


def redrive(queue: Queue, item_id: str | None) -> int:
    """Put one or all dead letters back into the queue, at their old places; return how many.

    Raises
    ------
    NotFound
        If there is no such dead letter.
    Unavailable
        If there are too many for one request. Repeat it to continue.
    """
    if item_id is None:
        return _redrive_all(queue)
    move_if_exhausted(queue, item_id)
    row = store.read(queue.name, item_id)
    if row is None or row.get("generation") != queue.generation:
        raise NotFound(f"Dead letter does not exist: {item_id}")
    return int(_redrive(queue, row))


def _redrive_all(queue: Queue) -> int:
    deadline, redriven = time.monotonic() + retries.LONG_WORK_S, 0
    move_exhausted(queue)
    for row in store.in_order(queue.name, queue.generation, "", _PAGE):
        if time.monotonic() > deadline:
            letters = "dead letter" if redriven == 1 else "dead letters"
            raise Unavailable(f"Requeued {redriven} {letters} so far; repeat the request to continue.")
        redriven += _redrive(queue, row)
    return redriven


def _redrive(queue: Queue, row: Item) -> bool:
    """Put a dead letter back as if it had never been handed out; return whether this request did it."""
    fresh = {name: value for name, value in row.items() if name not in _OF_FAILURES}
    try:
        store.redrive(queue.name, fresh)
    except ConditionFailed as refusal:
        return refusal.retried
    return True


def _public(queue_name: str, row: Item) -> DeadLetter:
    return {**items.public(queue_name, row), "receive_count": row["receives"], "dead_at": row["dead_at"]}
