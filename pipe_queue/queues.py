"""Queues: making, finding, counting and deleting them.

Each making of a queue has a generation, above those that its name had before, and its items carry it. So an
item that is put while its queue is deleted never shows in a queue made again under the same name.
"""

import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from common.dynamodb import BATCH_ROWS, ConditionFailed, Item
from common.errors import BadRequest, Conflict, Unavailable
from common.request_context import Pool
from pipe_queue import names, patience
from pipe_queue.clock import now_ms
from pipe_queue.store import queues as store

# Added to the time of a queue's making, so that ids, which begin with the generation, sort after those of
# the earlier service, which begin with the time of their enqueue: 13 digits both.
GENERATION_OFFSET_MS = 8_000_000_000_000
MAX_RECEIVES = 1000

# Longer than any enqueue can be under way and any two clocks can differ.
TOMBSTONE_S = 24 * 3600
_COUNTERS = 8
_MAKING_ATTEMPTS = 3


@dataclass(frozen=True)
class Queue:
    """A queue that exists.

    Attributes
    ----------
    generation
        What its items carry.
    max_receives
        How often an item may be handed out before it is a dead letter; None for any number.
    """

    name: str
    generation: int
    max_receives: int | None


def create(name: str, max_receives: int | None) -> None:
    """Make a queue.

    Raises
    ------
    Conflict
        If there is one.
    """
    maker = uuid.uuid4().hex
    for _ in range(_MAKING_ATTEMPTS):
        generation = _next_generation(name)
        try:
            store.create(name, generation, maker, now_ms(), max_receives)
        except ConditionFailed:
            metadata = store.read(name)
            if metadata is None:
                # Another making or deletion was in between.
                continue
            if metadata.get("made_by") != maker:
                raise Conflict(f"Queue already exists: {name}") from None
        return
    raise Unavailable(f"Try again later: {name} is being made or deleted by others.")


def find(name: str) -> Queue | None:
    """Answer a queue, or None. One made by the earlier service is adopted: it gets a generation."""
    metadata = store.read(name)
    return None if metadata is None else from_metadata(name, metadata)


def existing(name: str) -> Queue:
    """Answer a queue.

    Raises
    ------
    NotFound, BadRequest
        If there is none.
    """
    queue = find(name)
    if queue is None:
        raise names.unknown("queue_name", name, f"Queue does not exist: {name}")
    return queue


def from_metadata(name: str, metadata: Item) -> Queue | None:
    """Answer the queue that a METADATA row describes; None if it was deleted since the row was read."""
    if "generation" not in metadata:
        # Where the condition fails, another request has adopted it, or deleted it.
        with suppress(ConditionFailed):
            store.adopt(name, _new_generation())
        return find(name)
    max_receives = metadata.get("max_receives")
    return Queue(name, int(metadata["generation"]), None if max_receives is None else int(max_receives))


def counts(after: str) -> dict[str, int]:
    """Answer how many items each queue has, leased ones included, by name.

    Parameters
    ----------
    after
        Only queues whose names come after this one are counted.
    """
    live = [row for row in store.listed(after) if row["phase"] == store.LIVE]
    with Pool(_COUNTERS) as pool:
        numbers = pool.map(lambda row: store.count_items(row["sk"], int(row["generation"])), live)
        return {row["sk"]: number for row, number in zip(live, numbers, strict=True)}


def delete(name: str) -> None:
    """Delete a queue and all that is in it; finish a deletion that was not.

    Raises
    ------
    NotFound, BadRequest
        If there is none.
    Unavailable
        If there is so much in it that it takes another request.
    """
    queue = find(name)
    if queue is None:
        listed = store.read_listed(name)
        if listed is None or listed["phase"] != store.DELETING:
            raise names.unknown("queue_name", name, f"Queue does not exist: {name}")
        _finish_deletion(name, int(listed["generation"]))
        return
    # Where the condition fails it is done: by this very request, its answer lost, or by another.
    with suppress(ConditionFailed):
        store.begin_deletion(name, queue.generation)
    _finish_deletion(name, queue.generation)


def check_max_receives(given: Any) -> int | None:
    """Answer a number of receives, or None for none.

    Raises
    ------
    BadRequest
        If it is anything else than a whole number from 1 to 1000.
    """
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= MAX_RECEIVES:
        raise BadRequest(f"max_receives must be a whole number from 1 to {MAX_RECEIVES}.")
    return given


def _next_generation(name: str) -> int:
    """Answer a generation above all that `name` had, once the rows of those are gone."""
    listed = store.read_listed(name)
    if listed is None:
        return _new_generation()
    if listed["phase"] == store.DELETING:
        _finish_deletion(name, int(listed["generation"]))
    return max(_new_generation(), int(listed["generation"]) + 1)


def _new_generation() -> int:
    return now_ms() + GENERATION_OFFSET_MS


def _finish_deletion(name: str, generation: int) -> None:
    deadline = time.monotonic() + patience.LONG_WORK_S
    keys = store.keys_up_to(name, generation)
    with Pool(_COUNTERS) as pool:
        while rows := list(islice(keys, _COUNTERS * BATCH_ROWS)):
            list(pool.map(store.delete_rows, _batches(rows)))
            if time.monotonic() > deadline:
                raise Unavailable(f"Try again to go on: {name} has more items than one request can delete.")
    # Where the condition fails, another request has ended it, and may have made the queue again.
    with suppress(ConditionFailed):
        store.end_deletion(name, generation, int(time.time()) + TOMBSTONE_S)


def _batches(rows: list[Item]) -> list[list[Item]]:
    return [rows[start : start + BATCH_ROWS] for start in range(0, len(rows), BATCH_ROWS)]
