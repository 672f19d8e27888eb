"""Requests that are repeated while the table is busy, and what that means for those that ask."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from common.dynamodb import ConditionFailed, Table
from common.errors import Unavailable
from pipe_queue import handlers, leases, patience
from pipe_queue.patience import PatientTable, patient
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
    return PatientTable("X").get({"pk": "a"})


def test_a_busy_table_is_asked_again(engine: Callable[..., Engine]) -> None:
    busy = engine(Unavailable("busy"), Unavailable("busy"))
    assert patient(read)() == {}
    assert busy.calls == 3


def test_without_patience_it_is_asked_once(engine: Callable[..., Engine]) -> None:
    busy = engine(Unavailable("busy"))
    with pytest.raises(Unavailable):
        read()
    patient(lambda: None)()
    busy.failures = [Unavailable("busy")]
    with pytest.raises(Unavailable):
        read()
    assert busy.calls == 2


def test_patience_ends(engine: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE_S", 0.3)
    engine(*[Unavailable("busy")] * 1000)
    started = time.monotonic()
    with pytest.raises(Unavailable):
        patient(read)()
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_a_refusal_tells_whether_the_request_was_repeated(
    engine: Callable[..., Engine], failures: int
) -> None:
    engine(*[Unavailable("busy")] * failures, ConditionFailed())
    with pytest.raises(ConditionFailed) as refused:
        patient(read)()
    assert refused.value.retried == bool(failures)


@pytest.fixture
def one_item(aws: str) -> None:
    call(handlers.create_queue, body=QUEUE)
    call(handlers.enqueue, body=QUEUE)


def remove_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a delete executed and its answer lost, so that its repetition finds the item gone."""
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


def test_nothing_is_handed_out_once_a_lease_may_be_anothers(
    one_item: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove_twice(monkeypatch)
    monkeypatch.setattr(leases, "SURE_FOR_S", 0.0)
    answer = call(handlers.dequeue, path=QUEUE)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")


def test_a_plain_dequeue_is_sure_of_its_lease_for_as_long_as_anyone_listens() -> None:
    api_gateway_waits_s, clocks_differ_s = 29, 10
    lease_s = leases.PLAIN_LEASE_MS / 1000
    assert lease_s >= leases.SURE_FOR_S + clocks_differ_s
    assert lease_s >= api_gateway_waits_s + clocks_differ_s
