"""The content and lifetime of a night log note."""

from decimal import Decimal
from typing import Any

from common.errors import BadRequest
from common.number_parsing import as_float

DEFAULT_TTL_HOURS = 48.0
# Ten years. More is a typing error.
MAX_TTL_HOURS = 87_600.0
HOUR_S = 3600


def new_note(site: str, body: dict[str, Any], now: float) -> dict[str, Any]:
    """Return the note that a body describes.

    Parameters
    ----------
    site
        Site code.
    body
        `note_data`, an object or a text; `ttl_hours` inside or beside it is its lifetime.
    now
        Unix seconds.

    Returns
    -------
    dict
        The row to store: `site`, `created_timestamp` and `ttl_timestamp_seconds` (Unix seconds), `note_data`.

    Raises
    ------
    BadRequest
        If `note_data` is missing or something else, or `ttl_hours` no number of hours.
    """
    note_data = body.get("note_data")
    if not isinstance(note_data, (dict, str)) or note_data == "":
        raise BadRequest("note_data is required: an object or a text.")
    ttl_hours = note_data.get("ttl_hours") if isinstance(note_data, dict) else None
    hours = _ttl_hours(body.get("ttl_hours") if ttl_hours is None else ttl_hours)
    return {
        "site": site,
        "created_timestamp": int(now),
        "ttl_timestamp_seconds": int(now + hours * HOUR_S),
        "note_data": note_data,
    }


def is_live(note: dict[str, Any], now: float) -> bool:
    """Return whether a stored note has not expired. DynamoDB may delete expired ones days later.

    A note whose time is not a number never expires, as in DynamoDB.
    """
    ends = note.get("ttl_timestamp_seconds")
    return not isinstance(ends, Decimal) or ends > now


def _ttl_hours(given: Any) -> float:
    if given is None or given == "":
        return DEFAULT_TTL_HOURS
    hours = as_float(given)
    if not 0 < hours <= MAX_TTL_HOURS:
        raise BadRequest(f"ttl_hours must be a number of hours above 0, at most {MAX_TTL_HOURS:.0f}.")
    return hours
