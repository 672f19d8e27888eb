"""Handing items out: to one consumer each, oldest first, for good or on a lease.

Every hand-out begins with a lease, taken by a conditional update of the item. The lease's id is the identity
of the attempt: repeated because its answer was lost, the attempt finds its own lease. A plain dequeue then
removes the item, if the lease still holds it; one that dies before leaves the item to others when its short
lease is over.
"""

import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from common.dynamodb import ConditionFailed, Item
from common.errors import Conflict, Unavailable
from pipe_queue import dead_letters, items, patience, queues
from pipe_queue.clock import now_ms
from pipe_queue.queues import Queue
from pipe_queue.store import items as item_store
from pipe_queue.store import leases as store

# The lease of a plain dequeue. An item whose Lambda died comes back after it.
PLAIN_LEASE_MS = 40_000
# For so long after taking it, a plain dequeue's lease cannot have passed to others, so long as no two clocks
# differ by more than the rest of it: 20 s. By then API Gateway has given the request up, or soon will.
SURE_FOR_S = 20.0
# How long a poll's attempt id leads to what the poll was handed, and an ended lease's id to how it ended.
REMEMBERED_S = 3600
# Between two looks of a long poll.
LOOK_EVERY_S = 0.5

ACKNOWLEDGED, GIVEN_BACK = "acknowledged", "given back"


@dataclass(frozen=True)
class Poll:
    """What a consumer asks for.

    Attributes
    ----------
    lease_ms
        How long it wants to hold the item; None to have it removed at once.
    attempt_id
        The consumer's name for this poll, under which it may ask again; None without one.
    wait_s
        How long to wait for an item.
    """

    lease_ms: int | None
    attempt_id: str | None
    wait_s: float


def hand_out(queue: Queue, poll: Poll) -> dict[str, Any] | None:
    """Return the oldest item that nobody holds, removed or leased as the poll asks; None if there is none.

    Raises
    ------
    NotFound
        If the queue is deleted while the poll waits.
    Conflict
        If the queue is paused.
    """
    end = time.monotonic() + poll.wait_s
    while True:
        item = _hand_out_now(queue, poll)
        left_s = end - time.monotonic()
        if item is not None or left_s <= 0:
            return item
        time.sleep(min(LOOK_EVERY_S, left_s))
        patience.renew()
        queue = queues.existing(queue.name)


def acknowledge(queue_name: str, item_id: str, lease_id: str) -> None:
    """Remove an item whose work is done.

    Raises
    ------
    Conflict
        If the lease does not hold the item, or no longer.
    """
    receipt = _receipt(queue_name, _generation(queue_name, item_id), lease_id, item_id, ACKNOWLEDGED)
    try:
        store.acknowledge(queue_name, item_id, lease_id, now_ms(), receipt)
    except ConditionFailed:
        _check_ended(queue_name, item_id, lease_id, ACKNOWLEDGED)


def give_back(queue: Queue, item_id: str, lease_id: str) -> None:
    """Put an item back at its old place before its lease is over, or among the dead letters.

    Raises
    ------
    Conflict
        If the lease does not hold the item, or no longer.
    """
    receipt = _receipt(queue.name, queue.generation, lease_id, item_id, GIVEN_BACK)
    try:
        store.give_back(queue.name, item_id, lease_id, now_ms(), receipt)
    except ConditionFailed:
        _check_ended(queue.name, item_id, lease_id, GIVEN_BACK)
    dead_letters.bury(queue, item_id)


def extend(queue_name: str, item_id: str, lease_id: str, lease_ms: int) -> dict[str, Any]:
    """Let a lease end `lease_ms` from now; return `id`, `lease_id`, `lease_until`.

    Raises
    ------
    Conflict
        If the lease does not hold the item, or no longer.
    """
    now = now_ms()
    try:
        attempt = _set_end(queue_name, item_id, lease_id, now, now + lease_ms)
    except ConditionFailed:
        raise _not_held(item_id) from None
    if attempt:
        # If the attempt was handed another item since, its record is that item's.
        with suppress(ConditionFailed):
            store.keep_attempt(queue_name, attempt, lease_id, _forgotten_at(now + lease_ms))
    return {"id": item_id, "lease_id": lease_id, "lease_until": now + lease_ms}


