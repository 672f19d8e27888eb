"""By when the request at hand must be answered, so that it is answered at all.

API Gateway gives up after 29 s. A backend that is slow, but not so slow that one request to it times out, can
bring a chain of requests past that. Reads then stop in time, with an answer that says so. Writes do not: one
that is not begun is not done.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from common import request_context

ANSWER_WITHIN_S = 27.0


@contextmanager
def answering() -> Iterator[None]:
    """Count the time of the request at hand from now on, for the length of the block."""
    with request_context.updated(answer_by=time.monotonic() + ANSWER_WITHIN_S):
        yield


def left_s() -> float:
    """Return the seconds that are left; infinity outside a request."""
    return request_context.current().answer_by - time.monotonic()
