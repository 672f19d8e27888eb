"""The settings of a queue that is in use: `PUT /pipe/queue/{queue_name}`."""

import threading
import time
from typing import Any

import pytest

from support.client import ApiClient
from support.legacy_queue import write_legacy_queue
from tests.pipe_queue.callers import create, dequeue, end, enqueue, stats


def change(api: ApiClient, name: str = "stacks", **settings: Any) -> Any:
    answer = api.put(f"/pipe/queue/{name}", json=settings)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_change_answers_the_new_settings(api: ApiClient) -> None:
    create(api, max_receives=2)
    assert change(api) == {"queue_name": "stacks", "max_receives": 2, "paused": False}
    assert change(api, paused=True) == {"queue_name": "stacks", "max_receives": 2, "paused": True}
    assert change(api, max_receives=5, paused=False) == {
        "queue_name": "stacks",
        "max_receives": 5,
        "paused": False,
    }
    assert change(api, max_receives=None)["max_receives"] is None


def test_a_queue_of_the_earlier_service_has_settings(api: ApiClient) -> None:
    write_legacy_queue("old#1")
    assert change(api, "old%231", max_receives=3)["max_receives"] == 3


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"max_receives": 0}, "max_receives must be a whole number from 1 to 1000."),
        ({"max_receives": "3"}, "max_receives must be a whole number from 1 to 1000."),
        ({"paused": 1}, "paused must be true or false."),
        ({"paused": None}, "paused must be true or false."),
    ],
)
def test_an_invalid_setting_is_refused(api: ApiClient, settings: dict[str, Any], sentence: str) -> None:
    create(api)
    answer = api.put("/pipe/queue/stacks", json=settings)
    assert (answer.status_code, answer.text) == (400, sentence)


def test_settings_of_a_queue_that_is_not_there(api: ApiClient) -> None:
    answer = api.put("/pipe/queue/nowhere", json={"paused": True})
    assert (answer.status_code, answer.text) == (404, "Queue does not exist: nowhere")


def test_items_that_came_back_too_often_are_dead_once_the_queue_has_a_limit(api: ApiClient) -> None:
    create(api)
    enqueue(api)
    for _ in range(2):
        end(api, "nack", dequeue(api, lease_seconds=60))
    assert stats(api) == (1, 0, 0)
    change(api, max_receives=2)
    assert stats(api) == (0, 0, 1)
    assert dequeue(api) is None
    assert len(api.get("/pipe/queue/stacks/dead_letters").json()) == 1


def test_a_paused_queue_takes_and_hands_out_nothing(api: ApiClient) -> None:
    create(api)
    item = enqueue(api)
    change(api, paused=True)
    refusals = [
        api.post("/pipe/enqueue", json={"queue_name": "stacks"}),
        api.post("/pipe/queue/stacks/dequeue"),
        api.post("/pipe/queue/stacks/dequeue?lease_seconds=60&attempt_id=a"),
    ]
    assert {(answer.status_code, answer.text) for answer in refusals} == {(409, "Queue is paused: stacks")}
    assert api.get("/pipe/queue/stacks").json() == [item]
    change(api, paused=False)
    assert dequeue(api) == item


def test_leases_go_on_while_a_queue_is_paused(api: ApiClient) -> None:
    create(api)
    for _ in range(2):
        enqueue(api)
    first = dequeue(api, lease_seconds=60, attempt_id="a")
    second = dequeue(api, lease_seconds=60)
    change(api, paused=True)
    # The caller repeats the request, as if the first response was lost.
    again = api.post("/pipe/queue/stacks/dequeue?lease_seconds=60&attempt_id=a")
    assert again.json() == first
    assert end(api, "extend", second, lease_seconds=90)[0] == 200
    assert end(api, "ack", first)[0] == 200
    assert end(api, "nack", second)[0] == 200
    assert stats(api) == (1, 0, 0)


def test_a_waiting_poll_ends_when_the_queue_is_paused(api: ApiClient) -> None:
    create(api)
    answers: list[Any] = []
    poll = threading.Thread(target=lambda: answers.append(api.post("/pipe/queue/stacks/dequeue?wait=15")))
    poll.start()
    time.sleep(0.3)
    change(api, paused=True)
    poll.join()
    assert (answers[0].status_code, answers[0].text) == (409, "Queue is paused: stacks")