def _set_end(queue_name: str, item_id: str, lease_id: str, now: int, until_ms: int) -> str:
    """Give a lease in force a new end; return the attempt that it was taken for, "" for none.

    A request that arrives late may find a lease that was extended again meanwhile. So one that finds a later
    end changes nothing, and only who has seen that end replaces it by an earlier one.
    """
    try:
        return store.extend(queue_name, item_id, lease_id, now, until_ms)
    except ConditionFailed as refusal:
        row = refusal.row
        if row is None or row.get("lease_id") != lease_id or not items.is_leased(row, now):
            raise
    return store.shorten(queue_name, item_id, lease_id, int(row["lease_until"]), until_ms)


def _hand_out_now(queue: Queue, poll: Poll) -> dict[str, Any] | None:
    """Return the oldest item that nobody holds; None if there is none.

    Whoever loses the race for the last item it sees looks again: the queue was not empty.
    """
    attempt = None if poll.attempt_id is None else _attempt(queue, poll.attempt_id)
    handed = _handed_before(queue, attempt)
    if handed is not None:
        return handed
    queues.check_not_paused(queue)
    while True:
        look = _take(queue, poll) if poll.attempt_id is None else _take_for_attempt(queue, poll, attempt)
        if look.item is not None or not look.again:
            return look.item
        if patience.is_over():
            raise Unavailable("Try again later: too many consumers want the same items.")
        if poll.attempt_id is not None:
            attempt = _attempt(queue, poll.attempt_id)
            handed = _handed_before(queue, attempt)
            if handed is not None:
                return handed


@dataclass(frozen=True)
class _Look:
    """What a look at the head of a queue came to.

    Attributes
    ----------
    item
        What was handed out, or None.
    again
        Whether something changed meanwhile, so that another look may find an item.
    """

    item: dict[str, Any] | None
    again: bool = False


def _take(queue: Queue, poll: Poll) -> _Look:
    """Hand out the oldest item that nobody holds."""
    lease_id = uuid.uuid4().hex
    raced = False
    for head in _head(queue):
        began = time.monotonic()
        try:
            row = store.lease(queue.name, head["id"], _terms(head, lease_id, poll.lease_ms))
        except ConditionFailed:
            # Another consumer was faster; the next item is ours to try.
            raced = True
            continue
        if poll.lease_ms is not None:
            return _Look(_leased(queue.name, row))
        if _remove(queue.name, row["id"], lease_id, began):
            return _Look(items.public(queue.name, row))
        raced = True
    return _Look(None, again=raced)


def _head(queue: Queue) -> Iterator[Item]:
    """Yield the items that nobody holds, oldest first; bury those that have failed too often."""
    for row in store.free(queue.name, queue.generation, now_ms()):
        head = {"id": row["id"], "receives": int(row.get("receives", 0))}
        if queues.is_exhausted(queue, head["receives"]):
            dead_letters.bury(queue, row["id"])
        else:
            yield head


def _terms(head: Item, lease_id: str, lease_ms: int | None) -> Item:
    now = now_ms()
    return {
        "lease_id": lease_id,
        "lease_until": now + (PLAIN_LEASE_MS if lease_ms is None else lease_ms),
        "now": now,
        "receives": head["receives"],
    }


def _remove(queue_name: str, item_id: str, lease_id: str, began: float) -> bool:
    """Remove an item leased at `began` (`time.monotonic()`); return whether it was ours to hand out.

    Raises
    ------
    Unavailable
        If that cannot be known any more, or there is no time left to find out. Then the item, which nothing
        was done to, comes back when its lease is over.
    """
    # A removal that is given up on may have taken the item for nobody: it is begun with all patience or not.
    if patience.is_over():
        raise Unavailable("Try again later: it took too long to hand out an item.")
    patience.renew()
    try:
        store.remove_leased(queue_name, item_id, lease_id)
    except ConditionFailed as refusal:
        if refusal.row is not None or not refusal.retried:
            # Its lease ran out while this process was held up, and another consumer has it.
            return False
        # Gone, and we have tried to remove it more than once: the first time did it, its answer lost.
        if time.monotonic() - began > SURE_FOR_S:
            raise Unavailable("Try again later: it took too long to hand out an item.") from refusal
    return True


