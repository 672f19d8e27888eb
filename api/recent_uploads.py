"""Reads the log of recent uploads, which may be longer than one response."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from heapq import nlargest
from typing import Any

from api import store
from common.dynamodb import MAX_DIGITS, Item, item_size
from common.errors import BadRequest
from common.number_parsing import number, whole_number
from common.responses import MAX_LISTING_BYTES, Listing
from common.sites import check_site_code

ALL_SITES = "all"

Position = tuple[Decimal, str]

# This many items, of about 200 bytes each, are far below Lambda's 6 MB.
MAX_LIMIT = 1000
# The largest magnitude of a number in DynamoDB.
_LARGEST_EXPONENT = 125
# While the log is read, the newest items are dropped when memory holds this many times one response.
_SLACK = 1.25


def listing(site: str, after: Any) -> Listing:
    """Return the log of one site, or of `ALL_SITES`, oldest first.

    The log of one site is read only as far as it fits into a response. The log of all sites has no order in
    the table, so it is read completely, and the oldest items that fit are kept.

    Parameters
    ----------
    site
        A site code, or `ALL_SITES`.
    after
        A position as `_position_text` writes it; None or "" for the start of the log.

    Raises
    ------
    BadRequest
        If `site` is no site code, or `after` is no position.
    """
    position = _parsed(after) if after else None
    if site == ALL_SITES:
        return _of_all_sites(position)
    items = store.uploads_of(check_site_code(site), None if position is None else position[0])
    return _listing(site, _following(items, position))


def newest(site: str, count: int) -> list[Item]:
    """Return the newest `count` items of the log of one site, or of `ALL_SITES`, newest first.

    For one site only these are read. The items of all sites have no order in the table, so all are read.

    Raises
    ------
    BadRequest
        If `site` is no site code.
    """
    if site == ALL_SITES:
        return nlargest(count, _following(store.uploads_of_all_sites(), None), key=_position)
    return store.newest_uploads_of(check_site_code(site), count)


def check_limit(given: Any) -> int | None:
    """Return the number of newest uploads that a caller wants; None for all.

    Raises
    ------
    BadRequest
        If it is no whole number from 1 to `MAX_LIMIT`.
    """
    if given in (None, ""):
        return None
    limit = whole_number(given)
    if limit is None or not 1 <= limit <= MAX_LIMIT:
        raise BadRequest(f"limit must be a whole number from 1 to {MAX_LIMIT}.")
    return limit


def _of_all_sites(after: Position | None) -> Listing:
    items, dropped = _oldest(_following(store.uploads_of_all_sites(), after), MAX_LISTING_BYTES)
    rest = _query(ALL_SITES, _position_text(items[-1])) if dropped else None
    return _listing(ALL_SITES, items, rest)


def _listing(site: str, items: Iterable[Item], rest: dict[str, str] | None = None) -> Listing:
    marked = ((_position_text(item), item) for item in items)
    return Listing(marked, lambda position: _query(site, position), rest)


def _following(items: Iterable[Item], after: Position | None) -> Iterator[Item]:
    """Return the items that have a position after `after`."""
    for item in items:
        if isinstance(item.get("upload_timestamp_s"), Decimal) and (after is None or _position(item) > after):
            yield item


def _oldest(items: Iterable[Item], most_bytes: int) -> tuple[list[Item], bool]:
    """Return the oldest items, sorted, and whether newer ones were dropped.

    The items together have at least `most_bytes` if there are that many.

    At most `_SLACK` times `most_bytes` are in memory at a time.
    """
    kept: list[Item] = []
    size, dropped = 0, False
    for item in items:
        kept.append(item)
        size += item_size(item)
        if size > most_bytes * _SLACK:
            kept.sort(key=_position)
            while size > most_bytes + (last := item_size(kept[-1])) and len(kept) > 1:
                kept.pop()
                size -= last
            dropped = True
    return sorted(kept, key=_position), dropped


def _query(site: str, position: str) -> dict[str, str]:
    return {"site": site, "after": position}


def _position_text(item: Item) -> str:
    """Return the position of an item in the log, as in `after`: `{upload_timestamp_s},{site}`."""
    return f"{item['upload_timestamp_s']},{item['site']}"


def _position(item: Item) -> Position:
    return item["upload_timestamp_s"], item["site"]


def _parsed(text: Any) -> Position:
    timestamp, _, site = str(text).partition(",")
    seconds = number(timestamp)
    if seconds is None or not _is_storable(seconds):
        raise BadRequest("after must be {upload_timestamp_s},{site}, as a Link header gives it.")
    return seconds, site


def _is_storable(seconds: Decimal) -> bool:
    """Return whether the number is possible in a DynamoDB key."""
    return len(seconds.as_tuple().digits) <= MAX_DIGITS and abs(seconds.adjusted()) <= _LARGEST_EXPONENT
