"""Hands items out, each to one consumer, oldest first: on a lease, or removed at once.

Every hand-out starts with a lease, taken by a conditional update of the item. The lease's id identifies the
attempt: if the response is lost and the attempt is repeated, it finds its own lease. A plain dequeue then
removes the item if its lease is still in force. If its Lambda dies first, others get the item after the short
lease.
"""

import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import TypedDict

from common.dynamodb import ConditionFailed, Item
from common.errors import Conflict, Unavailable
from pipe_queue import dead_letters, items, queues, retries
from pipe_queue.clock import now_ms
from pipe_queue.items import PublicItem
from pipe_queue.queues import Queue
from pipe_queue.store import items as item_store
from pipe_queue.store import leases as store
from pipe_queue.store.leases import LeaseTerms

# The lease of a plain dequeue. If its Lambda dies, the item is free again after it.
PLAIN_LEASE_MS = 40_000
# During this time a plain dequeue's lease cannot pass to another consumer, as long as no two clocks differ by
# more than the rest of the lease, 20 s. After it, API Gateway has given up the request or soon will.
SURE_FOR_S = 20.0
# How long attempt ids and ended leases are remembered after the end of the lease.
REMEMBERED_S = 3600
# Time between two tries of a long poll.
LOOK_EVERY_S = 0.5

ACKNOWLEDGED, GIVEN_BACK = "acknowledged", "given back"


@dataclass(frozen=True)
class Poll:
    """A consumer's request for an item.

    Attributes
    ----------
    queue_name
        The queue.
    lease_ms
        The length of the lease; None to remove the item at once.
    attempt_id
        The consumer's id for this poll, so that it can be repeated; None without one.
    wait_s
        How long to wait for an item.
    """

    queue_name: str
    lease_ms: int | None
    attempt_id: str | None
    wait_s: float


class LeasedItem(PublicItem):
    """An item as the holder of its lease sees it. `lease_until` is Unix ms."""

    lease_id: str
    lease_until: int | Decimal
    receive_count: int | Decimal


class ExtendedLease(TypedDict):
    """A lease with a new end, Unix ms."""

    id: str
    lease_id: str
    lease_until: int


def hand_out(queue: Queue, poll: Poll) -> PublicItem | None:
    """Return the oldest free item, removed or leased as the poll asks; None if there is none.

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
        retries.restart_budget()
        queue = queues.existing(queue.name)


def acknowledge(queue_name: str, item_id: str, lease_id: str) -> None:
    """Remove an item after its work is done.

    Raises
    ------
    Conflict
        If the lease is not in force.
    """
    receipt = _receipt(queue_name, _generation(queue_name, item_id), lease_id, item_id, ACKNOWLEDGED)
    try:
        store.acknowledge(queue_name, item_id, lease_id, now_ms(), receipt)
    except ConditionFailed:
        _check_ended(queue_name, item_id, lease_id, ACKNOWLEDGED)


def give_back(queue: Queue, item_id: str, lease_id: str) -> None:
    """Put a leased item back at its old place, or move it to the dead letters.

    Raises
    ------
    Conflict
        If the lease is not in force.
    """
    receipt = _receipt(queue.name, queue.generation, lease_id, item_id, GIVEN_BACK)
    try:
        store.give_back(queue.name, item_id, lease_id, now_ms(), receipt)
    except ConditionFailed:
        _check_ended(queue.name, item_id, lease_id, GIVEN_BACK)
    dead_letters.move_if_exhausted(queue, item_id)


def extend(queue_name: str, item_id: str, lease_id: str, lease_ms: int) -> ExtendedLease:
    """Set the end of a lease to `lease_ms` from now.

    Raises
    ------
    Conflict
        If the lease is not in force.
    """
    now = now_ms()
    try:
        attempt = _set_end(queue_name, item_id, lease_id, now, now + lease_ms)
    except ConditionFailed:
        raise _not_held(item_id) from None
    if attempt:
        # If the attempt got another item since, its record belongs to that item.
        with suppress(ConditionFailed):
            store.keep_attempt(queue_name, attempt, lease_id, _forgotten_at(now + lease_ms))
    return {"id": item_id, "lease_id": lease_id, "lease_until": now + lease_ms}


def _set_end(queue_name: str, item_id: str, lease_id: str, now: int, until_ms: int) -> str:
    """Set a new end of a lease in force; return the attempt that took it, "" for none.

    A late request may find a lease that was extended again meanwhile. So a request that finds a later end
    changes nothing. Only a request that has read that end may replace it by an earlier one.
    """
    try:
        return store.extend(queue_name, item_id, lease_id, now, until_ms)
    except ConditionFailed as refusal:
        row = refusal.row
        if row is None or row.get("lease_id") != lease_id or not items.is_leased(row, now):
            raise
    return store.shorten(queue_name, item_id, lease_id, int(row["lease_until"]), until_ms)


def _hand_out_now(queue: Queue, poll: Poll) -> PublicItem | None:
    """Return the oldest free item; None if there is none.

    A request that loses the race for the last item tries again, because the queue was not empty.
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
        if retries.budget_is_spent():
            raise Unavailable("Try again later: too many consumers want the same items.")
        if poll.attempt_id is not None:
            attempt = _attempt(queue, poll.attempt_id)
            handed = _handed_before(queue, attempt)
            if handed is not None:
                return handed


@dataclass(frozen=True)
class _Result:
    """The result of one try to hand out an item.

    Attributes
    ----------
    item
        The item that was handed out, or None.
    again
        Whether another request changed something meanwhile, so that another try may find an item.
    """

    item: PublicItem | None
    again: bool = False