def _attempt(queue: Queue, attempt_id: str) -> Item | None:
    return store.read_attempt(queue.name, queue.generation, attempt_id)


def _take_for_attempt(queue: Queue, poll: Poll, attempt: Item | None) -> _Look:
    """Hand an item to an attempt whose record, if it has one, leads to nothing any more.

    If there is no item, or the attempt was sent twice, the record may lead to one by now.
    """
    attempt_id = str(poll.attempt_id)
    earlier_lease = "" if attempt is None else attempt["lease_id"]
    raced = False
    for head in _head(queue):
        try:
            return _Look(_hand_to_attempt(queue, poll, attempt_id, earlier_lease, head))
        except ConditionFailed as refusal:
            if refusal.failed != (0,):
                # This very attempt, sent twice, has been handed something.
                return _Look(None, again=True)
            # Another consumer was faster; the next item is ours to try.
            raced = True
    twin = _attempt(queue, attempt_id)
    return _Look(_handed_before(queue, twin), again=raced)


def _hand_to_attempt(
    queue: Queue, poll: Poll, attempt_id: str, earlier_lease: str, head: Item
) -> dict[str, Any] | None:
    terms = _terms(head, uuid.uuid4().hex, poll.lease_ms)
    record = {
        **store.attempt_key(queue.name, queue.generation, attempt_id),
        "generation": queue.generation,
        "lease_id": terms["lease_id"],
        "expire_timestamp_s": _forgotten_at(terms["lease_until"]),
    }
    row = item_store.read(queue.name, head["id"])
    if row is None:
        raise ConditionFailed(failed=(0,))
    if poll.lease_ms is None:
        # The poll's record keeps the item, for its own row goes.
        record = {**row, **record}
        store.remove_for_attempt(queue.name, head["id"], terms["now"], record, earlier_lease)
        return items.public(queue.name, row)
    record["id"] = head["id"]
    store.lease_for_attempt(queue.name, head["id"], terms, record, earlier_lease)
    return _leased(queue.name, {**row, **terms, "receives": terms["receives"] + 1})


def _forgotten_at(lease_until_ms: int) -> int:
    """Return when the record of an attempt is forgotten; Unix seconds."""
    return lease_until_ms // 1000 + REMEMBERED_S


def _handed_before(queue: Queue, attempt: Item | None) -> dict[str, Any] | None:
    """Return the item that a poll's record leads to, if the poll still has it."""
    if attempt is None:
        return None
    if "payload" in attempt:
        return items.public(queue.name, attempt) if attempt["expire_timestamp_s"] > time.time() else None
    row = item_store.read(queue.name, attempt["id"])
    held = row is not None and row.get("lease_id") == attempt["lease_id"] and items.is_leased(row, now_ms())
    return _leased(queue.name, row) if row is not None and held else None


def _leased(queue_name: str, row: Item) -> dict[str, Any]:
    """Return an item as the holder of its lease sees it."""
    return {
        **items.public(queue_name, row),
        "lease_id": row["lease_id"],
        "lease_until": row["lease_until"],
        "receive_count": row["receives"],
    }


def _generation(queue_name: str, item_id: str) -> int:
    """Return the generation of the queue that an item belongs to.

    The id of an item begins with it, but for those of the earlier service.

    Raises
    ------
    Conflict
        If there is no such queue.
    """
    if items.OWN_ID.fullmatch(item_id):
        return int(item_id.partition("_")[0])
    queue = queues.find(queue_name)
    if queue is None:
        raise _not_held(item_id)
    return queue.generation


def _receipt(queue_name: str, generation: int, lease_id: str, item_id: str, outcome: str) -> Item:
    return {
        **store.receipt_key(queue_name, lease_id),
        "generation": generation,
        "id": item_id,
        "outcome": outcome,
        "expire_timestamp_s": int(time.time()) + REMEMBERED_S,
    }


def _check_ended(queue_name: str, item_id: str, lease_id: str, outcome: str) -> None:
    """Check that the lease has ended as the caller wishes: by an earlier request whose answer was lost."""
    receipt = store.read_receipt(queue_name, lease_id)
    if receipt is None or (receipt["id"], receipt["outcome"]) != (item_id, outcome):
        raise _not_held(item_id)


def _not_held(item_id: str) -> Conflict:
    return Conflict(f"Lease is not in force: {item_id}")
