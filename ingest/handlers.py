"""Lambda entry points of the ingester."""

from typing import Any

from common import init_phase
from ingest import batches, migration


@init_phase.needs(init_phase.S3, init_phase.DYNAMODB, init_phase.postgres)
def file_uploads(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """File the objects that a batch of messages announces; return the messages to try again."""
    return {"batchItemFailures": batches.file_all(event["Records"], context)}


def migrate_database(event: dict[str, Any], _context: Any) -> list[str]:
    """Bring the image database up to date; return a sentence for each step. `make migrate` calls it."""
    return migration.migrate(files_uploads=event["files_uploads"])
