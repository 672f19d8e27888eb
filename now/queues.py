"""The state of each queue, from the oldest part of its rows."""

from typing import TypedDict

from common.dynamodb import Item
from common.request_context import Pool
from now.thresholds import HANDED_OUT_OFTEN
from pipe_queue import items, legacy_import, queues
from pipe_queue.clock import now_ms
from pipe_queue.queues import Queue
from pipe_queue.store import items as item_store
from pipe_queue.store import queues as queue_store

# The number of queues that are read at the same time.
_READERS = 8
# The largest number of listed items among those that were handed out often.
MOST_STUCK = 10


class StuckItem(TypedDict):
    """An item that was handed out often. Times in Unix ms; `lease_until` is None if nobody has it now."""

    id: str
    receive_count: int
    created_at: int | None
    lease_until: int | None


class QueueState(TypedDict):
    """A queue.

    `more` says that the queue is longer than one read: the three numbers are then lower bounds.
    `oldest_waiting_at` is the time (Unix ms) of the oldest item that nobody has. `oldest_age_ms` counts
    leased items too.
    """

    queue_name: str
    waiting: int
    leased: int
    dead: int
    more: bool
    oldest_age_ms: int | None
    oldest_waiting_at: int | None
    paused: bool
    stuck: list[StuckItem]


def read() -> list[QueueState]:
    """Return the state of each queue, sorted by name. Two queries for each, whatever its length."""
    legacy_import.import_all()
    live = queues.live_queues()
    with Pool(_READERS) as pool:
        return list(pool.map(_read_state, live))


def _read_state(queue: Queue) -> QueueState:
    rows, more = item_store.head_states(queue.name, queue.generation)
    dead, more_dead = queue_store.count_oldest_dead_letters(queue.name, queue.generation)
    now = now_ms()
    alive = [row for row in rows if not items.is_dead(queue, row, now)]
    waiting = [row for row in alive if not items.is_leased(row, now)]
    oldest = _oldest(alive)
    return {
        "queue_name": queue.name,
        "waiting": len(waiting),
        "leased": len(alive) - len(waiting),
        "dead": dead + len(rows) - len(alive),
        "more": more or more_dead,
        "oldest_age_ms": None if oldest is None else max(0, now - oldest),
        "oldest_waiting_at": _oldest(waiting),
        "paused": queue.paused,
        "stuck": _stuck(alive, now),
    }


def _oldest(rows: list[Item]) -> int | None:
    """Return the time of the first item whose row has a time; None without one."""
    return next((time for row in rows if (time := items.created_at(row)) is not None), None)


def _stuck(rows: list[Item], now: int) -> list[StuckItem]:
    """Return the items that were handed out often, the most often first."""
    often = [row for row in rows if row.get("receives", 0) >= HANDED_OUT_OFTEN.value]
    often.sort(key=lambda row: row["receives"], reverse=True)
    return [
        {
            "id": row["id"],
            "receive_count": int(row["receives"]),
            "created_at": items.created_at(row),
            "lease_until": int(row["lease_until"]) if items.is_leased(row, now) else None,
        }
        for row in often[:MOST_STUCK]
    ]
