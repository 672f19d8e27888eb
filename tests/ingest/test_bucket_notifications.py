"""Notifications of an existing bucket: ours are added and removed, and those of others stay."""

from typing import Any

import pytest

from common.aws import client
from common.errors import Conflict
from ingest import bucket_notifications
from ingest.bucket_notifications import add, main, remove
from local.uploads import queue_arn
from support.network import BUCKET


@pytest.fixture
def queue(aws: str) -> str:
    """The ARN of a queue."""
    return queue_arn(client("sqs").create_queue(QueueName="uploads")["QueueUrl"])


@pytest.fixture
def other(aws: str) -> str:
    """The ARN of another program's topic, which hears of objects in test/ and of removed ones."""
    sns: Any = client("sns")
    topic = str(sns.create_topic(Name="others")["TopicArn"])
    topics = [
        {"Id": "others-test", "TopicArn": topic, "Events": ["s3:ObjectCreated:*"], "Filter": prefix("test/")},
        {"Id": "others-removed", "TopicArn": topic, "Events": ["s3:ObjectRemoved:*"]},
    ]
    configure({"TopicConfigurations": topics})
    return topic


def prefix(value: str) -> dict[str, Any]:
    return {"Key": {"FilterRules": [{"Name": "prefix", "Value": value}]}}


def configure(configuration: dict[str, Any]) -> None:
    s3: Any = client("s3")
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration=configuration)


def configured() -> dict[str, Any]:
    return bucket_notifications._read()


def test_ours_are_added_once_beside_those_of_others(queue: str, other: str) -> None:
    before = configured()["TopicConfigurations"]
    add(queue)
    add(queue)
    found = configured()
    assert found["TopicConfigurations"] == before
    assert [each["Filter"]["Key"]["FilterRules"][0]["Value"] for each in found["QueueConfigurations"]] == [
        "data/",
        "info-images/",
        "allsky/",
    ]
    remove()
    assert configured() == {"TopicConfigurations": before}


@pytest.mark.parametrize("taken", ["data/", "data/saf-", "", "d"])
def test_a_prefix_that_another_program_uses_is_an_error_and_changes_nothing(queue: str, taken: str) -> None:
    own = {"Id": "other", "QueueArn": queue, "Events": ["s3:ObjectCreated:Put"]}
    configure({"QueueConfigurations": [own | ({"Filter": prefix(taken)} if taken else {})]})
    before = configured()
    with pytest.raises(Conflict, match=f"S3 already announces new objects in .* to {queue}"):
        add(queue)
    assert configured() == before


def test_the_command_shows_what_there_is(
    queue: str, other: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["add", queue]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f"data/ -> {queue}"
    assert f"the whole bucket -> {other}" in printed
    assert main(["remove"]) == 0
    configure({})
    assert main(["show"]) == 0
    assert capsys.readouterr().out.endswith("The bucket has no notifications.\n")


def test_a_missing_queue_is_an_error(aws: str) -> None:
    with pytest.raises(SystemExit):
        main(["add"])
