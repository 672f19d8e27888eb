"""Taking over what the earlier service wrote: queues and statuses that no list has yet.

One scan, at the first listing, and never again: a queue that an old Lambda makes after it, while a deployment
is under way, is adopted as soon as anyone uses it.
"""

from contextlib import suppress

from common.dynamodb import ConditionFailed, Item
from pipe_queue import queues, statuses
from pipe_queue.store import queues as store
from pipe_queue.store import statuses as status_store


def adopt_all() -> None:
    """List all queues and statuses of the earlier service, if that was not done before."""
    if store.all_adopted():
        return
    for row in store.unlisted():
        _adopt(row)
    store.note_all_adopted()


def _adopt(row: Item) -> None:
    kind, _, name = row["pk"].partition("#")
    if kind == "QUEUE" and row["sk"] == "METADATA":
        queues.from_metadata(name, row)
    # A status that does not say when it was told cannot be listed: nothing would tell it from a later one.
    elif kind == "STATUS" and row["sk"] == "INFO" and "last_updated" in row:
        status = {field: row[field] for field in statuses.FIELDS if field in row}
        # One that has changed meanwhile was written, and listed, by another request.
        with suppress(ConditionFailed):
            status_store.adopt(name, status)
