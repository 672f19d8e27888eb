"""The fault suite: what goes wrong in each scenario, and how it is played."""

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from support import queue_history as history
from tests.faults.engines import ActorProcess, Engine, Troupe

QUEUE = "jobs"
STEPS_OF_A_DEQUEUE = ("GetItem", "Query", "UpdateItem", "DeleteItem")
STEPS_ON_A_LEASE = ("GetItem", "Query", "UpdateItem", "TransactWriteItems")
# Short leases, so that items that the dead held come back soon.
SHORT_LEASE_MS = 2000
_DRAIN_S = 60.0
_FEWEST_ITEMS, _FEWEST_ITEMS_WITH_KILLS = 8, 50


@dataclass(frozen=True)
class Scenario:
    """What is played.

    Attributes
    ----------
    name
        In words.
    producing, consuming
        Settings that are added to the jobs of all producers, and of all consumers.
    per_consumer
        Settings that are added to the jobs of the first consumers, one dict for each.
    share
        The share of the run's items that this scenario plays. It is small for slow scenarios.
    skew_ms
        How far two clocks are apart.
    engines
        The engines on which this scenario can show a broken promise.
    """

    name: str
    producing: dict[str, Any] = field(default_factory=dict)
    consuming: dict[str, Any] = field(default_factory=dict)
    per_consumer: tuple[dict[str, Any], ...] = ()
    share: float = 1.0
    skew_ms: float = 0.0
    engines: tuple[str, ...] = ("moto", "ministack")

    @property
    def on_leases(self) -> bool:
        return "lease_s" in self.consuming

    @property
    def kills(self) -> int:
        return sum("kill" in job for job in self.per_consumer)


@dataclass(frozen=True)
class Size:
    """How much is played: items, producers (threads of one process), consumers (a process each)."""

    items: int
    producers: int
    consumers: int


@dataclass(frozen=True)
class Played:
    """The result of a scenario."""

    verdict: history.Verdict
    left: int
    killed: int
    seconds: float

    @property
    def is_clean(self) -> bool:
        return self.verdict.is_clean and not self.left


def _faults(kind: str, rate: float, **more: Any) -> dict[str, Any]:
    return {"faults": {"kind": kind, "rate": rate, **more}}


