"""Messages in which S3 tells of new objects, as they stand in the queue."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from common.errors import Unprocessable

_CREATED = "ObjectCreated:"
# What `ingest.backfill` writes as the event's name: the object is old, so nobody is told that it has come.
BACKFILL = "Backfill"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object that is to be filed.

    Attributes
    ----------
    key
        The object's key.
    size_bytes
        Its size.
    stored_at
        When it was stored: Unix seconds, to the millisecond.
    is_new
        Whether it has just been uploaded; false for a backfill.
    """

    key: str
    size_bytes: int
    stored_at: float
    is_new: bool = True


def parse_message(body: str) -> list[StoredObject]:
    """Return the objects that a message announces; none for S3's test message and for removed objects.

    Raises
    ------
    Unprocessable
        If the message does not have the form that S3 documents.
    """
    try:
        return list(_stored_objects(json.loads(body)))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unprocessable("The message is not a notification of S3.") from error


def message_of(stored: StoredObject) -> str:
    """Return the message that makes the ingester file an object that lies in the bucket already."""
    at = datetime.fromtimestamp(stored.stored_at, UTC).isoformat().replace("+00:00", "Z")
    s3 = {"object": {"key": quote_plus(stored.key, safe="/"), "size": stored.size_bytes}}
    return json.dumps({"Records": [{"eventName": BACKFILL, "eventTime": at, "s3": s3}]})


def _stored_objects(message: dict[str, Any]) -> Iterator[StoredObject]:
    for record in message.get("Records", []):
        name = record["eventName"].removeprefix("s3:")
        if name.startswith(_CREATED) or name == BACKFILL:
            yield StoredObject(
                key=unquote_plus(record["s3"]["object"]["key"]),
                size_bytes=int(record["s3"]["object"]["size"]),
                stored_at=datetime.fromisoformat(record["eventTime"]).timestamp(),
                is_new=name != BACKFILL,
            )
