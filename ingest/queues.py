"""Sends messages to the ingester's queues, whole batches at a time."""

from collections.abc import Sequence
from typing import Any

from common import aws
from common.errors import Unavailable

BATCH = 10
_TRIES = 5


def send_all(queue_url: str, bodies: Sequence[str]) -> None:
    """Send at most `BATCH` messages.

    Raises
    ------
    Unavailable
        If SQS does not take all of them; some may have been sent.
    """
    sqs: Any = aws.client("sqs")
    entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
    for _ in range(_TRIES):
        with aws.faults("the queue of uploads"):
            response = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)
        refused = {failure["Id"] for failure in response.get("Failed", [])}
        entries = [entry for entry in entries if entry["Id"] in refused]
        if not entries:
            return
    raise Unavailable("Try again later: the queue of uploads does not take all messages.")


def waiting(queue_url: str) -> int:
    """Return about how many messages wait in a queue or are being worked on."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    sqs: Any = aws.client("sqs")
    with aws.faults("the queue of uploads"):
        response = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
    return sum(int(response["Attributes"][name]) for name in names)
