"""The fault suite with few items; `make faults` plays it in full."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.engines import MODULES, ActorProcess, Troupe, running
from tests.faults.scenarios import SCENARIOS, Scenario, Size, call, play

FEW = Size(items=24, producers=3, consumers=2)
# MiniStack honours tokens but is slow: it plays the scenarios that find most in a short time. moto plays all
# except the slowest.
ON_MINISTACK = ("lost", "answers of puts lost, consumers swift", "items of 400 KB")
TOO_SLOW = ("throttled",)


def played(engine: str) -> list[Scenario]:
    return [
        scenario
        for scenario in SCENARIOS
        if engine in scenario.engines
        and (scenario.name in ON_MINISTACK if engine == "ministack" else scenario.name not in TOO_SLOW)
    ]


@pytest.fixture(scope="module", params=MODULES)
def troupe(request: pytest.FixtureRequest) -> Iterator[Troupe]:
    with running(request.param) as troupe:
        yield troupe


QUEUE = {"queue_name": "stacks"}
ATTEMPT = {"lease_seconds": "60", "attempt_id": "a" * 128}


def ask(actor: ActorProcess, handler: str, **event: Any) -> Any:
    return actor.do(call(handler, **event))


@pytest.mark.parametrize("troupe", ["ministack"], indirect=True)
def test_the_largest_item_to_the_byte(troupe: Troupe) -> None:
    troupe.engine.clear()
    (actor,) = troupe.actors(1)
    ask(actor, "create_queue", body={**QUEUE, "max_receives": 1})
    refused = ask(actor, "enqueue", body={**QUEUE, "payload": "x" * 409_400})
    size, most = (int(word) for word in refused["body"].split() if word.isdecimal())
    largest = "x" * (409_400 - (size - most))
    over = ask(actor, "enqueue", body={**QUEUE, "payload": largest + "x"})
    assert (over["status"], over["body"]) == (
        413,
        f"Too large to store: {most + 1} bytes; at most {most} are allowed.",
    )
    assert ask(actor, "enqueue", body={**QUEUE, "payload": largest})["status"] == 200
    # all that may be added to its row fits: a lease, an attempt, a dead letter's data, an attempt's copy
    leased = ask(actor, "dequeue", path=QUEUE, query=ATTEMPT)["body"]
    held = {"id": leased["id"], "lease_id": leased["lease_id"]}
    assert ask(actor, "give_back", path=QUEUE, body=held)["status"] == 200
    assert ask(actor, "redrive", path=QUEUE)["body"] == {"redriven": 1}
    taken = ask(actor, "dequeue", path=QUEUE, query={"attempt_id": ATTEMPT["attempt_id"]})
    assert taken["status"] == 200
    assert taken["body"]["payload"] == largest


@pytest.mark.parametrize(
    ("troupe", "scenario"),
    [
        pytest.param(name, scenario, id=f"{name}-{scenario.name}")
        for name in MODULES
        for scenario in played(name)
    ],
    indirect=["troupe"],
)
def test_no_promise_is_broken(troupe: Troupe, scenario: Scenario, tmp_path: Path) -> None:
    result = play(scenario, troupe, FEW, tmp_path)
    assert result.is_clean, result
    assert result.killed == scenario.kills
    assert len(result.verdict.handed_to_the_dead) <= min(1, scenario.kills)
    # Under these faults nearly everything is accepted. If nothing were accepted, the test
    # would prove nothing.
    assert result.verdict.accepted > FEW.items * scenario.share / 2
