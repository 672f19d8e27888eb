"""The log of recent uploads, written by the ingester: key `site`, sort key `upload_timestamp_s`."""

from typing import Any

from common.dynamodb import Table

_table = Table("UPLOADS_LOG_TABLE_NAME")


def uploads_of(site: str) -> list[dict[str, Any]]:
    """Answer the logged uploads of `site`, oldest first. One query, all pages."""
    return list(
        _table.query(
            KeyConditionExpression="site = :site",
            ExpressionAttributeValues={":site": site},
        )
    )


def uploads_of_all_sites() -> list[dict[str, Any]]:
    """Answer every logged upload, in no order. One scan, all pages."""
    return list(_table.scan())
