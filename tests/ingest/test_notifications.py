"""Messages of S3."""

import json

import pytest

from common.errors import Unprocessable
from ingest.notifications import StoredObject, message_of, parse_message


def record(name: str = "ObjectCreated:Post", key: str = "data/a+b%C3%A9-EX10.jpg") -> dict[str, object]:
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventTime": "2026-01-03T04:05:06.789Z",
        "eventName": name,
        "s3": {"bucket": {"name": "bucket"}, "object": {"key": key, "size": 12, "eTag": "x"}},
    }


def test_new_object() -> None:
    (stored,) = parse_message(json.dumps({"Records": [record()]}))
    assert stored == StoredObject("data/a bé-EX10.jpg", 12, 1767413106.789)


def test_removed_objects_and_the_test_message_are_passed_over() -> None:
    assert parse_message(json.dumps({"Records": [record("ObjectRemoved:Delete")]})) == []
    assert parse_message(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"})) == []


def test_message_of_a_backfill_is_read_as_it_was_written() -> None:
    stored = StoredObject("data/a bé+-EX10.jpg", 12, 1767413106.789, is_new=False)
    assert parse_message(message_of(stored)) == [stored]


@pytest.mark.parametrize("body", ["", "[]", "5", '{"Records": [{}]}', '{"Records": 5}', '{"Records": ["a"]}'])
def test_other_messages_are_refused(body: str) -> None:
    with pytest.raises(Unprocessable, match="not a notification of S3"):
        parse_message(body)
