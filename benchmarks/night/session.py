"""One run of a night: the stack in its own process, the actors in threads of this one."""

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from threading import Thread
from typing import Any

from benchmarks.night.actors import ATTEMPTS, ON_LEASES, PLAIN, QUEUES, Actor, Night
from benchmarks.night.backends import Backends
from benchmarks.night.calls import NOT_FOUND, Call, Caller
from benchmarks.night.checker import Checker, Findings
from benchmarks.night.pipes import Pipe
from benchmarks.night.sites import Site
from benchmarks.night.viewers import Operator, Viewer
from local.child import Child
from local.deployment import Deployment

# The longest time (s) for draining, including the wait for the end of leases, and for the ingester to catch
# up.
_DRAIN_S = 300.0
_CATCH_UP_S = 120.0
# The queue of each PIPE, in turn.
_TURNS = (ON_LEASES, ON_LEASES, PLAIN, ATTEMPTS)


@dataclass(frozen=True)
class Size:
    """The number of actors, and their periods.

    Attributes
    ----------
    exposure_s, poll_s, view_s, operator_s
        The periods of sites, PIPEs, viewers and the operator.
    lease_s
        The lease of a PIPE, in seconds.
    forget_s
        How often the stack clears its cache of the parameter store.
    ask_again_s
        The wait before the retry of a call that got a 503.
    """

    sites: int
    pipes: int
    viewers: int
    exposure_s: float
    poll_s: float
    view_s: float
    operator_s: float
    lease_s: float
    forget_s: float
    ask_again_s: float


class Session:
    """A running stack with its actors.

    Attributes
    ----------
    calls
        What was called until now.
    pid
        The stack's process.
    """

    def __init__(self, size: Size, backends: Backends, folder: Path) -> None:
        self.night = Night(
            tuple(f"site{number:02d}" for number in range(size.sites)), size.lease_s, size.ask_again_s
        )
        self.calls: list[Call] = []
        self.log = folder / "stack.log"
        self.work_folder = folder / "work"
        self.work_folder.mkdir()
        self._size = size
        self._backends = backends
        self._pipes = tuple(f"pipe{number}" for number in range(size.pipes))
        self._stack = Child("benchmarks.night.stack", self._environment())
        self._ready: dict[str, Any] = self._stack.ready
        self._threads: list[Thread] = []
        for queue in QUEUES:
            self._caller(self._key(0)).ask("POST /pipe/queue", "/pipe/queue", json={"queue_name": queue})

    @property
    def pid(self) -> int:
        """The process id of the stack."""
        return self._stack.pid

    def begin(self) -> None:
        """Send each site's config, then start all actors."""
        actors = list(self._actors())
        for actor in actors:
            if isinstance(actor, Site):
                actor.tell_config()
        self._threads = [Thread(target=actor.run, daemon=True) for actor in actors]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop all actors, each after its current step."""
        self.night.stopped.set()
        for thread in self._threads:
            thread.join()

    def check(self, *, in_order: bool) -> Findings:
        """Drain the queues, wait for the ingester, and compare what is stored with the responses."""
        undrained = [queue for queue in QUEUES if not self._drained(queue)]
        bucket = Deployment().environment["S3_BUCKET_NAME"]
        checker = Checker(self._caller({}), self.night, self._backends.aws_url, bucket)
        checker.wait_for_ingester(_CATCH_UP_S)
        findings = checker.check(in_order=in_order)
        findings.wrong += [f"{queue} was not drained in time" for queue in undrained]
        return findings

    def stop(self) -> None:
        """Stop the stack."""
        self._stack.stop()

    def _environment(self) -> dict[str, str]:
        places = self._backends.places
        night = {
            "endpoints": places.endpoints,
            "sites": self.night.sites,
            "pipes": self._pipes,
            "log": str(self.log),
            "forget_s": self._size.forget_s,
        }
        return {
            "NIGHT": json.dumps(night),
            "DATABASE_URL": places.database_url,
            "AWS_ENDPOINT_URL": places.aws_url,
            "WRITE_ACCESS": "protected",
            "TMPDIR": str(self.work_folder),
            # With many arenas glibc keeps memory that nothing uses, which hides what grows.
            "MALLOC_ARENA_MAX": "2",
        }

    def _actors(self) -> Iterator[Actor]:
        size, seeds = self._size, iter(range(10_000))
        for site in self.night.sites:
            key = {"x-site-key": self._ready["site_keys"][site]}
            # sites also put items into queues; their own keys do not allow that, so they use the key of a
            # PIPE
            callers = self._caller(key), self._caller(self._key(0))
            yield Site(site, callers[1], self.night, callers[0], size.exposure_s, next(seeds))
        for number, queue in enumerate(islice(cycle(_TURNS), size.pipes)):
            caller = self._caller(self._key(number))
            yield Pipe(self._pipes[number], queue, self.night, caller, size.poll_s, next(seeds))
        for _ in range(size.viewers):
            yield Viewer(self.night, self._caller({}), size.view_s, next(seeds))
        token = {"Authorization": f"Bearer {self._ready['token']}"}
        yield Operator(self.night, self._caller(token), size.operator_s, next(seeds))

    def _drained(self, queue: str) -> bool:
        """Dequeue everything, including items whose leases end later; return whether the queue is empty."""
        pipe = Pipe("drain", queue, self.night, self._caller(self._key(0)), 0, 0)
        end = time.monotonic() + _DRAIN_S
        while time.monotonic() < end:
            if pipe.work() == NOT_FOUND and self._is_empty(queue):
                return True
        return False

    def _is_empty(self, queue: str) -> bool:
        answer = self._caller({}).ask("GET /pipe/queues", "/pipe/queues")
        return answer is not None and answer.ok and answer.json()[queue] == 0

    def _caller(self, headers: dict[str, str]) -> Caller:
        return Caller(self._ready["url"], headers, self.calls)

    def _key(self, number: int) -> dict[str, str]:
        return {"x-site-key": self._ready["pipe_keys"][self._pipes[number]]}


@contextmanager
def running(size: Size, backends: Backends) -> Iterator[Session]:
    """Provide a session with a running stack in front of `backends`."""
    with tempfile.TemporaryDirectory(prefix="night-") as folder:
        session = Session(size, backends, Path(folder))
        try:
            yield session
        finally:
            session.stop()
