"""Messages to the topic about filed objects."""

import json
from dataclasses import replace
from typing import Any

import pytest

from common.aws import client
from ingest import announcements, schema
from ingest.filing import file_object
from tests.ingest.exposures import BASE, SITE, await_info_image, exposure, put

JPG = f"{BASE}-EX10.jpg"


@pytest.fixture
def subscribed(aws: str, database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a queue that gets the topic's messages."""
    schema.apply(database)
    sns, sqs = client("sns"), client("sqs")
    topic = sns.create_topic(Name="new-images")["TopicArn"]
    queue = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["QueueArn"])
    monkeypatch.setenv("IMAGES_TOPIC", topic)
    return queue


def messages(queue: str) -> list[dict[str, Any]]:
    received = client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(json.loads(message["Body"])["Message"]) for message in received]


def test_an_image_is_announced(subscribed: str) -> None:
    stored = put(JPG, exposure()[JPG])
    file_object(stored)
    assert messages(subscribed) == [
        {
            "s3_directory": "data",
            "base_filename": BASE,
            "data_type": "EX",
            "site": SITE,
            "key": f"data/{JPG}",
            "size_bytes": stored.size_bytes,
        }
    ]


def test_an_info_image_is_announced_with_its_channel(subscribed: str) -> None:
    await_info_image(2, BASE)
    file_object(put(JPG, exposure()[JPG], "info-images"))
    (message,) = messages(subscribed)
    assert (message["s3_directory"], message["channel"]) == ("info-images", 2)


def test_another_file_is_announced_without_an_image(subscribed: str) -> None:
    file_object(put("ric2-weather.csv", b"1,2\n"))
    (message,) = messages(subscribed)
    assert (message["base_filename"], message["data_type"], message["site"]) == ("", "", SITE)


def test_an_old_file_is_not_announced(subscribed: str) -> None:
    file_object(replace(put(JPG, exposure()[JPG]), is_new=False))
    assert messages(subscribed) == []


def test_the_topic_may_be_a_name(subscribed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGES_TOPIC", "new-images")
    announcements._topic_arn.cache_clear()
    file_object(put(JPG, exposure()[JPG]))
    assert len(messages(subscribed)) == 1


def test_without_a_topic_nothing_is_sent(subscribed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IMAGES_TOPIC")
    file_object(put(JPG, exposure()[JPG]))
    assert messages(subscribed) == []
