"""The way from S3 to the ingester on this machine: S3's messages, their queues, and what hands them over.

In AWS, Lambda itself takes messages from the queue (serverless.yml, `fileUploads`). Here threads do, by the
same rules: batches, reports of the messages that failed, and a dead-letter queue after five tries.
"""

import json
import os
from collections.abc import Sequence
from threading import Event, Thread
from typing import Any

from common import aws, logs
from ingest import bucket_notifications
from local.deployment import Deployment
from local.invocation import Invoker

FUNCTION = "fileUploads"
BATCH = 10
_THREADS = 2
_WAIT_S = 1
# Time until a message that failed is tried again. In AWS it is 360 s, six times the function's timeout.
RETRY_AFTER_S = 5
_TIMEOUT_S = 60.0


def make_queues(deployment: Deployment) -> None:
    """Make the queues of uploads, let S3 send messages to them, and put their URLs into the environment."""
    sqs: Any = aws.client("sqs")
    name = deployment.custom("uploadQueue")
    dead_letters = sqs.create_queue(QueueName=f"{name}-dead-letters")["QueueUrl"]
    redrive = {"deadLetterTargetArn": queue_arn(dead_letters), "maxReceiveCount": deployment.max_receives}
    queue = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": json.dumps(redrive)})["QueueUrl"]
    os.environ.update(INGEST_QUEUE_URL=queue, INGEST_DEAD_LETTERS_URL=dead_letters)
    bucket_notifications.add(queue_arn(queue))


def queue_arn(url: str) -> str:
    """Return the ARN of a queue."""
    sqs: Any = aws.client("sqs")
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return str(attributes["QueueArn"])


class UploadPoller:
    """Hands messages of the queue to the ingester's function, in threads, until it is stopped.

    Parameters
    ----------
    deployment
        Has the function.
    invoker
        Runs it.
    """

    def __init__(self, deployment: Deployment, invoker: Invoker) -> None:
        self._function = deployment.functions[FUNCTION]
        self._invoker = invoker
        self._queue = os.environ["INGEST_QUEUE_URL"]
        self._stopped = Event()
        self._threads = [Thread(target=self._work, daemon=True) for _ in range(_THREADS)]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the current files and end the threads."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while not self._stopped.is_set():
            try:
                self._take_batch()
            except Exception as error:  # noqa: BLE001 - the queue may be unavailable for a while
                logs.logger.error("uploads not received", extra={"fields": logs.failure(error)})
                self._stopped.wait(_WAIT_S)

    def _take_batch(self) -> None:
        sqs: Any = aws.client("sqs")
        received = sqs.receive_message(
            QueueUrl=self._queue,
            MaxNumberOfMessages=BATCH,
            WaitTimeSeconds=_WAIT_S,
            VisibilityTimeout=int(_TIMEOUT_S),
            AttributeNames=["ApproximateReceiveCount"],
        )
        messages = received.get("Messages", [])
        if messages:
            self._hand_over(sqs, messages)

    def _hand_over(self, sqs: Any, messages: Sequence[dict[str, Any]]) -> None:
        """Call the function. Delete the messages that it has filed; let the others come back soon."""
        failed = self._failed(messages)
        for message in messages:
            receipt = {"QueueUrl": self._queue, "ReceiptHandle": message["ReceiptHandle"]}
            if message["MessageId"] in failed:
                sqs.change_message_visibility(**receipt, VisibilityTimeout=RETRY_AFTER_S)
            else:
                sqs.delete_message(**receipt)

    def _failed(self, messages: Sequence[dict[str, Any]]) -> set[str]:
        """Return the ids of the messages that the function could not file: all, if it raises an error."""
        try:
            result = self._invoker(self._function, event_of(messages), _TIMEOUT_S)
        except Exception as error:  # noqa: BLE001 - as Lambda does, which retries the whole batch
            logs.logger.error("uploads not filed", extra={"fields": logs.failure(error)})
            return {message["MessageId"] for message in messages}
        return {failure["itemIdentifier"] for failure in result["batchItemFailures"]}


def event_of(messages: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the event with which Lambda hands messages of SQS to a function."""
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "messageAttributes": {},
                "eventSource": "aws:sqs",
            }
            for message in messages
        ]
    }
