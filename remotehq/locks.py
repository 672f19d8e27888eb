"""One change at a time to the control room of a site, whichever Lambda makes it.

RemoteHQ knows a room by its name alone, and making one begins with deleting its namesake. Two that make a
room for one site at once would delete each other's, and the table could end with the room that is gone.
"""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from common.dynamodb import ConditionFailed
from common.errors import Unavailable
from remotehq import store

# The longest that a Lambda behind API Gateway lives: a turn that was not given back ends with its taker.
TURN_S = 30.0
# How long to wait for the one before.
RETRY_FOR_S = 6.0
_PAUSE_S = 0.2


class RoomIsLocked(Exception):
    """Another request is changing the room, and does not come to an end."""


# Turns that ended, and that DynamoDB did not say it has noted, by site: this process may take them again.
_left: dict[str, str] = {}


@contextmanager
def turn(site: str) -> Iterator[None]:
    """Wait until nobody else changes the room of `site`, and let nobody until the block ends.

    Raises
    ------
    RoomIsLocked
        If that takes longer than `RETRY_FOR_S`.
    """
    # a turn that could not be given back is ours to take again: nobody has to wait for its end
    turn_id = _left.pop(site, "") or uuid.uuid4().hex
    try:
        _wait_for(site, turn_id)
    except Unavailable:
        _left[site] = turn_id
        raise
    try:
        yield
    finally:
        _end(site, turn_id)


def _end(site: str, turn_id: str) -> None:
    try:
        # one that took longer than a turn lasts is another's by now
        with suppress(ConditionFailed):
            store.end_turn(site, turn_id)
    except Unavailable:
        _left[site] = turn_id


def _wait_for(site: str, turn_id: str) -> None:
    give_up_at = time.monotonic() + RETRY_FOR_S
    while True:
        with suppress(ConditionFailed):
            store.take_turn(site, turn_id, time.time(), time.time() + TURN_S)
            return
        if time.monotonic() > give_up_at:
            raise RoomIsLocked
        time.sleep(_PAUSE_S)
