"""Requests that are repeated while the table is busy, and what that means for those that ask."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from common import aws, request_context
from common.dynamodb import ConditionFailed, Table
from common.endpoints import Handler
from common.errors import Unavailable
from pipe_queue import handlers, leases, retries
from pipe_queue.retries import RetryingTable, with_retries
from pipe_queue.store import leases as store
from tests.events import call

QUEUE = {"queue_name": "stacks"}


class Engine:
    """Stands in for the sending of a request: fails as told, then answers."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.calls = 0

    def __call__(self, _table: Table, _operation: str, **_arguments: Any) -> dict[str, Any]:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return {"Item": {}}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Engine]:
    def made(*failures: Exception) -> Engine:
        engine = Engine(*failures)

        def request(table: Table, operation: str, **arguments: Any) -> dict[str, Any]:
            return engine(table, operation, **arguments)

        monkeypatch.setattr(Table, "_request", request)
        return engine

    return made


def read() -> object:
    return RetryingTable("X").get({"pk": "a"})


def test_a_busy_table_is_asked_again(engine: Callable[..., Engine]) -> None:
    busy = engine(Unavailable("busy"), Unavailable("busy"))
    assert with_retries(read)() == {}
    assert busy.calls == 3


def test_without_a_retry_budget_a_request_is_sent_once(engine: Callable[..., Engine]) -> None:
    busy = engine(Unavailable("busy"))
    with pytest.raises(Unavailable):
        read()
    with_retries(lambda: None)()
    busy.failures = [Unavailable("busy")]
    with pytest.raises(Unavailable):
        read()
    assert busy.calls == 2


def test_the_retry_budget_ends(engine: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "RETRY_FOR_S", 0.3)
    engine(*[Unavailable("busy")] * 1000)
    started = time.monotonic()
    with pytest.raises(Unavailable):
        with_retries(read)()
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("operation", "handler", "answer"),
    [
        ("query", handlers.list_queues, {"stacks": 1}),
        ("batch_write_item", handlers.delete_queue, {"message": "Queue deleted: stacks"}),
    ],
)
def test_a_busy_table_is_asked_again_by_other_threads_too(
    one_item: None, monkeypatch: pytest.MonkeyPatch, operation: str, handler: Handler, answer: Any
) -> None:
    busy = Counter[str]()
    request = Table._request

    def busy_once(table: Table, asked: str, **arguments: Any) -> dict[str, Any]:
        if asked == operation and threading.current_thread() is not threading.main_thread():
            busy[asked] += 1
            if busy[asked] == 1:
                raise Unavailable("busy")
        return request(table, asked, **arguments)

    monkeypatch.setattr(Table, "_request", busy_once)
    asked = call(handler, path=QUEUE)
    assert (asked.status, asked.body) == (200, answer)
    assert busy[operation] == 2


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_a_failed_condition_says_whether_the_request_was_repeated(
    engine: Callable[..., Engine], failures: int
) -> None:
    engine(*[Unavailable("busy")] * failures, ConditionFailed())
    with pytest.raises(ConditionFailed) as refused:
        with_retries(read)()
    assert refused.value.retried == bool(failures)


@pytest.fixture
def one_item(aws: str) -> None:
    call(handlers.create_queue, body=QUEUE)
    call(handlers.enqueue, body=QUEUE)


class SlowTable:
    """A table where every request takes some time and the answers to the first removals are lost."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float, lost: int = 0) -> None:
        self.now, self.seconds, self.lost = 1000.0, seconds, lost
        self._request = Table._request
        clock = SimpleNamespace(monotonic=lambda: self.now, sleep=self._pass)
        monkeypatch.setattr(retries, "time", clock)
        ask = self._ask

        def request(table: Table, operation: str, **arguments: Any) -> dict[str, Any]:
            return ask(table, operation, **arguments)

        monkeypatch.setattr(Table, "_request", request)

    def _pass(self, seconds: float) -> None:
        self.now += seconds

    def _ask(self, table: Table, operation: str, **arguments: Any) -> dict[str, Any]:
        self._pass(self.seconds)
        answer = self._request(table, operation, **arguments)
        if operation == "delete_item" and self.lost:
            self.lost -= 1
            raise Unavailable("the answer is lost")
        return answer


def test_a_removal_that_began_late_is_completed(one_item: None, monkeypatch: pytest.MonkeyPatch) -> None:
    # three requests come before it, so most of the time is over when it begins
    table = SlowTable(monkeypatch, seconds=1.9, lost=1)
    assert call(handlers.dequeue, path=QUEUE).status == 200
    assert table.lost == 0


def test_no_removal_begins_when_there_is_no_time_to_complete_it(
    one_item: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    SlowTable(monkeypatch, seconds=2.1)
    answer = call(handlers.dequeue, path=QUEUE)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    # the item is there still, on a lease that will run out
    assert call(handlers.list_queues).body == {"stacks": 1}


def test_the_budget_is_restarted_only_while_api_gateway_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    table = SlowTable(monkeypatch, seconds=0)
    ends: list[float] = []

    def poll() -> None:
        for _ in range(10):
            retries.restart_budget()
            ends.append(request_context.current().retry_until - 1000)
            table.now += 2

    with_retries(poll)()
    slowest_request_s = aws.ATTEMPTS * (aws.CONNECT_TIMEOUT_S + retries.READ_TIMEOUT_S)
    assert ends[0] == retries.RETRY_FOR_S
    assert max(ends) + slowest_request_s <= 29


def remove_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Execute a delete and lose its response, so that the retry finds no item."""
    remove = store.remove_leased

    def removed_before(queue: str, item_id: str, lease_id: str) -> None:
        remove(queue, item_id, lease_id)
        raise ConditionFailed(retried=True)

    monkeypatch.setattr(store, "remove_leased", removed_before)


def test_an_item_whose_removal_was_answered_too_late_is_handed_out(
    one_item: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove_twice(monkeypatch)
    assert call(handlers.dequeue, path=QUEUE).status == 200
    assert call(handlers.dequeue, path=QUEUE).status == 404


def test_nothing_is_handed_out_when_another_may_hold_the_lease(
    one_item: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove_twice(monkeypatch)
    monkeypatch.setattr(leases, "SURE_FOR_S", 0.0)
    answer = call(handlers.dequeue, path=QUEUE)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")


def test_the_lease_of_a_plain_dequeue_lasts_longer_than_api_gateway_waits() -> None:
    api_gateway_waits_s, clocks_differ_s = 29, 10
    lease_s = leases.PLAIN_LEASE_MS / 1000
    assert lease_s >= leases.SURE_FOR_S + clocks_differ_s
    assert lease_s >= api_gateway_waits_s + clocks_differ_s
