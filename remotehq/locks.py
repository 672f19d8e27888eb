"""A lock for each site's control room, so that only one request changes it at a time.

RemoteHQ identifies a room by its name, and creating one starts by deleting the room of the same name. Two
requests at once would delete each other's room, and the table could end with the deleted one.
"""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from common.dynamodb import ConditionFailed
from common.errors import Unavailable
from remotehq import store

# The longest life of a Lambda behind API Gateway. A lock that was not released expires after it.
LOCK_S = 30.0
# How long to wait for the lock.
RETRY_FOR_S = 6.0
_PAUSE_S = 0.2


class RoomIsLocked(Exception):
    """Another request holds the lock for too long."""


# By site: locks that DynamoDB may still have, because it did not confirm a take or a release. This process
# may take them again.
_unconfirmed: dict[str, str] = {}


@contextmanager
def locked(site: str) -> Iterator[None]:
    """Hold the lock of the room of `site` inside the block. Wait for it first.

    Raises
    ------
    RoomIsLocked
        If that takes longer than `RETRY_FOR_S`.
    """
    # This process takes a lock again under the same id if DynamoDB may still have it. So nobody waits for its
    # expiry.
    holder_id = _unconfirmed.pop(site, "") or uuid.uuid4().hex
    try:
        _wait_for(site, holder_id)
    except Unavailable:
        _unconfirmed[site] = holder_id
        raise
    try:
        yield
    finally:
        _end(site, holder_id)


def forget() -> None:
    """Drop the locks that this process may take again."""
    _unconfirmed.clear()


def _end(site: str, holder_id: str) -> None:
    try:
        # A lock that expired may belong to another request by now.
        with suppress(ConditionFailed):
            store.release_lock(site, holder_id)
    except Unavailable:
        _unconfirmed[site] = holder_id


def _wait_for(site: str, holder_id: str) -> None:
    give_up_at = time.monotonic() + RETRY_FOR_S
    while True:
        with suppress(ConditionFailed):
            store.take_lock(site, holder_id, time.time(), time.time() + LOCK_S)
            return
        if time.monotonic() > give_up_at:
            raise RoomIsLocked
        time.sleep(_PAUSE_S)