def _kills(steps: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
    return tuple(
        {"kill": {"operation": operation, "when": when, "nth": 2}}
        for operation in steps
        for when in ("before", "after")
    )


_SLOW_LEASES = {"lease_s": 0.6, "work_s": 0.9, "slow_share": 0.15}
_KINDS = {"lost": 0.2, "unsent": 0.2, "throttled": 0.05, "conflict": 0.2, "broken": 0.2}

SCENARIOS = (
    Scenario("no faults"),
    *(Scenario(kind, _faults(kind, rate), _faults(kind, rate)) for kind, rate in _KINDS.items()),
    Scenario(
        "answers of puts lost, consumers swift",
        _faults("lost", 0.2, delay_s=0.5),
        share=0.5,
        engines=("ministack",),
    ),
    Scenario(
        "clocks 5 s off",
        {"clocks_s": [-5.0, 0.0, 5.0]},
        per_consumer=({"clocks_s": [5.0]}, {"clocks_s": [-5.0]}),
        share=0.3,
        skew_ms=10_000,
    ),
    Scenario(
        "deletes that come late",
        consuming={"plain_lease_ms": 500, **_faults("slow", 0.1, delay_s=0.8)},
        share=0.06,
    ),
    Scenario(
        "killed at each step",
        consuming={"plain_lease_ms": SHORT_LEASE_MS},
        per_consumer=_kills(STEPS_OF_A_DEQUEUE),
        share=0.1,
    ),
    Scenario(
        "on leases, killed at each step",
        consuming={"lease_s": SHORT_LEASE_MS / 1000},
        per_consumer=_kills(STEPS_ON_A_LEASE),
        share=0.1,
    ),
    Scenario("on leases", consuming={"lease_s": 30}, share=0.1),
    Scenario("on leases, slow workers", consuming=_SLOW_LEASES, share=0.06),
    Scenario(
        "on leases, answers lost, asked again",
        {"dedup": True, **_faults("lost", 0.2)},
        {"lease_s": 30, "attempts": True, **_faults("lost", 0.2)},
        share=0.06,
    ),
    Scenario(
        "attempts, answers lost, asked again",
        {"dedup": True, **_faults("broken", 0.2)},
        {"attempts": True, **_faults("lost", 0.2)},
        share=0.06,
    ),
    # moto accepts items of at most 405,000 bytes. MiniStack has the limit of DynamoDB.
    Scenario("items of 404,000 bytes", {"size": 404_000}, share=0.01, engines=("moto",)),
    Scenario("items of 400 KB", {"size": 409_000}, share=0.02, engines=("ministack",)),
)


def play(scenario: Scenario, troupe: Troupe, size: Size, folder: Path) -> Played:
    """Play a scenario on an empty table; drain its queue and judge what happened.

    Parameters
    ----------
    folder
        An empty folder for the histories.
    """
    troupe.engine.clear()
    started = time.monotonic()
    size = _size_of(scenario, size)
    producer, *consumers = troupe.actors(size.consumers + 1)
    jobs = _Jobs(scenario, troupe.engine, folder)
    producer.do(call("create_queue", body={"queue_name": QUEUE}))
    for number, consumer in enumerate(consumers):
        consumer.begin(jobs.consuming(number))
    producer.do(jobs.producing(size))
    jobs.stop.touch()
    for consumer in consumers:
        consumer.result()
    killed = sum(consumer.was_killed for consumer in consumers)
    left = _drain(producer, jobs.draining())
    calls = history.read(sorted(folder.glob("history-*")))
    verdict = history.judge(calls, on_leases=scenario.on_leases, skew_ms=scenario.skew_ms)
    return Played(verdict, left, killed, time.monotonic() - started)


def call(handler: str, **event: Any) -> dict[str, Any]:
    """The job of calling a handler once."""
    return {"do": "call", "handler": handler, "event": event}


class _Jobs:
    """The jobs of a scenario's actors."""

    def __init__(self, scenario: Scenario, engine: Engine, folder: Path) -> None:
        self.stop = folder / "stop"
        self._scenario = scenario
        self._engine = engine
        self._folder = folder
        self._consumed = folder / "consumed"
        self._consumed.touch()

    def producing(self, size: Size) -> dict[str, Any]:
        job = {"do": "produce", "numbers": list(range(size.items)), "threads": size.producers}
        return self._job("producer", {**job, **self._scenario.producing})

    def consuming(self, number: int) -> dict[str, Any]:
        single = dict(enumerate(self._scenario.per_consumer)).get(number, {})
        job = {"do": "consume", "seed": number, **self._scenario.consuming, **single}
        return self._job(f"consumer-{number}", job)

    def draining(self) -> dict[str, Any]:
        calm = {"faults": {}, "slow_share": 0, "seed": 1000}
        return self._job("drain", {"do": "consume", **self._scenario.consuming, **calm})

    def _job(self, name: str, job: dict[str, Any]) -> dict[str, Any]:
        faults = {**job.get("faults", {}), "tokens": self._engine.honours_tokens}
        files = {"history": str(self._folder / f"history-{name}"), "consumed": str(self._consumed)}
        return {"queue": QUEUE, "stop": str(self.stop), "seed": 99, **job, **files, "faults": faults}


def _size_of(scenario: Scenario, size: Size) -> Size:
    if scenario.kills:
        # enough items that each consumer that shall be killed gets to that point
        return replace(
            size,
            items=max(_FEWEST_ITEMS_WITH_KILLS, round(size.items * scenario.share)),
            consumers=size.consumers + scenario.kills,
        )
    return replace(size, items=max(_FEWEST_ITEMS, round(size.items * scenario.share)))


def _drain(actor: ActorProcess, consuming: dict[str, Any]) -> int:
    """Consume what is left when leases have run out. Return how many items remain after `_DRAIN_S`."""
    end = time.monotonic() + _DRAIN_S
    while True:
        actor.do(consuming)
        left = int(actor.do(call("list_queues"))["body"][QUEUE])
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.2)
