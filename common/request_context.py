"""The context of a request: its id, its caller, its deadline and its retry budget.

A request may use several threads. `Pool` is the thread pool of every service. Its threads have the context of
the request, so that deadlines, retries and log lines are the same there.
"""

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, replace
from typing import Any

# API Gateway gives up after 29 s. A slow backend can make a chain of requests longer than that. Reads then
# stop in time with a response that says so. Writes to AWS are not stopped, because a stopped write
# would be lost.
RESPOND_WITHIN_S = 27.0


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The context of one request.

    Attributes
    ----------
    request_id
        The id in its log lines; "" outside a request.
    caller
        The caller of a change: "site mrc1", "pipe pipe1", "user auth0|…", "anybody", "nobody known"; "" for a
        read.
    respond_by
        The deadline of the response, in seconds of `time.monotonic()`; infinity if no caller waits.
    retry_until
        The end of the retry budget, in seconds of `time.monotonic()`.
    retry_until_at_most
        The latest value of `retry_until`.
    """

    request_id: str = ""
    caller: str = ""
    respond_by: float = math.inf
    retry_until: float = 0.0
    retry_until_at_most: float = 0.0


_NO_REQUEST = RequestContext()
_current: ContextVar[RequestContext] = ContextVar("request_context", default=_NO_REQUEST)


def current() -> RequestContext:
    """Return the context of the current request."""
    return _current.get()


def update(**changes: Any) -> None:
    """Change fields of the context, for the rest of the request."""
    _current.set(replace(_current.get(), **changes))


@contextmanager
def updated(**changes: Any) -> Iterator[None]:
    """Change fields of the context inside the block. Other fields that the block changes stay changed."""
    before = _current.get()
    update(**changes)
    try:
        yield
    finally:
        update(**{name: getattr(before, name) for name in changes})


@contextmanager
def deadline() -> Iterator[None]:
    """Start the request's time: it must be answered within `RESPOND_WITHIN_S` from now on."""
    with updated(respond_by=time.monotonic() + RESPOND_WITHIN_S):
        yield


def remaining_s() -> float:
    """Return the seconds until the request must be answered; infinity outside a request."""
    return current().respond_by - time.monotonic()


class Pool(ThreadPoolExecutor):
    """A thread pool whose calls run in the context of their caller."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run `function` in a thread, in a copy of the present context."""
        # One context cannot be entered by two threads at once, so each call gets a copy of its own.
        return super().submit(copy_context().run, function, *args, **kwargs)
