"""Files a batch of the queue's messages: each file by itself, so that a bad one holds up no other."""

import logging
import os
import time
from collections.abc import Iterable
from typing import Any

from common import aws, logs, request_context
from common.errors import ApiError
from ingest import filing, notifications
from ingest.notifications import StoredObject

# The queue's `maxReceiveCount`, see serverless.yml. At the last try the message goes to the dead letters from
# here, with the reason. The queue itself moves a message only if this Lambda crashed or timed out at the last
# try.
MAX_RECEIVES = 5
DEAD_LETTERS = "INGEST_DEAD_LETTERS_URL"
# The longest text of a reason. A message and its attributes together may have 256 KiB.
_MAX_REASON_CHARACTERS = 500
# The longest time for one file (s). If the function has less time left, the next call files the message.
_FILE_S = 30.0


def file_all(messages: list[dict[str, Any]], context: Any) -> list[dict[str, str]]:
    """File the objects that the messages announce; return the ids of messages to try again.

    Messages that were received most often come first: if the time ends before the last message, that counts
    as a failed try too, and no message must become a dead letter before it was really tried.

    Parameters
    ----------
    messages
        As Lambda hands them over from SQS.
    context
        Lambda's: it knows how much time is left.
    """
    logs.set_up()
    end = time.monotonic() + context.get_remaining_time_in_millis() / 1000
    return [
        {"itemIdentifier": message["messageId"]}
        for message in sorted(messages, key=_receives, reverse=True)
        if not _is_done(message, end, context.aws_request_id)
    ]


def _is_done(message: dict[str, Any], end: float, request_id: str) -> bool:
    """File the objects that a message announces; return whether the message can be deleted."""
    if end - time.monotonic() < _FILE_S:
        return False
    with request_context.updated(request_id=request_id, respond_by=time.monotonic() + _FILE_S):
        try:
            _file_each(notifications.parse_message(message["body"]))
        except Exception as error:  # noqa: BLE001 - one bad message must not stop the messages after it
            return _handle_failure(message, error)
    return True


def _file_each(objects: Iterable[StoredObject]) -> None:
    """File every object; raise the first failure when all were tried."""
    failures: list[Exception] = []
    for stored in objects:
        try:
            filing.file_object(stored)
        except Exception as error:  # noqa: BLE001 - one bad file must not stop the files after it
            failures.append(error)
    if failures:
        raise failures[0]


def _receives(message: dict[str, Any]) -> int:
    return int(message["attributes"]["ApproximateReceiveCount"])


def _handle_failure(message: dict[str, Any], error: Exception) -> bool:
    """Log a failure; after the last try send the message to the dead letters.

    Return whether the message can be deleted.
    """
    receives = _receives(message)
    reason = str(error.body) if isinstance(error, ApiError) else type(error).__name__
    is_last = receives >= MAX_RECEIVES
    fields = {"upload": message["body"], "try": receives, "reason": reason, **logs.failure(error)}
    level, words = (
        (logging.ERROR, "upload not filed") if is_last else (logging.WARNING, "upload not filed yet")
    )
    logs.logger.log(level, words, extra={"fields": fields})
    return is_last and _send_to_dead_letters(message["body"], reason)


def _send_to_dead_letters(body: str, reason: str) -> bool:
    """Put a message among the dead letters; return whether that worked."""
    attribute = {"DataType": "String", "StringValue": reason[:_MAX_REASON_CHARACTERS]}
    try:
        sqs: Any = aws.client("sqs")
        with aws.faults("the queue of dead letters"):
            sqs.send_message(
                QueueUrl=os.environ[DEAD_LETTERS], MessageBody=body, MessageAttributes={"reason": attribute}
            )
    except Exception as error:  # noqa: BLE001 - the message stays in its queue, which moves it
        logs.logger.error("not put among the dead letters", extra={"fields": logs.failure(error)})
        return False
    return True
