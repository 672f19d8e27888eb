"""Taking over what the earlier service writes: queues and statuses that no list has yet.

Both services may work on the table at once. The earlier one keeps no lists, so a scan of the table completes
them every five minutes. The report of the queues' figures makes it, or a listing where no report runs.
"""

from contextlib import suppress

from common.dynamodb import ConditionFailed, Item
from pipe_queue import queues, statuses
from pipe_queue.clock import now_ms
from pipe_queue.store import queues as store
from pipe_queue.store import statuses as status_store

# How old the last scan may be. The report, which runs every five minutes, never finds it younger.
REPORT_SCANS_AFTER_MS = 4 * 60 * 1000
# A listing does not scan where the report does.
LISTING_SCANS_AFTER_MS = 6 * 60 * 1000


def adopt_all(scan_after_ms: int = LISTING_SCANS_AFTER_MS) -> None:
    """List all queues and statuses of the earlier service, if the last scan is older than `scan_after_ms`."""
    began = now_ms()
    if began - store.last_scan_ms() < scan_after_ms:
        return
    listed = {row["pipe_id"] for row in status_store.listed()}
    for row in store.earlier_rows():
        _adopt(row, listed)
    store.note_scan(began)


def _adopt(row: Item, listed_statuses: set[str]) -> None:
    kind, _, name = row["pk"].partition("#")
    if kind == "QUEUE" and row["sk"] == "METADATA":
        queues.from_metadata(name, row)
    # A status that does not say when it was told cannot be listed: nothing would tell it from a later one.
    elif kind == "STATUS" and row["sk"] == "INFO" and "last_updated" in row and name not in listed_statuses:
        status = {field: row[field] for field in statuses.FIELDS if field in row}
        # One that has changed meanwhile was written, and listed, by another request.
        with suppress(ConditionFailed):
            status_store.adopt(name, status)
