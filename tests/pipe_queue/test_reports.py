"""What the scheduled function tells CloudWatch of the queues, by its log lines."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from common.dynamodb import Item, Table
from local.deployment import Deployment
from local.invocation import Invoker, LambdaContext
from pipe_queue import handlers, legacy_import, reports
from support.client import ApiClient
from support.legacy_queue import TABLE, write_legacy_item, write_legacy_queue, write_legacy_status
from support.network import SERVICE
from tests.pipe_queue.callers import create, dequeue, enqueue

MS = 1_700_000_000_000
Report = Callable[[], dict[str, Any]]


@pytest.fixture
def report(capfd: pytest.CaptureFixture[str]) -> Report:
    """The line of a run."""

    def run() -> dict[str, Any]:
        capfd.readouterr()
        handlers.report_queues({}, LambdaContext("reportQueues"))
        (line,) = map(json.loads, capfd.readouterr().err.splitlines())
        return dict(line)

    return run


def of_each() -> dict[str, tuple[float, int]]:
    """Return the age of the oldest item and the number of dead letters of each queue."""
    return {each.queue_name: (each.oldest_age_s, each.dead) for each in reports.of_every_queue()}


def give_back(api: ApiClient, queue: str) -> None:
    """Enqueue an item, and give it back from its lease."""
    enqueue(api, queue)
    item = dequeue(api, queue, lease_seconds=60)
    api.post(f"/pipe/queue/{queue}/nack", json={name: item[name] for name in ("id", "lease_id")})


def test_without_queues_the_alarms_still_hear_that_nothing_waits(api: ApiClient, report: Report) -> None:
    line = report()
    assert (line["OldestItemAge"], line["DeadLetters"]) == (0, 0)


def test_the_stage_has_two_metrics_in_the_embedded_metric_format(api: ApiClient, report: Report) -> None:
    for number in range(3):
        create(api, f"queue{number}")
    line = report()
    assert line["_aws"]["Timestamp"] > MS
    assert line["_aws"]["CloudWatchMetrics"] == [
        {
            "Namespace": f"{SERVICE}-prod",
            "Dimensions": [[]],
            "Metrics": [
                {"Name": "OldestItemAge", "Unit": "Seconds"},
                {"Name": "DeadLetters", "Unit": "Count"},
            ],
        }
    ]


def test_each_queue_is_measured_and_the_worst_are_named(api: ApiClient, report: Report) -> None:
    for name in ("empty", "young", "old"):
        create(api, name, max_receives=1)
    enqueue(api, "young")
    enqueue(api, "old")
    write_legacy_item("old", MS, 1)
    for _ in range(2):
        give_back(api, "empty")
    found = of_each()
    assert set(found) == {"empty", "young", "old"}
    assert found["empty"] == (0, 2)
    assert 0 <= found["young"][0] < 60
    assert found["old"][0] == pytest.approx(time.time() - MS / 1000, abs=60)
    line = report()
    assert line["OldestItemAge"] == pytest.approx(found["old"][0], abs=60)
    assert line["DeadLetters"] == 2
    assert list(line["oldest"]) == ["old", "young"]
    assert line["dead"] == {"empty": 2}


def test_only_the_five_worst_are_named(api: ApiClient, report: Report) -> None:
    for number in range(7):
        write_legacy_queue(f"queue{number}")
        write_legacy_item(f"queue{number}", MS + number * 1000, 1)
    assert list(report()["oldest"]) == ["queue0", "queue1", "queue2", "queue3", "queue4"]


def test_it_scans_the_table_whatever_the_number_of_queues(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    request = Table._request

    def counted(self: Table, operation: str, **arguments: Any) -> Any:
        sent.append(operation)
        return request(self, operation, **arguments)

    for number in range(9):
        create(api, f"queue{number}", max_receives=1)
        give_back(api, f"queue{number}")
    monkeypatch.setattr(Table, "_request", counted)
    assert of_each() == {f"queue{number}": (0, 1) for number in range(9)}
    assert sorted(sent) == ["batch_get_item"] * 2 + ["put_item"] + ["query"] * 3 + ["scan"]


def test_a_queue_that_is_made_again_has_no_items_of_before(api: ApiClient) -> None:
    create(api, "again", max_receives=1)
    enqueue(api, "again")
    give_back(api, "again")
    rows = list(TABLE.scan())
    api.delete("/pipe/queue/again")
    create(api, "again", max_receives=1)
    for row in rows:
        if row["sk"].startswith(("ITEM#", "DEAD#")):
            TABLE.put(row)
    assert of_each() == {"again": (0, 0)}


def test_a_queue_that_comes_during_the_scan_is_measured(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = legacy_import.scanned

    def later() -> Iterator[Item]:
        yield from scan()
        create(api, "new", max_receives=1)
        give_back(api, "new")
        write_legacy_item("new", MS, 1)

    monkeypatch.setattr(legacy_import, "scanned", later)
    (age_s, dead) = of_each()["new"]
    assert age_s == pytest.approx(time.time() - MS / 1000, abs=60)
    assert dead == 1


def test_a_queue_of_the_earlier_service_is_imported(api: ApiClient) -> None:
    write_legacy_queue("old")
    write_legacy_item("old", MS, 1)
    write_legacy_status("pipe1")
    for _ in range(2):
        assert of_each()["old"][0] > 86400
    assert [status["pipe_id"] for status in api.get("/pipe/statuses").json()] == ["pipe1"]


def test_an_item_on_a_lease_still_grows_older(api: ApiClient, report: Report) -> None:
    write_legacy_queue("old")
    write_legacy_item("old", MS, 1)
    dequeue(api, "old", lease_seconds=600)
    assert report()["OldestItemAge"] > 86400


def test_deleted_queues_are_not_measured(api: ApiClient) -> None:
    create(api, "gone")
    api.delete("/pipe/queue/gone")
    assert of_each() == {}


def test_it_runs_as_it_is_deployed(api: ApiClient, deployment: Deployment) -> None:
    assert Invoker()(deployment.functions["reportQueues"], {}) is None


def test_an_exhausted_item_that_was_not_moved_yet_counts_as_dead(api: ApiClient) -> None:
    create(api, "stacks", max_receives=1)
    enqueue(api, "stacks")
    dequeue(api, "stacks", lease_seconds=0.05)
    time.sleep(0.1)
    assert of_each() == {"stacks": (0, 1)}


@pytest.mark.parametrize("said", [{}, {"created_at": None}, {"created_at": "2024-01-01T00:00:00Z"}])
def test_an_item_that_does_not_say_when_it_was_enqueued_stops_no_report(
    api: ApiClient, said: dict[str, Any]
) -> None:
    write_legacy_queue("odd")
    TABLE.put({"pk": "QUEUE#odd", "sk": f"ITEM#{MS - 1}_00000001", "id": f"{MS - 1}_00000001", **said})
    assert of_each()["odd"][0] == 0
    write_legacy_item("odd", MS, 2)
    assert of_each()["odd"][0] == pytest.approx(time.time() - MS / 1000, abs=60)
