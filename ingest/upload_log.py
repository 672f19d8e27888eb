"""The log of recent uploads: one row for each file, for 48 hours."""

from decimal import Decimal

from common.dynamodb import ConditionFailed, Table
from ingest.file_names import site_of
from ingest.notifications import StoredObject

EXPIRES_AFTER_S = 48 * 3600
# The sort key is a time in seconds. Two uploads of a site in the same millisecond get two different times.
_STEP = Decimal("0.001")

_uploads = Table("UPLOADS_LOG_TABLE_NAME")


def add(stored: StoredObject) -> None:
    """Log an upload. Repeating the call, with the same time of storing, changes nothing."""
    timestamp = Decimal(f"{stored.stored_at:.3f}")
    while not _was_written(stored, timestamp):
        timestamp += _STEP


def _was_written(stored: StoredObject, timestamp: Decimal) -> bool:
    """Write the row unless another file has its key; return whether the row is there."""
    row = {
        "site": site_of(stored.key),
        "upload_timestamp_s": timestamp,
        "filename": stored.key,
        "size_bytes": stored.size_bytes,
        "expire_timestamp_s": int(stored.stored_at + EXPIRES_AFTER_S),
    }
    try:
        _uploads.put(
            row,
            # True also for the row that an earlier, interrupted call wrote.
            ConditionExpression="attribute_not_exists(site) OR filename = :filename",
            ExpressionAttributeValues={":filename": stored.key},
        )
    except ConditionFailed:
        return False
    return True
