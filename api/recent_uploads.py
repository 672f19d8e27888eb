"""Going through the log of recent uploads when it is longer than one answer."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from heapq import nlargest
from typing import Any

from api import store
from common.dynamodb import MAX_DIGITS, Item, item_size
from common.errors import BadRequest
from common.numerals import number, whole_number
from common.responses import MAX_LISTING_BYTES, Listing
from common.sites import check_site_code

ALL_SITES = "all"

Position = tuple[Decimal, str]

# So many items of the log, of some 200 bytes each, are far from Lambda's 6 MB.
MAX_LIMIT = 1000
# DynamoDB keeps numbers of at most this magnitude.
_LARGEST_EXPONENT = 125
# How much more than one answer is kept, while the log is read, before the newest of it are dropped.
_SLACK = 1.25


def listing(site: str, after: Any) -> Listing:
    """Return the log of one site, or of `ALL_SITES`, oldest first.

    That of one site is read only as far as it fits into an answer. That of all sites is read whole, for the
    table has it in no order, but only the oldest, as many as fit, are kept.

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
    """Return the newest `count` items of the log of one site, or of `ALL_SITES`, the newest first.

    Of one site no more is read. The table has those of all sites in no order, so they are all read.

    Raises
    ------
    BadRequest
        If `site` is no site code.
    """
    if site == ALL_SITES:
        return nlargest(count, _following(store.uploads_of_all_sites(), None), key=_position)
    return store.newest_uploads_of(check_site_code(site), count)


def check_limit(given: Any) -> int | None:
    """Return how many of the newest uploads a caller wants; None where it wants all.

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
    """Return the items that have a position, and of those the ones after `after`."""
    for item in items:
        if isinstance(item.get("upload_timestamp_s"), Decimal) and (after is None or _position(item) > after):
            yield item


def _oldest(items: Iterable[Item], most_bytes: int) -> tuple[list[Item], bool]:
    """Return the oldest items, in order, of at least `most_bytes`; and whether others were dropped.

    Never more than `_SLACK` times as much is kept.
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
    """Return where an item stands in the log, as `after` has it: `{upload_timestamp_s},{site}`."""
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
    """Return whether DynamoDB can have the number in a key."""
    return len(seconds.as_tuple().digits) <= MAX_DIGITS and abs(seconds.adjusted()) <= _LARGEST_EXPONENT
