"""Figures of the queues as log lines in CloudWatch's Embedded Metric Format.

CloudWatch turns a line with a member `_aws` into metrics, so no call and no permission is needed. The format
is in the CloudWatch user guide, "Specification: Embedded metric format". Each metric costs $0.30 a month. So
the stage has two, whatever the number of its queues, and the line names the worst queues.
"""

from dataclasses import dataclass
from typing import Any

from common.dynamodb import Item
from common.settings import setting
from pipe_queue import dead_letters, items, legacy_import, queues
from pipe_queue.clock import now_ms
from pipe_queue.queues import Queue
from pipe_queue.store import items as item_store
from pipe_queue.store.queues import generation_of, queue_of

OLDEST, DEAD = "OldestItemAge", "DeadLetters"
_METRICS = [{"Name": OLDEST, "Unit": "Seconds"}, {"Name": DEAD, "Unit": "Count"}]
# How many of the worst queues are named.
MOST_NAMED = 5
# As many rows as a dequeue reads. Rows of an earlier generation may come before the oldest item.
_PAGE = 8


@dataclass(frozen=True)
class Report:
    """Figures of a queue.

    Attributes
    ----------
    oldest_age_s
        Seconds since the oldest item that is not dead was enqueued; 0 without one. Items without a numeric
        enqueue time do not count.
    dead
        The number of dead letters.
    """

    queue_name: str
    oldest_age_s: float
    dead: int


class _Tally:
    """The figures of a queue, from its rows in any order."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self._dead = 0
        # The id of the oldest item that has a time, and its time.
        self._oldest: tuple[str, int] | None = None

    def add(self, row: Item, now: int) -> None:
        """Count an item or a dead letter."""
        if generation_of(row) not in (None, self.queue.generation):
            return
        if row["sk"].startswith("DEAD#") or items.is_dead(self.queue, row, now):
            self._dead += 1
            return
        created_at = items.created_at(row)
        if created_at is not None and (self._oldest is None or row["sk"] < self._oldest[0]):
            self._oldest = (row["sk"], created_at)

    def report(self, now: int) -> Report:
        """Return the figures."""
        age_ms = 0 if self._oldest is None else max(0, now - self._oldest[1])
        return Report(self.queue.name, age_ms / 1000, self._dead)


def of_every_queue() -> list[Report]:
    """Return a report for each queue, sorted by name. One scan between two reads of the list of queues."""
    now = now_ms()
    tallies = {queue.name: _Tally(queue) for queue in queues.live_queues()}
    for row in legacy_import.scanned():
        tally = tallies.get(queue_of(row))
        if tally is not None:
            tally.add(row, now)
    reports = []
    for queue in queues.live_queues():
        tally = tallies.get(queue.name)
        is_same = tally is not None and tally.queue.generation == queue.generation
        reports.append(tally.report(now) if tally is not None and is_same else _of_new(queue))
    return reports


def metrics(reports: list[Report]) -> dict[str, Any]:
    """Return the metrics of the stage: the worst value of all queues, and the names of the worst queues."""
    oldest = sorted(reports, key=lambda report: -report.oldest_age_s)
    dead = sorted(reports, key=lambda report: -report.dead)
    directive = {"Namespace": setting("METRICS_NAMESPACE"), "Dimensions": [[]], "Metrics": _METRICS}
    return {
        "_aws": {"Timestamp": now_ms(), "CloudWatchMetrics": [directive]},
        OLDEST: oldest[0].oldest_age_s if oldest else 0,
        DEAD: dead[0].dead if dead else 0,
        "oldest": {each.queue_name: each.oldest_age_s for each in oldest[:MOST_NAMED] if each.oldest_age_s},
        "dead": {each.queue_name: each.dead for each in dead[:MOST_NAMED] if each.dead},
    }


def _of_new(queue: Queue) -> Report:
    """Return the report of a queue that came during the scan. About three queries."""
    now = now_ms()
    rows = item_store.in_order(queue.name, queue.generation, "", _PAGE)
    times = (items.created_at(row) for row in rows if not items.is_dead(queue, row, now))
    oldest = next((time_ms for time_ms in times if time_ms is not None), now)
    age_ms = max(0, now - oldest)
    return Report(queue.name, age_ms / 1000, dead_letters.count(queue))
