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
from pipe_queue.store.queues import Settings

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
    paused
        Whether it takes and hands out nothing.
    """

    name: str
    generation: int
    max_receives: int | None
    paused: bool

    def settings(self) -> dict[str, Any]:
        """Return what callers may change, as they see it."""
        return {"queue_name": self.name, "max_receives": self.max_receives, "paused": self.paused}


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
                # Another making or deletion was in between, or the earlier service has deleted it.
                _note_deletion_by_others(name)
                continue
            if metadata.get("made_by") != maker:
                raise Conflict(f"Queue already exists: {name}") from None
        return
    raise Unavailable(f"Try again later: {name} is being made or deleted by others.")


def find(name: str) -> Queue | None:
    """Return a queue, or None. One made by the earlier service is adopted: it gets a generation."""
    metadata = store.read(name)
    return None if metadata is None else from_metadata(name, metadata)


def existing(name: str) -> Queue:
    """Return a queue.

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
    """Return the queue that a METADATA row describes; None if it was deleted since the row was read."""
    if "generation" not in metadata:
        # Where the condition fails, another request has adopted it, or deleted it.
        with suppress(ConditionFailed):
            store.adopt(name, _generation_above(store.read_listed(name)))
        return find(name)
    max_receives = metadata.get("max_receives")
    return Queue(
        name=name,
        generation=int(metadata["generation"]),
        max_receives=None if max_receives is None else int(max_receives),
        paused=metadata.get("paused", False),
    )


def change(queue: Queue, changes: Settings) -> Queue:
    """Change a queue's settings; return the queue as it is then.

    Raises
    ------
    NotFound
        If it was deleted meanwhile.
    """
    try:
        metadata = store.change(queue.name, queue.generation, changes)
    except ConditionFailed:
        raise names.unknown("queue_name", queue.name, f"Queue does not exist: {queue.name}") from None
    changed = from_metadata(queue.name, metadata)
    return queue if changed is None else changed


def is_exhausted(queue: Queue, receives: int) -> bool:
    """Return whether an item that was handed out so often may not be handed out again."""
    return queue.max_receives is not None and receives >= queue.max_receives


def check_not_paused(queue: Queue) -> None:
    """Check that a queue takes and hands out items.

    Raises
    ------
    Conflict
        If it is paused.
    """
    if queue.paused:
        raise Conflict(f"Queue is paused: {queue.name}")


def counts(after: str) -> dict[str, int]:
    """Return how many items each queue has, leased ones included, by name.

    Parameters
    ----------
    after
        Only queues whose names come after this one are counted.
    """
    live = live_queues(after)
    with Pool(_COUNTERS) as pool:
        numbers = pool.map(lambda queue: store.count_items(queue.name, queue.generation), live)
        return {queue.name: number for queue, number in zip(live, numbers, strict=True)}


def live_queues(after: str = "") -> list[Queue]:
    """Return the listed queues that there are, by name; only those after `after`."""
    listed = [row["sk"] for row in store.listed(after) if row["phase"] == store.LIVE]
    metadata = store.read_many(listed)
    found = (from_metadata(name, metadata[name]) for name in listed if name in metadata)
    return [queue for queue in found if queue is not None]


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
        _note_deletion_by_others(name)
        listed = store.read_listed(name)
        if listed is None or listed["phase"] != store.DELETING:
            raise names.unknown("queue_name", name, f"Queue does not exist: {name}")
        _finish_deletion(name, int(listed["generation"]))
        return
    # Where the condition fails it is done: by this very request, its answer lost, or by another.
    with suppress(ConditionFailed):
        store.begin_deletion(name, queue.generation)
    _finish_deletion(name, queue.generation)


def check_settings(body: dict[str, Any]) -> Settings:
    """Return the settings that a body names; those that it does not name stay as they are.

    Raises
    ------
    BadRequest
        Naming the setting that cannot be.
    """
    settings: Settings = {}
    if "max_receives" in body:
        settings["max_receives"] = check_max_receives(body["max_receives"])
    if "paused" in body:
        if not isinstance(body["paused"], bool):
            raise BadRequest("paused must be true or false.")
        settings["paused"] = body["paused"]
    return settings


def check_max_receives(given: Any) -> int | None:
    """Return a number of receives, or None for none.

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
    """Return a generation above all that `name` had, once the rows of those are gone."""
    listed = store.read_listed(name)
    if listed is not None and listed["phase"] == store.DELETING:
        _finish_deletion(name, int(listed["generation"]))
    return _generation_above(listed)


def _generation_above(listed: Item | None) -> int:
    """Return a generation above the one that a name's row in the list of queues has."""
    new = now_ms() + GENERATION_OFFSET_MS
    return new if listed is None else max(new, int(listed["generation"]) + 1)


def _note_deletion_by_others(name: str) -> None:
    """Note that a queue's rows are yet to go, if it is listed and its METADATA is gone.

    The earlier service knows no list: it deletes a queue's METADATA and items, and nothing else.
    """
    listed = store.read_listed(name)
    if listed is not None and listed["phase"] == store.LIVE:
        # Where the condition fails, another request has noted it, or made the queue again.
        with suppress(ConditionFailed):
            store.note_deletion(name, int(listed["generation"]))


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
