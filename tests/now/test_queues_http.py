"""The queues in `GET /now`: their numbers, long ones, and jobs that were handed out often."""

from typing import Any

import pytest

from now import answer
from pipe_queue.clock import now_ms
from support.client import ApiClient
from support.legacy_queue import write_legacy_item
from tests.pipe_queue.callers import create, dequeue, enqueue

pytestmark = pytest.mark.usefixtures("database")

SOON_S = 0.01


def state(api: ApiClient, name: str = "jobs") -> dict[str, Any]:
    answer.forget()
    (found,) = [each for each in api.get("/now").json()["queues"] if each["queue_name"] == name]
    return dict(found)


def fail(api: ApiClient) -> str:
    """Lease the oldest job and give it back."""
    held = dequeue(api, "jobs", lease_seconds=60)
    body = {"id": held["id"], "lease_id": held["lease_id"]}
    api.post("/pipe/queue/jobs/nack", json=body).raise_for_status()
    return str(held["id"])


def test_an_empty_queue(api: ApiClient) -> None:
    create(api, "jobs")
    assert state(api) == {
        "queue_name": "jobs",
        "waiting": 0,
        "leased": 0,
        "dead": 0,
        "more": False,
        "oldest_age_ms": None,
        "oldest_waiting_at": None,
        "paused": False,
        "stuck": [],
    }


def test_the_numbers_are_those_of_the_stats(api: ApiClient) -> None:
    create(api, "jobs", max_receives=1)
    before = now_ms()
    for _ in range(5):
        enqueue(api, "jobs")
    fail(api)
    dequeue(api, "jobs", lease_seconds=60)
    # Exhausted, and not yet moved to the dead letters.
    dequeue(api, "jobs", lease_seconds=SOON_S)
    api.put("/pipe/queue/jobs", json={"paused": True})
    found = state(api)
    assert (found["waiting"], found["leased"], found["dead"]) == (2, 1, 2)
    told = api.get("/pipe/queue/jobs/stats").json()
    for name in ("waiting", "leased", "dead"):
        assert found[name] == told[name]
    assert found["oldest_age_ms"] == pytest.approx(told["oldest_age_ms"], abs=2000)
    assert before <= found["oldest_waiting_at"] <= now_ms()
    assert found["paused"] is True


def test_a_job_that_fails_again_and_again_is_listed_until_it_is_done(api: ApiClient) -> None:
    create(api, "jobs")
    enqueue(api, "jobs")
    for _ in range(2):
        job = fail(api)
    assert state(api)["stuck"] == []
    held = dequeue(api, "jobs", lease_seconds=60)
    (stuck,) = state(api)["stuck"]
    assert (stuck["id"], stuck["receive_count"]) == (job, 3)
    assert stuck["lease_until"] == held["lease_until"]
    (problem,) = api.get("/now").json()["attention"]
    assert problem["about"] == {"kind": "queue", "name": "jobs"}
    assert problem["reason"] == f"Handed out again and again: 1 job, {job} 3 times."
    api.post("/pipe/queue/jobs/nack", json={"id": job, "lease_id": held["lease_id"]})
    assert state(api)["stuck"][0]["lease_until"] is None
    held = dequeue(api, "jobs", lease_seconds=60)
    api.post("/pipe/queue/jobs/ack", json={"id": job, "lease_id": held["lease_id"]})
    assert state(api)["stuck"] == []
    assert api.get("/now").json()["attention"] == []


def test_only_the_jobs_that_were_handed_out_most_often_are_listed(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("now.queues.MOST_STUCK", 1)
    create(api, "jobs")
    for _ in range(2):
        enqueue(api, "jobs")
    dequeue(api, "jobs", lease_seconds=60)
    for _ in range(4):
        often = fail(api)
    assert [each["id"] for each in state(api)["stuck"]] == [often]


def test_a_queue_that_is_longer_than_a_page_says_so(api: ApiClient) -> None:
    create(api, "jobs")
    for _ in range(5):
        enqueue(api, "jobs", payload="x" * 300_000)
    found = state(api)
    assert found["more"] is True
    assert 0 < found["waiting"] < 5


def test_the_oldest_job_of_all_counts(api: ApiClient) -> None:
    create(api, "jobs")
    write_legacy_item("jobs", 1_700_000_000_000, 1)
    enqueue(api, "jobs")
    assert state(api)["oldest_waiting_at"] == 1_700_000_000_000
    (problem,) = api.get("/now").json()["attention"]
    assert problem["reason"] == "The oldest job has been waiting since 2023-11-14 22:13 UTC."
