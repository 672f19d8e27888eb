"""Lambda entry point of the ingester."""

from typing import Any

from ingest import batches


def file_uploads(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """File what a batch of messages tells of; return which messages are to be tried again."""
    return {"batchItemFailures": batches.file_all(event["Records"], context)}
