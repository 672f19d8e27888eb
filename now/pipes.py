"""When each PIPE machine last sent its status."""

from typing import TypedDict

from common.number_parsing import whole_number
from pipe_queue.clock import now_ms
from pipe_queue.store import statuses as store


class PipeState(TypedDict):
    """A PIPE machine. `last_updated` is in Unix ms. Without a time in its row, it and `age_s` are None."""

    pipe_id: str
    status: str | None
    last_updated: int | None
    age_s: int | None


def read() -> list[PipeState]:
    """Return the state of each machine, sorted by id. One query, and a batch for each 100."""
    ids = [row["pipe_id"] for row in store.listed()]
    rows, now = store.read_times(ids), now_ms()
    return [
        _state(pipe_id, rows[pipe_id].get("status"), rows[pipe_id].get("last_updated"), now)
        for pipe_id in ids
        if pipe_id in rows
    ]


def _state(pipe_id: str, status: object, last_updated: object, now: int) -> PipeState:
    updated = whole_number(last_updated)
    return {
        "pipe_id": pipe_id,
        "status": status if isinstance(status, str) else None,
        "last_updated": updated,
        "age_s": None if updated is None else (now - updated) // 1000,
    }
