"""What the scheduled function tells CloudWatch of the queues, by its log lines."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from local.deployment import Deployment
from local.invocation import Invoker, LambdaContext
from pipe_queue import handlers
from support.client import ApiClient
from support.legacy_queue import TABLE, write_legacy_item, write_legacy_queue
from support.network import SERVICE
from tests.pipe_queue.callers import create, dequeue, enqueue

MS = 1_700_000_000_000
Report = Callable[[], dict[str, Any]]


@pytest.fixture
def report(capfd: pytest.CaptureFixture[str]) -> Report:
    """The metrics of a run by the value of their dimension; "" for those without."""

    def run() -> dict[str, Any]:
        capfd.readouterr()
        handlers.report_queues({}, LambdaContext("reportQueues"))
        lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
        return dict(measured(line) for line in lines)

    return run


def measured(line: dict[str, Any]) -> tuple[str, dict[str, float]]:
    """Dimension and values of a line, by the rules of the Embedded Metric Format."""
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == f"{SERVICE}-prod"
    assert line["_aws"]["Timestamp"] > MS
    (dimensions,) = directive["Dimensions"]
    assert dimensions in ([], ["Queue"])
    units = {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]}
    assert units == {"OldestItemAge": "Seconds", "DeadLetters": "Count"}
    return "".join(line[name] for name in dimensions), {name: line[name] for name in units}


def test_without_queues_the_alarms_still_hear_that_nothing_waits(api: ApiClient, report: Report) -> None:
    assert report() == {"": {"OldestItemAge": 0, "DeadLetters": 0}}


def test_each_queue_is_measured_and_the_worst_of_all(api: ApiClient, report: Report) -> None:
    for name in ("empty", "young", "old"):
        create(api, name, max_receives=1)
    enqueue(api, "young")
    enqueue(api, "old")
    write_legacy_item("old", MS, 1)
    for _ in range(2):
        enqueue(api, "empty")
        item = dequeue(api, "empty", lease_seconds=60)
        api.post("/pipe/queue/empty/nack", json={name: item[name] for name in ("id", "lease_id")})
    found = report()
    assert set(found) == {"empty", "young", "old", ""}
    assert found["empty"] == {"OldestItemAge": 0, "DeadLetters": 2}
    assert 0 <= found["young"]["OldestItemAge"] < 60
    assert found["old"]["OldestItemAge"] == pytest.approx(time.time() - MS / 1000, abs=60)
    assert found[""] == {"OldestItemAge": found["old"]["OldestItemAge"], "DeadLetters": 2}


def test_an_item_on_a_lease_still_grows_older(api: ApiClient, report: Report) -> None:
    write_legacy_queue("old")
    write_legacy_item("old", MS, 1)
    dequeue(api, "old", lease_seconds=600)
    assert report()["old"]["OldestItemAge"] > 86400


def test_deleted_queues_are_not_measured(api: ApiClient, report: Report) -> None:
    create(api, "gone")
    api.delete("/pipe/queue/gone")
    assert set(report()) == {""}


def test_it_runs_as_it_is_deployed(api: ApiClient, deployment: Deployment) -> None:
    assert Invoker()(deployment.functions["reportQueues"], {}) is None


def test_an_exhausted_item_that_was_not_moved_yet_counts_as_dead(api: ApiClient, report: Report) -> None:
    create(api, "stacks", max_receives=1)
    enqueue(api, "stacks")
    dequeue(api, "stacks", lease_seconds=0.05)
    time.sleep(0.1)
    assert report()["stacks"] == {"OldestItemAge": 0, "DeadLetters": 1}


@pytest.mark.parametrize("said", [{}, {"created_at": None}, {"created_at": "2024-01-01T00:00:00Z"}])
def test_an_item_that_does_not_say_when_it_was_enqueued_stops_no_report(
    api: ApiClient, report: Report, said: dict[str, Any]
) -> None:
    write_legacy_queue("odd")
    TABLE.put({"pk": "QUEUE#odd", "sk": f"ITEM#{MS - 1}_00000001", "id": f"{MS - 1}_00000001", **said})
    assert report()["odd"]["OldestItemAge"] == 0
    write_legacy_item("odd", MS, 2)
    assert report()["odd"]["OldestItemAge"] == pytest.approx(time.time() - MS / 1000, abs=60)
