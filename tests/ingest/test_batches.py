"""Batches of messages: each message counts by itself, and the last failure has a reason."""

import json
import time
from typing import Any

import pytest

from common.aws import client
from common.errors import Unavailable, Unprocessable
from ingest import batches, filing
from ingest.notifications import StoredObject
from local.invocation import LambdaContext
from tests.ingest.exposures import notification

FAILURES: dict[str, Exception] = {
    "busy": Unavailable("Try again later: PostgreSQL is busy."),
    "broken": Unprocessable("The JPG is broken."),
    "bug": ZeroDivisionError("division by zero"),
}


@pytest.fixture(autouse=True)
def filed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys that were filed. A key in `FAILURES` fails."""
    keys: list[str] = []

    def file_object(stored: StoredObject) -> None:
        if stored.key in FAILURES:
            raise FAILURES[stored.key]
        keys.append(stored.key)

    monkeypatch.setattr(filing, "file_object", file_object)
    return keys


@pytest.fixture(autouse=True)
def dead_letters(aws: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of the queue of dead letters."""
    url = client("sqs").create_queue(QueueName="dead")["QueueUrl"]
    monkeypatch.setenv(batches.DEAD_LETTERS, url)
    return url


def message(key: str, receives: int = 1) -> dict[str, Any]:
    body = notification(StoredObject(key, 1, 1_767_000_000.0))
    return {"messageId": key, "body": body, "attributes": {"ApproximateReceiveCount": str(receives)}}


def message_of_several(keys: list[str], receives: int = 1) -> dict[str, Any]:
    """Return a message that tells of several objects, as S3 may send it."""
    records = [json.loads(message(key)["body"])["Records"][0] for key in keys]
    return {**message("several", receives), "body": json.dumps({"Records": records})}


def failed(messages: list[dict[str, Any]], seconds: float = 60) -> list[str]:
    """Return the ids of the messages that are to be tried again."""
    context = LambdaContext("fileUploads", deadline=time.monotonic() + seconds)
    return [failure["itemIdentifier"] for failure in batches.file_all(messages, context)]


def letters(url: str) -> list[tuple[str, str]]:
    """Return key and reason of each dead letter."""
    received = client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )
    return [
        (
            json.loads(each["Body"])["Records"][0]["s3"]["object"]["key"],
            each["MessageAttributes"]["reason"]["StringValue"],
        )
        for each in received.get("Messages", [])
    ]


def test_a_message_that_fails_stops_no_other(filed: list[str], dead_letters: str) -> None:
    assert failed([message(key) for key in ("a", "busy", "b", "broken", "bug", "c")]) == [
        "busy",
        "broken",
        "bug",
    ]
    assert filed == ["a", "b", "c"]
    assert letters(dead_letters) == []


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("busy", "Try again later: PostgreSQL is busy."),
        ("broken", "The JPG is broken."),
        ("bug", "ZeroDivisionError"),
    ],
)
def test_the_fifth_failure_is_a_dead_letter_with_its_reason(dead_letters: str, key: str, reason: str) -> None:
    assert failed([message(key, receives=4)]) == [key]
    assert failed([message(key, receives=5)]) == []
    assert letters(dead_letters) == [(key, reason)]


def test_without_the_queue_of_dead_letters_the_message_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(batches.DEAD_LETTERS)
    assert failed([message("busy", receives=5)]) == ["busy"]


def test_what_the_time_does_not_allow_is_tried_again(filed: list[str]) -> None:
    assert failed([message("a")], seconds=20) == ["a"]
    assert filed == []


@pytest.mark.parametrize(
    "body", ["", "[]", "{", '{"Records": 5}', '{"Records": [{}]}', '{"Records": [{"s3": 1}]}']
)
def test_a_message_that_is_not_s3_s_is_a_dead_letter(dead_letters: str, body: str) -> None:
    odd = {**message("odd", receives=5), "body": body}
    if body == "":
        assert failed([{**odd, "attributes": {"ApproximateReceiveCount": "1"}}]) == ["odd"]
        return
    assert failed([odd]) == []


def test_s3_s_test_message_is_ignored(filed: list[str]) -> None:
    test = {**message("test"), "body": json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"})}
    assert failed([test]) == []
    assert filed == []


@pytest.mark.parametrize("receives", [1, 5])
@pytest.mark.parametrize("bad", ["busy", "broken", "bug"])
def test_a_bad_object_of_a_message_stops_no_other_object(
    filed: list[str], dead_letters: str, bad: str, receives: int
) -> None:
    several = message_of_several(["a", bad, "b"], receives)
    assert failed([several, message("c")]) == (["several"] if receives == 1 else [])
    assert filed == ["a", "b", "c"]
    assert len(letters(dead_letters)) == (receives == 5)


def test_a_dead_letter_has_the_whole_message_and_the_first_reason(dead_letters: str) -> None:
    several = message_of_several(["a", "broken", "busy"], receives=5)
    assert failed([several]) == []
    (letter,) = client("sqs").receive_message(QueueUrl=dead_letters, MessageAttributeNames=["All"])[
        "Messages"
    ]
    assert letter["Body"] == several["body"]
    assert letter["MessageAttributes"]["reason"]["StringValue"] == "The JPG is broken."


def test_messages_that_were_received_most_often_are_tried_first(filed: list[str]) -> None:
    assert failed([message("a"), message("b", receives=4), message("c", receives=2)]) == []
    assert filed == ["b", "c", "a"]


def test_a_long_reason_is_cut(dead_letters: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FAILURES, "long", Unprocessable("x" * 1_000_000))
    assert failed([message("long", receives=5)]) == []
    assert letters(dead_letters) == [("long", "x" * 500)]


def test_a_queue_of_dead_letters_that_is_gone_stops_no_other(filed: list[str], dead_letters: str) -> None:
    client("sqs").delete_queue(QueueUrl=dead_letters)
    assert failed([message("broken", receives=5), message("a")]) == ["broken"]
    assert filed == ["a"]
