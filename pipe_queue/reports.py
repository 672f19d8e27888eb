"""Figures of every queue as log lines in CloudWatch's Embedded Metric Format.

CloudWatch turns each line with a member `_aws` into metrics, so no call and no permission is needed. The
format is in the CloudWatch user guide, "Specification: Embedded metric format".
"""

from dataclasses import dataclass
from typing import Any

from common.settings import setting
from pipe_queue import dead_letters, items, legacy_import, queues
from pipe_queue.clock import now_ms
from pipe_queue.queues import Queue
from pipe_queue.store import items as item_store

OLDEST, DEAD = "OldestItemAge", "DeadLetters"
_METRICS = [{"Name": OLDEST, "Unit": "Seconds"}, {"Name": DEAD, "Unit": "Count"}]
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


def of_every_queue() -> list[Report]:
    """Return a report for each queue, sorted by name. About three queries each, and a scan of the table."""
    legacy_import.import_all(legacy_import.REPORT_SCANS_AFTER_MS)
    return [_of(queue) for queue in queues.live_queues()]


def metrics(reports: list[Report]) -> list[dict[str, Any]]:
    """Return the metrics: one for each queue, and one with the worst values, without a name, for alarms."""
    worst = Report(
        "",
        max((report.oldest_age_s for report in reports), default=0),
        max((report.dead for report in reports), default=0),
    )
    return [_metric(report) for report in [*reports, worst]]


def _of(queue: Queue) -> Report:
    now = now_ms()
    rows = item_store.in_order(queue.name, queue.generation, "", _PAGE)
    times = (items.created_at(row) for row in rows if not items.is_dead(queue, row, now))
    oldest = next((time_ms for time_ms in times if time_ms is not None), now)
    age_ms = max(0, now - oldest)
    return Report(queue.name, age_ms / 1000, dead_letters.count(queue))


def _metric(report: Report) -> dict[str, Any]:
    directive = {
        "Namespace": setting("METRICS_NAMESPACE"),
        "Dimensions": [["Queue"] if report.queue_name else []],
        "Metrics": _METRICS,
    }
    return {
        "_aws": {"Timestamp": now_ms(), "CloudWatchMetrics": [directive]},
        **({"Queue": report.queue_name} if report.queue_name else {}),
        OLDEST: report.oldest_age_s,
        DEAD: report.dead,
    }
