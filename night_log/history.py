"""The notes of a site's last 90 days, in one row beside its note.

The key of the row is `{site}#history`, which is no site code. Each note is a JSON text, so a note may be
nested as deeply here as in its own row.
"""

import json
from typing import Any

from common import logs
from common.dynamodb import ConditionFailed, Table
from common.errors import BadRequest, Unavailable
from common.number_parsing import whole_number
from common.responses import json_text

DAYS = 90
DAY_S = 24 * 3600
# A row has at most 400 KB: room for a thousand notes of a sentence or two. The oldest are dropped first.
MOST_BYTES = 300_000
# A caller that gets no response sends a note again. Within this time, the same note counts once.
SAME_NOTE_S = 600
MOST_NOTES = 1000
# Two observers seldom write at the same moment.
_ATTEMPTS = 5

_table = Table("NIGHT_LOG_TABLE")


def parse_count(given: Any) -> int:
    """Return how many notes a caller wants.

    Raises
    ------
    BadRequest
        If it is no number from 1 to `MOST_NOTES`.
    """
    count = whole_number(given)
    if count is None or not 1 <= count <= MOST_NOTES:
        raise BadRequest(f"history must be a whole number from 1 to {MOST_NOTES}: how many notes to return.")
    return count


def last(site: str, count: int, now: float) -> list[dict[str, Any]]:
    """Return the last notes of a site, at most `count`, the newest first. One read.

    Each has `site`, `created_timestamp` (Unix seconds) and `note_data`.
    """
    row = _table.get({"site": _key(site)}) or {}
    return [{"site": site, **note} for note in reversed(_recent(row, now)[-count:])]


def add(note: dict[str, Any]) -> None:
    """Add a site's new note. A read and a write, more if another note comes at the same moment.

    Raises
    ------
    Unavailable
        If other notes come again and again meanwhile.
    """
    entry = {"created_timestamp": note["created_timestamp"], "note_data": note["note_data"]}
    if len(json_text(entry).encode()) > MOST_BYTES:
        logs.logger.error("note too large for the history", extra={"fields": {"site": note["site"]}})
        return
    for _ in range(_ATTEMPTS):
        row = _table.get({"site": _key(note["site"])}) or {}
        found = _recent(row, note["created_timestamp"])
        if any(_is_same(earlier, entry) for earlier in found):
            return
        try:
            _write(note["site"], [*found, entry], row.get("version"))
        except ConditionFailed:
            continue
        return
    raise Unavailable("Try again later: other notes of this site are being written.")


def _write(site: str, notes: list[dict[str, Any]], version: Any) -> None:
    """Replace the row that has `version`; None if there was none."""
    condition = "attribute_not_exists(site)" if version is None else "version = :version"
    values = {} if version is None else {"ExpressionAttributeValues": {":version": version}}
    _table.put(
        {
            "site": _key(site),
            "notes": _fitting([json_text(note) for note in notes]),
            "version": 1 if version is None else version + 1,
            "ttl_timestamp_seconds": notes[-1]["created_timestamp"] + DAYS * DAY_S,
        },
        ConditionExpression=condition,
        **values,
    )


def _key(site: str) -> str:
    return f"{site}#history"


def _recent(row: dict[str, Any], now: float) -> list[dict[str, Any]]:
    """Return the notes of a row that are not too old, the oldest first."""
    notes = [json.loads(text) for text in row.get("notes", [])]
    return [note for note in notes if note["created_timestamp"] > now - DAYS * DAY_S]


def _is_same(earlier: dict[str, Any], entry: dict[str, Any]) -> bool:
    """Tell whether a note was sent twice.

    The notes are compared as JSON, because earlier notes are stored as JSON.
    """
    is_near = abs(earlier["created_timestamp"] - entry["created_timestamp"]) < SAME_NOTE_S
    return bool(is_near and earlier["note_data"] == json.loads(json_text(entry["note_data"])))


def _fitting(texts: list[str]) -> list[str]:
    """Return the newest notes that fit into the row."""
    room = MOST_BYTES
    for count, text in enumerate(reversed(texts)):
        room -= len(text.encode())
        if room < 0 or count == MOST_NOTES:
            return texts[len(texts) - count :]
    return texts
