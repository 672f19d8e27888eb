"""The earlier service's reads and writes of the tables that both services share, as they are documented.

A model for the tests. It has only what is known from the service's documentation and deployed behaviour: the
row shapes, one page of a query, and no check whether a note has expired.
"""

import json
import time
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from common import aws
from common.settings import setting

Row = dict[str, Any]
Answer = tuple[int, Any]


class EarlierTable:
    """A table as boto3 has it, one page at a time."""

    def __init__(self, setting_name: str) -> None:
        self._setting_name = setting_name

    def _request(self, operation: str, **arguments: Any) -> dict[str, Any]:
        table = setting(self._setting_name)
        answer: dict[str, Any] = getattr(aws.client("dynamodb"), operation)(TableName=table, **arguments)
        return answer

    def put(self, row: Row) -> None:
        """Write a row."""
        self._request("put_item", Item=_wire(row))

    def get(self, key: Row) -> Row | None:
        """Return a row, or None."""
        answer = self._request("get_item", Key=_wire(key))
        return _plain(answer["Item"]) if "Item" in answer else None

    def delete(self, key: Row) -> None:
        """Remove a row."""
        self._request("delete_item", Key=_wire(key))

    def first_page(self, **expressions: Any) -> list[Row]:
        """Return the rows of a query's first page."""
        values = expressions.pop("ExpressionAttributeValues")
        answer = self._request("query", ExpressionAttributeValues=_wire(values), **expressions)
        return [_plain(row) for row in answer["Items"]]


configs = EarlierTable("CONFIG_TABLE_NAME")
uploads = EarlierTable("UPLOADS_LOG_TABLE_NAME")
info_images = EarlierTable("INFO_IMAGES_TABLE")
notes = EarlierTable("NIGHT_LOG_TABLE")
rooms = EarlierTable("REMOTEHQ_ROOMS_TABLE")
pipes = EarlierTable("PIPE_QUEUE_TABLE_NAME")


def put_config(site: str, text: str) -> Answer:
    """`PUT /{site}/config`: what cannot be read is stored as an empty config."""
    try:
        configuration = json.loads(text)
    except ValueError:
        configuration = {}
    configs.put({"site": site, "configuration": configuration})
    return 200, {"ResponseMetadata": {"HTTPStatusCode": 200}}


def get_config(site: str) -> Answer:
    """`GET /{site}/config`."""
    return 200, configs.get({"site": site})


def get_recent_uploads(site: str) -> Answer:
    """`GET /recentuploads?site=`: the first page of DynamoDB's."""
    found = uploads.first_page(
        KeyConditionExpression="site = :site", ExpressionAttributeValues={":site": site}
    )
    return 200, found


def get_info_image(site: str, channel: int) -> Answer:
    """`GET /infoimage/{site}/{channel}`: the stored attributes; 204 where there is no row."""
    row = info_images.get({"pk": f"{site}#{channel}"})
    return (204, None) if row is None else (200, row)


def post_note(site: str, note_data: Any, ttl_hours: float = 48, now: float | None = None) -> Answer:
    """`POST /nightlog/{site}`."""
    seconds = int(time.time() if now is None else now)
    ends = int(seconds + ttl_hours * 3600)
    notes.put(
        {
            "site": site,
            "created_timestamp": seconds,
            "ttl_timestamp_seconds": ends,
            "note_data": note_data,
        }
    )
    return 200, "Note created successfully"


def get_note(site: str) -> Answer:
    """`GET /nightlog/{site}`: the row until DynamoDB removes it."""
    row = notes.get({"site": site})
    return (204, None) if row is None else (200, row)


def get_room(site: str) -> Answer:
    """`GET /control_room/{site}` of a room that is stored."""
    return 200, {**(rooms.get({"site": site}) or {}), "is_deleted": False}


def create_queue(queue: str) -> Answer:
    """`POST /pipe/queue`."""
    pipes.put(
        {
            "pk": f"QUEUE#{queue}",
            "sk": "METADATA",
            "item_type": "QUEUE_ITEM",
            "created_at": int(time.time() * 1000),
            "queue_name": queue,
        }
    )
    return 200, {"message": f"Queue created: {queue}"}


def enqueue(queue: str, payload: Any, sender: str = "unknown") -> Answer:
    """`POST /pipe/enqueue`."""
    ms = int(time.time() * 1000)
    item = {"id": f"{ms}_0000000a", "payload": payload, "created_at": ms, "sender": sender}
    pipes.put({"pk": f"QUEUE#{queue}", "sk": f"ITEM#{item['id']}", "item_type": "QUEUE_ITEM", **item})
    return 200, {**item, "queue_name": queue}


def peek(queue: str) -> Answer:
    """`GET /pipe/queue/{queue}`: items by their keys."""
    rows = pipes.first_page(
        KeyConditionExpression="pk = :pk AND begins_with(sk, :item)",
        ExpressionAttributeValues={":pk": f"QUEUE#{queue}", ":item": "ITEM#"},
    )
    return 200, [_item(queue, row) for row in rows]


def dequeue(queue: str) -> Answer:
    """`POST /pipe/queue/{queue}/dequeue`: the first item, removed."""
    _, items = peek(queue)
    if not items:
        return 404, f"Queue is empty: {queue}"
    pipes.delete({"pk": f"QUEUE#{queue}", "sk": f"ITEM#{items[0]['id']}"})
    return 200, items[0]


def count(queue: str) -> int:
    """Return what `GET /pipe/queues` told of a queue: its own row counted as an item."""
    rows = pipes.first_page(
        KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": f"QUEUE#{queue}"}
    )
    return len([row for row in rows if row.get("item_type") == "QUEUE_ITEM"])


def post_status(pipe_id: str, status: str, details: Row) -> Answer:
    """`POST /pipe/status`."""
    told = {"status": status, "last_updated": int(time.time() * 1000), "details": details}
    pipes.put({"pk": f"STATUS#{pipe_id}", "sk": "INFO", "item_type": "STATUS_ITEM", **told})
    return 200, {"pipe_id": pipe_id, **told}


def get_status(pipe_id: str) -> Answer:
    """`GET /pipe/status/{pipe_id}`."""
    row = pipes.get({"pk": f"STATUS#{pipe_id}", "sk": "INFO"})
    if row is None:
        return 404, f"PIPE machine not found: {pipe_id}"
    return 200, {"pipe_id": pipe_id, **{name: row[name] for name in ("status", "last_updated", "details")}}


def _item(queue: str, row: Row) -> Row:
    return {"queue_name": queue, **{name: row[name] for name in ("id", "payload", "created_at", "sender")}}


def _wire(row: Row) -> Row:
    serializer = TypeSerializer()
    return {name: serializer.serialize(value) for name, value in row.items()}


def _plain(row: Row) -> Row:
    deserializer = TypeDeserializer()
    return {name: deserializer.deserialize(value) for name, value in row.items()}
