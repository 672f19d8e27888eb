"""Shows dead letters of the ingester and puts them back: `python -m ingest.redrive --help`.

A message leaves the dead letters only after the queue has it, so an interrupted run loses none. Run it again
to go on. Queues are named by `INGEST_QUEUE_URL` and `INGEST_DEAD_LETTERS_URL`.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from common import aws, commands
from common.errors import Unprocessable
from common.settings import setting
from ingest import notifications, queues

# A received message is hidden from other readers for this time. The messages of an interrupted run are free
# again after this time.
_VISIBILITY_S = 120
_WAIT_S = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m ingest.redrive", description=__doc__)
    parser.add_argument("--list", action="store_true", help="show keys and reasons; put nothing back")
    parser.add_argument("--limit", type=int, default=sys.maxsize, help="how many messages at most")
    wanted = parser.parse_args(arguments)
    action = _show if wanted.list else _put_back
    return commands.run(lambda: action(wanted.limit))


def _show(limit: int) -> int:
    dead_letters = setting("INGEST_DEAD_LETTERS_URL")
    limit = min(limit, queues.waiting(dead_letters))
    received = [message for batch in _batches(dead_letters, limit) for message in batch]
    for message in received:
        _write(f"{_reason(message)}: {', '.join(_keys(message)) or message['Body'][:200]}")
    for message in received:
        aws.client("sqs").change_message_visibility(
            QueueUrl=dead_letters, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
        )
    _write(f"{len(received)} dead letters.")
    _tell_of_hidden(limit - len(received))
    return 0


def _put_back(limit: int) -> int:
    queue, dead_letters = setting("INGEST_QUEUE_URL"), setting("INGEST_DEAD_LETTERS_URL")
    sqs: Any = aws.client("sqs")
    count = 0
    # A file that cannot be filed now becomes a dead letter again. It is not put back a second time.
    limit = min(limit, queues.waiting(dead_letters))
    for batch in _batches(dead_letters, limit):
        queues.send_all(queue, [message["Body"] for message in batch])
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, message in enumerate(batch)
        ]
        sqs.delete_message_batch(QueueUrl=dead_letters, Entries=entries)
        count += len(batch)
        _write(f"Put back {count} messages.")
    _write(f"Done: put back {count} messages.")
    _tell_of_hidden(limit - count)
    return 0


def _tell_of_hidden(count: int) -> None:
    """Say how many messages could not be received, because another run has them or was interrupted."""
    if count > 0:
        _write(f"About {count} more cannot be received now; run this again in {_VISIBILITY_S} s.")


def _batches(queue_url: str, limit: int) -> Iterator[list[dict[str, Any]]]:
    """Yield messages, at most `limit` in all, until none comes any more."""
    sqs: Any = aws.client("sqs")
    while limit > 0:
        response = sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=min(queues.BATCH, limit),
            MessageAttributeNames=["reason"],
            VisibilityTimeout=_VISIBILITY_S,
            WaitTimeSeconds=_WAIT_S,
        )
        messages: list[dict[str, Any]] = response.get("Messages", [])
        if not messages:
            return
        limit -= len(messages)
        yield messages


def _reason(message: dict[str, Any]) -> str:
    attributes = message.get("MessageAttributes", {})
    reason = attributes.get("reason", {}).get("StringValue", "")
    return reason or "The ingester ended while it filed this; see its log"


def _keys(message: dict[str, Any]) -> list[str]:
    try:
        return [stored.key for stored in notifications.parse_message(message["Body"])]
    except Unprocessable:
        return []


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
