"""By when the request at hand must be answered, so that it is answered at all.

API Gateway gives up after 29 s. A backend that is slow, but not so slow that one request to it times out, can
bring a chain of requests past that. Reads then stop in time, with an answer that says so. Writes do not: one
that is not begun is not done.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

ANSWER_WITHIN_S = 27.0

_until: ContextVar[float] = ContextVar("until", default=math.inf)


@contextmanager
def answering() -> Iterator[None]:
    """Within the block a request is being answered, whose time counts from now on."""
    outer = _until.set(time.monotonic() + ANSWER_WITHIN_S)
    try:
        yield
    finally:
        _until.reset(outer)


def left_s() -> float:
    """Answer the seconds that are left; without end outside a request."""
    return _until.get() - time.monotonic()
