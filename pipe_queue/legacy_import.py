"""Imports queues and statuses of the earlier service into the lists.

Both services may use the table at the same time. The earlier one has no lists, so a scan of the table
completes them every five minutes. The report of the queues' figures does the scan. Without a report, listing
routes do it.
"""

from collections.abc import Iterator
from contextlib import suppress

from common.dynamodb import ConditionFailed, Item
from pipe_queue import queues, statuses
from pipe_queue.clock import now_ms
from pipe_queue.store import queues as store
from pipe_queue.store import statuses as status_store

# A listing scans if the last scan is older than this. The report scans every five minutes, so listings do not
# scan while reports run.
LISTING_SCANS_AFTER_MS = 6 * 60 * 1000


def import_all() -> None:
    """Import queues and statuses of the earlier service, if the last scan is older than a listing allows."""
    if now_ms() - store.last_scan_ms() >= LISTING_SCANS_AFTER_MS:
        for _ in _imported(store.earlier_rows()):
            pass


def scanned() -> Iterator[Item]:
    """Import queues and statuses of the earlier service; return the states of all items and dead letters."""
    return _imported(store.all_states())


def _imported(rows: Iterator[Item]) -> Iterator[Item]:
    """Import rows of the earlier service, and return the others, until the end of the scan."""
    began = now_ms()
    listed = {row["pipe_id"] for row in status_store.listed()}
    for row in rows:
        if row["sk"].startswith(("ITEM#", "DEAD#")):
            yield row
        else:
            _import_row(row, listed)
    store.note_scan(began)


def _import_row(row: Item, listed_statuses: set[str]) -> None:
    kind, _, name = row["pk"].partition("#")
    if kind == "QUEUE" and row["sk"] == "METADATA":
        queues.from_metadata(name, row)
    # A status without a time cannot be imported: a later status could not be told from it.
    elif kind == "STATUS" and row["sk"] == "INFO" and "last_updated" in row and name not in listed_statuses:
        status = {field: row[field] for field in statuses.FIELDS if field in row}
        # If it has changed, another request wrote it and listed it.
        with suppress(ConditionFailed):
            status_store.adopt(name, status)
