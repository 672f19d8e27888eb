"""The calls of a PIPE computer, which polls a queue every 30 s with a timeout of 20 s."""

from typing import Any

from support.client import ApiClient

QUEUE = "smartstacks"
TIMEOUT_S = 20


def poll(api: ApiClient) -> tuple[str, Any] | None:
    """Return id and payload of the next job, or None: the program distinguishes nothing else."""
    answer = api.post(f"/pipe/queue/{QUEUE}/dequeue", timeout=TIMEOUT_S)
    if answer.status_code == 404:
        return None
    answer.raise_for_status()
    data = answer.json()
    return data["id"], data["payload"]


def test_a_queue_that_does_not_exist_yet_is_an_empty_one(api: ApiClient) -> None:
    assert poll(api) is None


def test_jobs_come_once_in_the_order_in_which_sites_sent_them(api: ApiClient) -> None:
    api.post("/pipe/queue", json={"queue_name": QUEUE})
    payloads = [{"site": "mrc1", "files": [f"{number}.fits.fz"]} for number in range(3)]
    sent = [
        api.post("/pipe/enqueue", json={"queue_name": QUEUE, "payload": payload, "sender": "mrc1"}).json()[
            "id"
        ]
        for payload in payloads
    ]
    assert [poll(api) for _ in payloads] == list(zip(sent, payloads, strict=True))
    assert poll(api) is None


def test_a_machine_stores_its_status_and_reads_it_back(api: ApiClient) -> None:
    told = {"pipe_id": "pipe1", "status": "processing", "details": {"queue": QUEUE, "load": 0.7}}
    answer = api.post("/pipe/status", json=told).json()
    assert told.items() <= answer.items()
    assert api.get("/pipe/status/pipe1").json() == answer
    assert answer in api.get("/pipe/statuses").json()
