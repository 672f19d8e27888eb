"""The table of night log notes: key `site`, one note each. DynamoDB deletes expired notes some time later."""

from typing import Any

from common.dynamodb import Table

_table = Table("NIGHT_LOG_TABLE")


def read(site: str) -> dict[str, Any] | None:
    """Return the stored note of `site`, expired or not, or None. One consistent read."""
    return _table.get({"site": site})


def write(note: dict[str, Any]) -> None:
    """Store `note`, replacing the site's earlier one."""
    _table.put(note)


def delete(site: str) -> None:
    """Remove the note of `site`, if there is one."""
    _table.delete({"site": site})
