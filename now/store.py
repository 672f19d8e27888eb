"""Reads of the tables of configs, uploads and notes.

They read little data, and have a shorter timeout than the reads of other routes.
"""

from collections.abc import Sequence
from typing import Any

from common.dynamodb import Item, Table
from events.observers import COORDINATES, REFERENCES

# An operator needs the parts that work, soon. Two attempts of a read fit into `reading.WAIT_S`.
READ_TIMEOUT_S = 2.0
# What the sky needs of a config of up to 13 KB.
CONFIG_KEYS = (*COORDINATES, *REFERENCES, "TZ_database_name", "name", "wema_name", "instance_type")

_configs = Table("CONFIG_TABLE_NAME", read_timeout_s=READ_TIMEOUT_S)
_uploads = Table("UPLOADS_LOG_TABLE_NAME", read_timeout_s=READ_TIMEOUT_S)
_notes = Table("NIGHT_LOG_TABLE", read_timeout_s=READ_TIMEOUT_S)


def configs() -> dict[str, dict[str, Any]]:
    """Return `CONFIG_KEYS` of the config of each site. One scan; each page reads 1 MB of whole configs.

    A config that is not a map is an empty one here.
    """
    names = {f"#{number}": key for number, key in enumerate(CONFIG_KEYS)}
    rows = _configs.scan(
        ProjectionExpression=", ".join(["site", *(f"configuration.{name}" for name in names)]),
        ExpressionAttributeNames=names,
    )
    return {row["site"]: row.get("configuration", {}) for row in rows}


def last_upload(site: str) -> Item | None:
    """Return the newest row of a site in the log of uploads; None without one. One query of one row."""
    rows, _ = _uploads.first_page(
        KeyConditionExpression="site = :site",
        ExpressionAttributeValues={":site": site},
        ProjectionExpression="filename, upload_timestamp_s",
        ScanIndexForward=False,
        Limit=1,
    )
    return rows[0] if rows else None


def notes(sites: Sequence[str]) -> dict[str, Item]:
    """Return the stored notes, expired or not, by site. One batch for each 100 sites."""
    keys = [{"site": site} for site in sites]
    return {row["site"]: row for row in _notes.get_many(keys, ConsistentRead=False)}
