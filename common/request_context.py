"""What a request carries wherever its work is done: its id, and how long it may go on.

A request's work may run in several threads. `Pool` is the thread pool of every service: what runs in it has
the context of the request that started it, so that deadlines, retries and log lines are the same there.
"""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The context of one request.

    Attributes
    ----------
    request_id
        The id in its log lines; "" outside a request.
    caller
        Who asks for a change: "site mrc1", "pipe pipe1", "user auth0|…", "anybody", "nobody known"; "" for
        a read.
    answer_by
        When it must be answered, in seconds of `time.monotonic()`; infinity where nobody waits.
    retry_until
        Until when its requests to a busy backend are repeated, in seconds of `time.monotonic()`.
    retry_until_at_most
        The latest time that `retry_until` may be moved to.
    """

    request_id: str = ""
    caller: str = ""
    answer_by: float = math.inf
    retry_until: float = 0.0
    retry_until_at_most: float = 0.0


_NO_REQUEST = RequestContext()
_current: ContextVar[RequestContext] = ContextVar("request_context", default=_NO_REQUEST)


def current() -> RequestContext:
    """Return the context of the request at hand."""
    return _current.get()


def update(**changes: Any) -> None:
    """Change fields of the context, for the rest of the request."""
    _current.set(replace(_current.get(), **changes))


@contextmanager
def updated(**changes: Any) -> Iterator[None]:
    """Change fields of the context, for the length of the block; what it changes of others stays."""
    before = _current.get()
    update(**changes)
    try:
        yield
    finally:
        update(**{name: getattr(before, name) for name in changes})


class Pool(ThreadPoolExecutor):
    """A thread pool whose calls run in the context of whoever submits them."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run `function` in a thread, in a copy of the present context."""
        # One context cannot be entered by two threads at once, so each call gets a copy of its own.
        return super().submit(copy_context().run, function, *args, **kwargs)
