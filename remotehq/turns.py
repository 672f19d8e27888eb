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
PATIENCE_S = 6.0
_PAUSE_S = 0.2


class NotOurTurn(Exception):
    """Another request is changing the room, and does not come to an end."""


@contextmanager
def turn(site: str) -> Iterator[None]:
    """Wait until nobody else changes the room of `site`, and let nobody until the block ends.

    Raises
    ------
    NotOurTurn
        If that takes longer than `PATIENCE_S`.
    """
    turn_id = uuid.uuid4().hex
    _wait_for(site, turn_id)
    try:
        yield
    finally:
        # a turn that cannot be given back, or is another's by now, ends by itself
        with suppress(ConditionFailed, Unavailable):
            store.end_turn(site, turn_id)


def _wait_for(site: str, turn_id: str) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while True:
        with suppress(ConditionFailed):
            store.take_turn(site, turn_id, time.time(), time.time() + TURN_S)
            return
        if time.monotonic() > give_up_at:
            raise NotOurTurn
        time.sleep(_PAUSE_S)
