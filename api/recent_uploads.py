"""Going through the log of recent uploads when it is longer than one answer."""

from bisect import bisect_right
from decimal import Decimal, InvalidOperation
from typing import Any

from common.errors import BadRequest

Position = tuple[Decimal, str]


def in_order(items: list[dict[str, Any]], after: Any) -> list[dict[str, Any]]:
    """Answer log items oldest first, those after a position if one is given.

    Parameters
    ----------
    items
        Rows of the log.
    after
        A position as `position_text` writes it.

    Raises
    ------
    BadRequest
        If `after` is no position.
    """
    ordered = sorted(items, key=_position)
    if not after:
        return ordered
    return ordered[bisect_right(ordered, _parsed(after), key=_position) :]


def position_text(item: dict[str, Any]) -> str:
    """Answer where an item stands in the log, as `after` has it: `{upload_timestamp_s},{site}`."""
    return f"{item['upload_timestamp_s']},{item['site']}"


def _position(item: dict[str, Any]) -> Position:
    return item["upload_timestamp_s"], item["site"]


def _parsed(text: Any) -> Position:
    timestamp, _, site = str(text).partition(",")
    try:
        seconds = Decimal(timestamp)
    except InvalidOperation:
        seconds = Decimal("NaN")
    if not seconds.is_finite():
        raise BadRequest("after must be {upload_timestamp_s},{site}, as a Link header gives it.")
    return seconds, site
