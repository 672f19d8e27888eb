"""Time the handlers that the gateway runs, and record the events they receive."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from local import invocation

AUTHORIZER = "auth/handlers.authorize"


@dataclass(frozen=True)
class Call:
    """One run of a handler.

    Attributes
    ----------
    handler
        As serverless.yml names it.
    event
        What it was called with.
    wall_ms
        From call to answer, backends included.
    cpu_ms
        CPU time of the handler's own thread, without the time of backends and of other threads.
    """

    handler: str
    event: Any
    wall_ms: float
    cpu_ms: float


@dataclass
class Calls:
    """The runs of handlers since the last `clear`."""

    runs: list[Call] = field(default_factory=list)

    def clear(self) -> None:
        """Remove all runs."""
        self.runs.clear()

    def total(self) -> tuple[float, float]:
        """Return the sums of wall and of CPU milliseconds. Authorizer and handler run one after the other."""
        return sum(run.wall_ms for run in self.runs), sum(run.cpu_ms for run in self.runs)


@contextmanager
def watched() -> Iterator[Calls]:
    """Record every run of a handler by the gateway of this process, inside the block."""
    calls, load = Calls(), invocation.load_handler

    def load_watched(name: str) -> Callable[[Any, Any], Any]:
        handler = load(name)

        def run(event: Any, context: Any) -> Any:
            wall, cpu = time.perf_counter(), time.thread_time()
            try:
                return handler(event, context)
            finally:
                spent = (time.perf_counter() - wall) * 1000, (time.thread_time() - cpu) * 1000
                calls.runs.append(Call(name, event, *spent))

        return run

    with patch.object(invocation, "load_handler", load_watched):
        yield calls


def captured(ask: Callable[[], Any]) -> list[tuple[str, Any]]:
    """Return the handlers and events that a request leads to; only the authorizer runs."""
    events, load = [], invocation.load_handler

    def load_captured(name: str) -> Callable[[Any, Any], Any]:
        def capture(event: Any, context: Any) -> Any:
            events.append((name, event))
            return load(name)(event, context) if name == AUTHORIZER else {"statusCode": 204}

        return capture

    with patch.object(invocation, "load_handler", load_captured):
        ask()
    return events
