"""Simulated processes that change and list configs. A schedule decides who sends the next request.

Each process is a thread. Only one runs at a time.
"""

import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from common import aws
from common.errors import Unavailable
from common.responses import Listing, Packed
from site_configs import listings, table
from site_configs.copies import Copies
from tests.simulation.dynamodb import Client, Key, Model, client_error

CONFIGS, QUEUES = "configs", "queues"
State = dict[str, int]


class Crash(BaseException):
    """Ends a process between two steps."""


@dataclass(frozen=True)
class Operation:
    """What a process does: "put", "delete" or "list"; `site` and `value` are those of a change."""

    kind: str
    site: str = ""
    value: int = 0


@dataclass(frozen=True)
class Turn:
    """Which process does the next `steps`, and what happens at the last: "", "crash", or "lost" (answer)."""

    process: int
    steps: int
    fate: str = ""


class Process(threading.Thread):
    """A process with copies of its own. It waits for its turn before and after each request."""

    def __init__(self, world: "World", operations: list[Operation]) -> None:
        super().__init__(daemon=True)
        self.world, self.operations = world, operations
        self.copies = Copies("all-configs.1")
        self.fate = ""
        self.go, self.back = threading.Semaphore(0), threading.Semaphore(0)
        self.is_over = False

    def run(self) -> None:
        try:
            self.step()
            for operation in self.operations:
                self.world.run(operation)
        except Crash:
            pass
        finally:
            self.is_over = True
            self.back.release()

    def step(self) -> None:
        """Let others run, until this process has its turn again."""
        self.back.release()
        self.go.acquire()
        if self.fate == "crash":
            raise Crash

    def request(self, send: Callable[[], Any]) -> Any:
        """Send a request in a turn, and get its answer in another."""
        answer = send()
        self.world.note()
        is_lost = self.fate == "lost"
        self.step()
        if is_lost:
            raise client_error("request", "InternalServerError", "The answer is lost.")
        return answer


@dataclass
class World:
    """The backends, and the states that the table of configs had, in order."""

    lag: int
    states: list[State] = field(default_factory=lambda: [{}])
    wrong: list[str] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.model = Model({CONFIGS: Key("site", ""), QUEUES: Key("pk", "sk")})
        self.model.lag = self.lag

    def client(self, service: str, **_more: Any) -> Any:
        return Client(self._dynamodb if service == "dynamodb" else self._s3)

    def note(self) -> None:
        """Note the state of the table, if it has changed."""
        state = {
            site: int(self.model.rows(CONFIGS, site)[0]["configuration"]["M"]["value"]["N"])
            for site in self.model.partitions(CONFIGS)
            if self.model.rows(CONFIGS, site)
        }
        if state != self.states[-1]:
            self.states.append(state)

    def run(self, operation: Operation) -> None:
        """Run an operation. A list must be a state that the table had meanwhile."""
        began = len(self.states) - 1
        try:
            if operation.kind == "put":
                table.write(operation.site, {"value": operation.value})
            elif operation.kind == "delete":
                table.delete(operation.site)
            else:
                self._judge(_listed(), self.states[began:])
        except Unavailable:
            # Its caller gets a 503, and knows nothing.
            pass

    def play(self, programs: list[list[Operation]], turns: list[Turn]) -> None:
        """Run the processes, first as `turns` say and then one after the other; then list once more."""
        processes = [Process(self, program) for program in programs]
        for process in processes:
            process.start()
            process.back.acquire()
        for turn in [*turns, *(Turn(number, 500) for number in range(len(processes)))]:
            self._take(processes[turn.process % len(processes)], turn)
        assert all(process.is_over for process in processes)
        if len(programs) > 1:
            self.play([[Operation("list")]], [])

    @staticmethod
    def _take(process: Process, turn: Turn) -> None:
        for left in reversed(range(turn.steps)):
            if process.is_over:
                return
            process.fate = "" if left else turn.fate
            process.go.release()
            process.back.acquire()

    def _judge(self, found: State, allowed: list[State]) -> None:
        if found not in allowed:
            self.wrong.append(f"{found} was listed while the table had {allowed}")

    def _dynamodb(self, operation: str, arguments: Any) -> Any:
        return _process().request(lambda: {"ResponseMetadata": {}, **self.model.answer(operation, arguments)})

    def _s3(self, operation: str, arguments: Any) -> Any:
        return _process().request(lambda: getattr(self, f"_{operation}")(arguments["Key"], arguments))

    def _get_object(self, key: str, _arguments: Any) -> Any:
        if key not in self.objects:
            raise client_error("GetObject", "NoSuchKey", "no such key")
        return {"Body": io.BytesIO(self.objects[key])}

    def _put_object(self, key: str, arguments: Any) -> Any:
        self.objects[key] = arguments["Body"]
        return {}


class _CopiesOfTheProcess:
    def __getattr__(self, name: str) -> Any:
        return getattr(_process().copies, name)


def _process() -> Process:
    process = threading.current_thread()
    assert isinstance(process, Process)
    return process


def _listed() -> State:
    answer: Listing | Packed = listings.all_configs("", accepts_gzip=True)
    return {site: config["value"] for site, config in json.loads(answer.text()).items()}


def installed(patch: pytest.MonkeyPatch) -> Callable[[int], World]:
    """Return a function that makes a world and lets the code use the tables and bucket of that world."""
    patch.setenv("CONFIG_TABLE_NAME", CONFIGS)
    patch.setenv("PIPE_QUEUE_TABLE_NAME", QUEUES)
    patch.setenv("S3_BUCKET_NAME", "bucket")
    patch.setattr(listings, "_copies", _CopiesOfTheProcess())
    patch.setattr("site_configs.table.time.sleep", lambda _s: None)

    def made(lag: int) -> World:
        world = World(lag)
        patch.setattr(aws, "client", world.client)
        return world

    return made


def patched() -> Iterator[Callable[[int], World]]:
    """Install for a test."""
    with pytest.MonkeyPatch.context() as patch:
        yield installed(patch)
