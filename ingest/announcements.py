"""Tells an SNS topic of every file that has been filed, so that others need not poll. Optional."""

import json
import os
from functools import cache

from common import aws
from ingest.file_names import ExposureFile, site_of
from ingest.notifications import StoredObject

_TOPIC = "IMAGES_TOPIC"


def announce(stored: StoredObject, file: ExposureFile | None, channel: int | None) -> None:
    """Publish one message about a filed object, if the stage has a topic.

    Parameters
    ----------
    stored
        The object.
    file
        What its name says; None if it is not a file of an exposure.
    channel
        The channel that shows the file, if it belongs to an info image; None otherwise.
    """
    topic = os.environ.get(_TOPIC, "")
    if not topic:
        return
    message = {
        "s3_directory": stored.key.partition("/")[0],
        "base_filename": file.base_filename if file else "",
        "data_type": file.data_type if file else "",
        "site": site_of(stored.key),
        "key": stored.key,
        "size_bytes": stored.size_bytes,
    }
    if channel is not None:
        message["channel"] = channel
    with aws.faults("the topic of new images"):
        aws.client("sns").publish(TopicArn=_topic_arn(topic), Message=json.dumps(message))


@cache
def _topic_arn(topic: str) -> str:
    """Return the topic's ARN; `topic` may be one already, or the name of a topic of this account."""
    if topic.startswith("arn:"):
        return topic
    return str(aws.client("sns").create_topic(Name=topic)["TopicArn"])