def _take(queue: Queue, poll: Poll) -> _Result:
    """Hand out the oldest free item."""
    lease_id = uuid.uuid4().hex
    raced = False
    for head in _head(queue):
        began = time.monotonic()
        try:
            row = store.lease(queue.name, head["id"], _terms(head, lease_id, poll.lease_ms))
        except ConditionFailed:
            # Another consumer was faster: try the next item.
            raced = True
            continue
        if poll.lease_ms is not None:
            return _Result(_leased(queue.name, row))
        if _remove(queue.name, row["id"], lease_id, began):
            return _Result(items.public(queue.name, row))
        raced = True
    return _Result(None, again=raced)


def _head(queue: Queue) -> Iterator[Item]:
    """Yield the free items, oldest first; move exhausted ones to the dead letters."""
    for row in store.free(queue.name, queue.generation, now_ms()):
        head = {"id": row["id"], "receives": int(row.get("receives", 0))}
        if queues.is_exhausted(queue, head["receives"]):
            dead_letters.move_if_exhausted(queue, row["id"])
        else:
            yield head


def _terms(head: Item, lease_id: str, lease_ms: int | None) -> LeaseTerms:
    now = now_ms()
    return {
        "lease_id": lease_id,
        "lease_until": now + (PLAIN_LEASE_MS if lease_ms is None else lease_ms),
        "now": now,
        "receives": head["receives"],
    }


def _remove(queue_name: str, item_id: str, lease_id: str, began: float) -> bool:
    """Remove an item leased at `began` (`time.monotonic()`); return whether this request may hand it out.

    Raises
    ------
    Unavailable
        If that is unknown, or no time is left. Then the item stays and is free again after its lease.
    """
    # A removal without a response may have taken the item and lost it. So it starts only with a full retry
    # budget.
    if retries.budget_is_spent():
        raise Unavailable("Try again later: it took too long to hand out an item.")
    retries.restart_budget()
    try:
        store.remove_leased(queue_name, item_id, lease_id)
    except ConditionFailed as refusal:
        if refusal.row is not None or not refusal.retried:
            # The lease expired while this process was delayed, and another consumer has the item.
            return False
        # The item is gone after more than one try: the first one removed it, and its response was lost.
        if time.monotonic() - began > SURE_FOR_S:
            raise Unavailable("Try again later: it took too long to hand out an item.") from refusal
    return True


def _attempt(queue: Queue, attempt_id: str) -> Item | None:
    return store.read_attempt(queue.name, queue.generation, attempt_id)


def _take_for_attempt(queue: Queue, poll: Poll, attempt: Item | None) -> _Result:
    """Hand an item to an attempt that has no item, or has lost its item.

    If there is no item, the same attempt may have been sent twice and got one meanwhile: its record is read
    again.
    """
    attempt_id = str(poll.attempt_id)
    earlier_lease = "" if attempt is None else attempt["lease_id"]
    raced = False
    for head in _head(queue):
        try:
            return _Result(_hand_to_attempt(queue, poll, attempt_id, earlier_lease, head))
        except ConditionFailed as refusal:
            if refusal.failed != (0,):
                # The same attempt was sent twice and has got an item.
                return _Result(None, again=True)
            # Another consumer was faster: try the next item.
            raced = True
    twin = _attempt(queue, attempt_id)
    return _Result(_handed_before(queue, twin), again=raced)


def _hand_to_attempt(queue: Queue, poll: Poll, attempt_id: str, earlier_lease: str, head: Item) -> PublicItem:
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
        # The attempt's record keeps the item, because the item's row is removed.
        record = {**row, **record}
        store.remove_for_attempt(queue.name, head["id"], terms["now"], record, earlier_lease)
        return items.public(queue.name, row)
    record["id"] = head["id"]
    store.lease_for_attempt(queue.name, head["id"], terms, record, earlier_lease)
    return _leased(queue.name, {**row, **terms, "receives": terms["receives"] + 1})


def _forgotten_at(lease_until_ms: int) -> int:
    """Return the time (Unix seconds) until which an attempt's record is kept."""
    return lease_until_ms // 1000 + REMEMBERED_S


def _handed_before(queue: Queue, attempt: Item | None) -> PublicItem | None:
    """Return the item of an attempt's record, if the attempt still has it."""
    if attempt is None:
        return None
    if "payload" in attempt:
        return items.public(queue.name, attempt) if attempt["expire_timestamp_s"] > time.time() else None
    row = item_store.read(queue.name, attempt["id"])
    held = row is not None and row.get("lease_id") == attempt["lease_id"] and items.is_leased(row, now_ms())
    return _leased(queue.name, row) if row is not None and held else None


def _leased(queue_name: str, row: Item) -> LeasedItem:
    """Return an item as its lease's holder sees it."""
    return {
        **items.public(queue_name, row),
        "lease_id": row["lease_id"],
        "lease_until": row["lease_until"],
        "receive_count": row["receives"],
    }


def _generation(queue_name: str, item_id: str) -> int:
    """Return the generation of an item's queue.

    Ids start with the generation, except those of the earlier service.

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
    """Check that an earlier request, whose response was lost, ended the lease in the same way."""
    receipt = store.read_receipt(queue_name, lease_id)
    if receipt is None or (receipt["id"], receipt["outcome"]) != (item_id, outcome):
        raise _not_held(item_id)


def _not_held(item_id: str) -> Conflict:
    return Conflict(f"Lease is not in force: {item_id}")
