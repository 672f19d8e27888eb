"""What each route costs: its requests to DynamoDB, counted, at whatever depth of the queue."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from common import aws
from pipe_queue import handlers
from pipe_queue.patience import READ_TIMEOUT_S
from tests.events import Answer, call
from tests.pipe_queue.callers import write_legacy_items

QUEUE = {"queue_name": "stacks"}
LEASE = {"lease_seconds": "60"}
DEEP = 200


@pytest.fixture
def requests_made(aws: str) -> Iterator[Counter[str]]:
    """Counts the process's requests to DynamoDB, by operation."""
    counter: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        counter[model.name] += 1

    events = _client().meta.events
    events.register("before-call.dynamodb", count)
    yield counter
    events.unregister("before-call.dynamodb", count)


def _client() -> Any:
    return aws.client("dynamodb", read_timeout_s=READ_TIMEOUT_S)


@pytest.fixture
def cost(requests_made: Counter[str]) -> Callable[..., tuple[dict[str, int], Answer]]:
    """Calls a handler; answers its requests and its answer."""

    def measured(handler: Any, **event: Any) -> tuple[dict[str, int], Answer]:
        requests_made.clear()
        answer = call(handler, **event)
        assert answer.status == 200, answer.body
        return dict(requests_made), answer

    return measured


Cost = Callable[..., tuple[dict[str, int], Answer]]


@pytest.fixture(params=[0, DEEP])
def queue(request: pytest.FixtureRequest, cost: Cost) -> None:
    """A queue with one item, or with many behind it, whose list is complete."""
    cost(handlers.create_queue, body=QUEUE)
    cost(handlers.list_queues)
    write_legacy_items("stacks", 1 + int(request.param))


def test_enqueue(queue: None, cost: Cost) -> None:
    assert cost(handlers.enqueue, body=QUEUE)[0] == {"UpdateItem": 1, "TransactWriteItems": 1}
    with_dedup = {**QUEUE, "dedup_id": "d1"}
    assert cost(handlers.enqueue, body=with_dedup)[0] == {"UpdateItem": 1, "TransactWriteItems": 1}
    again = {"UpdateItem": 1, "TransactWriteItems": 1, "GetItem": 1}
    assert cost(handlers.enqueue, body=with_dedup)[0] == again


def test_plain_dequeue(queue: None, cost: Cost) -> None:
    requests = {"GetItem": 1, "Query": 1, "UpdateItem": 1, "DeleteItem": 1}
    assert cost(handlers.dequeue, path=QUEUE)[0] == requests


def test_plain_dequeue_with_an_attempt_id(queue: None, cost: Cost) -> None:
    attempt = {"attempt_id": "a1"}
    requests = {"GetItem": 3, "Query": 1, "TransactWriteItems": 1}
    assert cost(handlers.dequeue, path=QUEUE, query=attempt)[0] == requests
    assert cost(handlers.dequeue, path=QUEUE, query=attempt)[0] == {"GetItem": 2}


def test_dequeue_on_a_lease_and_what_ends_it(queue: None, cost: Cost) -> None:
    requests, answer = cost(handlers.dequeue, path=QUEUE, query=LEASE)
    assert requests == {"GetItem": 1, "Query": 1, "UpdateItem": 1}
    held = {"id": answer.body["id"], "lease_id": answer.body["lease_id"]}
    assert cost(handlers.extend, path=QUEUE, body={**held, "lease_seconds": 9})[0] == {"UpdateItem": 1}
    assert cost(handlers.acknowledge, path=QUEUE, body=held)[0] == {"TransactWriteItems": 1}
    assert cost(handlers.acknowledge, path=QUEUE, body=held)[0] == {"TransactWriteItems": 1, "GetItem": 1}


def test_dequeue_on_a_lease_with_an_attempt_id(queue: None, cost: Cost) -> None:
    attempt = {**LEASE, "attempt_id": "a1"}
    requests = {"GetItem": 3, "Query": 1, "TransactWriteItems": 1}
    assert cost(handlers.dequeue, path=QUEUE, query=attempt)[0] == requests
    assert cost(handlers.dequeue, path=QUEUE, query=attempt)[0] == {"GetItem": 3}


def test_giving_back(queue: None, cost: Cost) -> None:
    held = cost(handlers.dequeue, path=QUEUE, query=LEASE)[1].body
    body = {"id": held["id"], "lease_id": held["lease_id"]}
    assert cost(handlers.give_back, path=QUEUE, body=body)[0] == {"GetItem": 1, "TransactWriteItems": 1}


def test_a_dequeue_behind_many_leases_reads_a_page_of_eight_at_a_time(cost: Cost) -> None:
    cost(handlers.create_queue, body=QUEUE)
    write_legacy_items("stacks", 20)
    pages = [cost(handlers.dequeue, path=QUEUE, query=LEASE)[0]["Query"] for _ in range(20)]
    assert pages == [1] * 8 + [2] * 8 + [3] * 4


def test_looking_at_a_queue(queue: None, cost: Cost) -> None:
    assert cost(handlers.peek, path=QUEUE)[0] == {"GetItem": 1, "Query": 1}
    assert cost(handlers.get_stats, path=QUEUE)[0] == {"GetItem": 1, "Query": 2}
    assert cost(handlers.list_dead_letters, path=QUEUE)[0] == {"GetItem": 1, "Query": 1}
    assert cost(handlers.redrive, path=QUEUE)[0] == {"GetItem": 1, "Query": 1}


def test_listing_queues_counts_each_and_reads_no_item(cost: Cost) -> None:
    for name in ("a", "b", "c"):
        cost(handlers.create_queue, body={"queue_name": name})
        write_legacy_items(name, 50)
    first = {"GetItem": 1, "Scan": 1, "PutItem": 1, "Query": 4}
    assert cost(handlers.list_queues)[0] == first
    assert cost(handlers.list_queues)[0] == {"GetItem": 1, "Query": 4}


def test_making_and_deleting_a_queue(cost: Cost) -> None:
    assert cost(handlers.create_queue, body=QUEUE)[0] == {"GetItem": 1, "TransactWriteItems": 1}
    write_legacy_items("stacks", 60)
    requests = {"GetItem": 1, "TransactWriteItems": 1, "Query": 1, "BatchWriteItem": 3, "UpdateItem": 1}
    assert cost(handlers.delete_queue, path=QUEUE)[0] == requests


def test_statuses(cost: Cost) -> None:
    machine = {"pipe_id": "pipe1"}
    assert cost(handlers.set_status, body={**machine, "status": "idle"})[0] == {"TransactWriteItems": 1}
    assert cost(handlers.get_status, path=machine)[0] == {"GetItem": 1}
    cost(handlers.list_statuses)
    assert cost(handlers.list_statuses)[0] == {"GetItem": 1, "Query": 1}
    assert cost(handlers.delete_status, path=machine)[0] == {"TransactWriteItems": 1}
