"""Makes an existing bucket send messages to the ingester: `python -m ingest.bucket_notifications --help`.

S3 replaces all notifications of a bucket at once. So this command reads them, adds its own, and writes all of
them back. Notifications of other programs stay.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from common import commands, s3
from common.errors import Conflict

PREFIXES = ("data/", "info-images/", "allsky/")
EVENT = "s3:ObjectCreated:*"
_ID = "photonranch-ingest-"
_QUEUES = "QueueConfigurations"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m ingest.bucket_notifications", description=__doc__)
    parser.add_argument("action", choices=["add", "remove", "show"])
    parser.add_argument("queue_arn", nargs="?", help="ARN of the queue of uploads, for add")
    wanted = parser.parse_args(arguments)
    if wanted.action == "add" and not wanted.queue_arn:
        parser.error("add needs the ARN of the queue of uploads")
    return commands.run(lambda: _do(wanted.action, wanted.queue_arn))


def add(queue_arn: str) -> None:
    """Make the bucket send a message to a queue for each new object. Repeating the call changes nothing.

    Three requests to S3.

    Raises
    ------
    Conflict
        If another notification already sends some of these objects to a queue, a topic or a function. S3
        allows one per prefix.
    """
    configuration = _read()
    others = _without_ours(configuration.get(_QUEUES, []))
    _check_free({**configuration, _QUEUES: others})
    _write({**configuration, _QUEUES: [*others, *(_ours(queue_arn, prefix) for prefix in PREFIXES)]})


def remove() -> None:
    """Remove the ingester's notifications and no others."""
    configuration = _read()
    _write({**configuration, _QUEUES: _without_ours(configuration.get(_QUEUES, []))})


def _do(action: str, queue_arn: str) -> int:
    if action == "add":
        add(queue_arn)
    elif action == "remove":
        remove()
    for line in _lines(_read()):
        sys.stdout.write(f"{line}\n")
    return 0


def _read() -> dict[str, Any]:
    response = s3.request("get_bucket_notification_configuration")
    return {name: value for name, value in response.items() if name != "ResponseMetadata"}


def _write(configuration: dict[str, Any]) -> None:
    s3.request("put_bucket_notification_configuration", NotificationConfiguration=configuration)


def _without_ours(queues: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [queue for queue in queues if not queue.get("Id", "").startswith(_ID)]


def _ours(queue_arn: str, prefix: str) -> dict[str, Any]:
    return {
        "Id": f"{_ID}{prefix.rstrip('/')}",
        "QueueArn": queue_arn,
        "Events": [EVENT],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}},
    }


def _check_free(configuration: dict[str, Any]) -> None:
    """Check that no other notification covers one of `PREFIXES`, which S3 would refuse."""
    for other in _notifications(configuration):
        prefix = _prefix(other)
        overlapping = [own for own in PREFIXES if own.startswith(prefix) or prefix.startswith(own)]
        if overlapping and any(event.startswith("s3:ObjectCreated:") for event in other["Events"]):
            where = prefix or "the whole bucket"
            raise Conflict(
                f"S3 already announces new objects in {where} to {_target(other)}. An object has one target. "
                "Let that target pass messages on to the queue, or remove it."
            )


def _notifications(configuration: dict[str, Any]) -> list[dict[str, Any]]:
    kinds = (_QUEUES, "TopicConfigurations", "LambdaFunctionConfigurations")
    return [notification for kind in kinds for notification in configuration.get(kind, [])]


def _prefix(notification: dict[str, Any]) -> str:
    rules = notification.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    return next((rule["Value"] for rule in rules if rule["Name"].lower() == "prefix"), "")


def _target(notification: dict[str, Any]) -> str:
    return str(next(value for name, value in notification.items() if name.endswith("Arn")))


def _lines(configuration: dict[str, Any]) -> list[str]:
    found = _notifications(configuration)
    lines = [f"{_prefix(each) or 'the whole bucket'} -> {_target(each)}" for each in found]
    return lines or ["The bucket has no notifications."]


if __name__ == "__main__":
    sys.exit(main())
