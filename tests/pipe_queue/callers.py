"""What the tests of the queues share: callers' steps."""

from typing import Any

from support.client import ApiClient


def create(api: ApiClient, name: str = "stacks", **more: Any) -> None:
    assert api.post("/pipe/queue", json={"queue_name": name, **more}).status_code == 200


def enqueue(api: ApiClient, name: str = "stacks", **more: Any) -> dict[str, Any]:
    answer = api.post("/pipe/enqueue", json={"queue_name": name, **more})
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json()
    return item


def dequeue(api: ApiClient, name: str = "stacks", **query: Any) -> Any:
    """The item that a dequeue answers, or None if the queue is empty."""
    answer = api.post(f"/pipe/queue/{name}/dequeue", params=query)
    assert answer.status_code in (200, 404), answer.text
    return answer.json() if answer.status_code == 200 else None


def end(api: ApiClient, how: str, item: dict[str, Any], **changes: Any) -> tuple[int, Any]:
    """Status and text of ending (or extending) an item's lease: `how` is ack, nack or extend."""
    body = {"id": item["id"], "lease_id": item["lease_id"], **changes}
    answer = api.post(f"/pipe/queue/{item['queue_name']}/{how}", json=body)
    return answer.status_code, answer.text


def stats(api: ApiClient, name: str = "stacks") -> tuple[int, int, int]:
    """How many items are waiting, leased, dead."""
    answer = api.get(f"/pipe/queue/{name}/stats").json()
    return answer["waiting"], answer["leased"], answer["dead"]
