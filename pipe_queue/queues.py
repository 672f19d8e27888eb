"""Creates, finds, changes and deletes queues.

Every queue has a generation, higher than those of earlier queues of the same name, and its items have it too.
So an item that is put while its queue is deleted never appears in a new queue of the same name.
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
from pipe_queue import names, retries
from pipe_queue.clock import now_ms
from pipe_queue.store import queues as store
from pipe_queue.store.queues import Settings

# Added to a queue's creation time to make its generation. Ids start with the generation, those of the earlier
# service with their enqueue time, both of 13 digits. So new ids sort after those of the earlier service.
GENERATION_OFFSET_MS = 8_000_000_000_000
MAX_RECEIVES = 1000

# Longer than any enqueue can take and any two clocks can differ.
TOMBSTONE_S = 24 * 3600
_DELETERS = 8
_CREATE_ATTEMPTS = 3


@dataclass(frozen=True)
class Queue:
    """A queue that exists.

    Attributes
    ----------
    generation
        The generation, which its items have too.
    max_receives
        How often an item may be handed out before it becomes a dead letter; None for no limit.
    paused
        Whether it neither accepts nor hands out items.
    """

    name: str
    generation: int
    max_receives: int | None
    paused: bool

    def settings(self) -> dict[str, Any]:
        """Return the settings that callers may change."""
        return {"queue_name": self.name, "max_receives": self.max_receives, "paused": self.paused}


def create(name: str, max_receives: int | None) -> None:
    """Create a queue.

    Raises
    ------
    Conflict
        If it exists.
    """
    maker = uuid.uuid4().hex
    for _ in range(_CREATE_ATTEMPTS):
        generation = _next_generation(name)
        try:
            store.create(name, generation, maker, now_ms(), max_receives)
        except ConditionFailed:
            metadata = store.read(name)
            if metadata is None:
                # Another request created or deleted it meanwhile, or the earlier service deleted it.
                _note_deletion_by_others(name)
                continue
            if metadata.get("made_by") != maker:
                raise Conflict(f"Queue already exists: {name}") from None
        return
    raise Unavailable(f"Try again later: {name} is being created or deleted by others.")


def find(name: str) -> Queue | None:
    """Return a queue, or None. A queue of the earlier service is imported: it gets a generation."""
    metadata = store.read(name)
    return None if metadata is None else from_metadata(name, metadata)


def existing(name: str) -> Queue:
    """Return a queue.

    Raises
    ------
    NotFound, BadRequest
        If it does not exist.
    """
    queue = find(name)
    if queue is None:
        raise names.unknown("queue_name", name, f"Queue does not exist: {name}")
    return queue


def from_metadata(name: str, metadata: Item) -> Queue | None:
    """Return the queue of a METADATA row; None if it was deleted after the row was read."""
    if "generation" not in metadata:
        # If the condition fails, another request has imported or deleted it.
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
    """Change a queue's settings; return the changed queue.

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
    """Return whether an item with this number of receives may not be handed out again."""
    return queue.max_receives is not None and receives >= queue.max_receives


def check_not_paused(queue: Queue) -> None:
    """Check that a queue is not paused.

    Raises
    ------
    Conflict
        If it is paused.
    """
    if queue.paused:
        raise Conflict(f"Queue is paused: {queue.name}")


def live_queues(after: str = "") -> list[Queue]:
    """Return the existing queues with names after `after`, sorted by name."""
    listed = [row["sk"] for row in store.listed(after) if row["phase"] == store.LIVE]
    metadata = store.read_many(listed)
    found = (from_metadata(name, metadata[name]) for name in listed if name in metadata)
    return [queue for queue in found if queue is not None]


def delete(name: str) -> None:
    """Delete a queue and everything in it, or finish an interrupted deletion.

    Raises
    ------
    NotFound, BadRequest
        If it does not exist.
    Unavailable
        If it has too many items for one request. Repeat it to continue.
    """
    queue = find(name)
    if queue is None:
        _note_deletion_by_others(name)
        listed = store.read_listed(name)
        if listed is None or listed["phase"] != store.DELETING:
            raise names.unknown("queue_name", name, f"Queue does not exist: {name}")
        _finish_deletion(name, int(listed["generation"]))
        return
    # If the condition fails it is done: by this request, whose response was lost, or by another.
    with suppress(ConditionFailed):
        store.begin_deletion(name, queue.generation)
    _finish_deletion(name, queue.generation)


def check_settings(body: dict[str, Any]) -> Settings:
    """Return the settings in a body. Settings that it does not have do not change.

    Raises
    ------
    BadRequest
        If a setting is invalid. The sentence names it.
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
    """Return a maximum number of receives, or None for no limit.

    Raises
    ------
    BadRequest
        If it is not null or a whole number from 1 to 1000.
    """
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= MAX_RECEIVES:
        raise BadRequest(f"max_receives must be a whole number from 1 to {MAX_RECEIVES}.")
    return given


def _next_generation(name: str) -> int:
    """Return a generation above all that `name` had, after an interrupted deletion is finished."""
    listed = store.read_listed(name)
    if listed is not None and listed["phase"] == store.DELETING:
        _finish_deletion(name, int(listed["generation"]))
    return _generation_above(listed)


def _generation_above(listed: Item | None) -> int:
    """Return a generation above that of a name's row in the list of queues."""
    new = now_ms() + GENERATION_OFFSET_MS
    return new if listed is None else max(new, int(listed["generation"]) + 1)


def _note_deletion_by_others(name: str) -> None:
    """Mark a listed queue as being deleted if its METADATA is gone.

    The earlier service does not know the list: it deletes only a queue's METADATA and items.
    """
    listed = store.read_listed(name)
    if listed is not None and listed["phase"] == store.LIVE:
        # If the condition fails, another request marked it, or created the queue again.
        with suppress(ConditionFailed):
            store.note_deletion(name, int(listed["generation"]))


def _finish_deletion(name: str, generation: int) -> None:
    deadline = time.monotonic() + retries.LONG_WORK_S
    keys = store.keys_up_to(name, generation)
    with Pool(_DELETERS) as pool:
        while rows := list(islice(keys, _DELETERS * BATCH_ROWS)):
            list(pool.map(store.delete_rows, _batches(rows)))
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"{name} has more items than one request can delete; repeat the request to continue."
                )
    # If the condition fails, another request finished it, and may have created the queue again.
    with suppress(ConditionFailed):
        store.end_deletion(name, generation, int(time.time()) + TOMBSTONE_S)


def _batches(rows: list[Item]) -> list[list[Item]]:
    return [rows[start : start + BATCH_ROWS] for start in range(0, len(rows), BATCH_ROWS)]
