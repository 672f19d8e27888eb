"""Counts the items of every queue: by a query for each queue, or of many queues by one scan of the table."""

import time
from collections import Counter
from dataclasses import dataclass

from common.request_context import Pool
from pipe_queue.queues import Queue, live_queues
from pipe_queue.store import queues as store

_COUNTERS = 8
# A page of a scan costs 256 read units, and a query of a short queue at least one. But a page takes only the
# time of a few queries. So the table is scanned if it has at most one page for every hundred queues.
QUEUES_PER_PAGE = 100
# After a scan that found the table too long, the next scan waits for this time.
LONG_FOR_S = 300


@dataclass
class _Table:
    """When the table may be scanned again, in seconds of `time.monotonic()`."""

    scan_from: float = 0.0


_table = _Table()


def counts(after: str) -> dict[str, int]:
    """Return the number of items of each queue, including leased ones, by name.

    Parameters
    ----------
    after
        Only queues with names after this one are counted.
    """
    live = live_queues(after)
    counted = _scanned(len(live) // QUEUES_PER_PAGE)
    if counted is None:
        return _queried(live)
    # An item of the earlier service has no generation.
    return {queue.name: counted[queue.name, queue.generation] + counted[queue.name, None] for queue in live}


def forget() -> None:
    """Drop what is known of the table's length."""
    _table.scan_from = 0.0


def _queried(live: list[Queue]) -> dict[str, int]:
    with Pool(_COUNTERS) as pool:
        numbers = pool.map(lambda queue: store.count_items(queue.name, queue.generation), live)
        return {queue.name: number for queue, number in zip(live, numbers, strict=True)}


def _scanned(pages: int) -> Counter[tuple[str, int | None]] | None:
    """Return the number of items by queue and generation; None if the table has more pages."""
    if not pages or time.monotonic() < _table.scan_from:
        return None
    counted = store.item_counts(pages)
    if counted is None:
        _table.scan_from = time.monotonic() + LONG_FOR_S
    return counted
