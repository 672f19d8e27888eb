"""Pages of image lists, newest first, and the position from which the next page starts."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common import logs, postgres
from common.errors import NotFound
from db import queries
from db.image import Image
from db.packages import MEDIUM, jpg_url
from db.smart_stacks import stack_of, without_intermediates

Position = tuple[datetime, int]

# The most rows that one response reads: about as many packages as fit into Lambda's 6 MB.
MAX_ROWS = 5000
# Each row brings its header: 1,000 rows take 8 MB of memory.
ROWS_AT_ONCE = 1000
# Two more statements of 10 s each may follow. The response still leaves before API Gateway's 29 s.
READ_FOR_S = 5


@dataclass(frozen=True)
class Page:
    """One page of a list.

    Attributes
    ----------
    images
        Newest first.
    rest
        The position after which the next page starts; None on the last page.
    """

    images: list[Image]
    rest: Position | None


def newest(filters: Mapping[str, Any], count: int, after: Position | None) -> Page:
    """Return the newest images that match `filters`.

    Parameters
    ----------
    filters
        Parameters of `queries.CONDITIONS` and their values.
    count
        How many images the caller wants in all. A page has at most `MAX_ROWS`, and a position for the next.
    after
        The position after which the page starts; None for the start of the list.
    """
    page = _page(filters, count, after, lambda images, **_: images)
    return page if len(page.images) < count else Page(page.images, None)


def newest_without_intermediates(filters: Mapping[str, Any], count: int, after: Position | None) -> Page:
    """Return the newest images without the intermediate ones of smart stacks.

    The final image of a stack is searched in the whole list, not only in this page.

    Parameters
    ----------
    filters, after
        As those of `newest`.
    count
        How many images the page should have. If nearly all images are intermediate, the page may have fewer,
        and a position for the next page.

    Raises
    ------
    NotFound
        If PostgreSQL rejects the query. The route's documentation asks for this status.
    """

    def keep(images: list[Image], *, whole: bool) -> list[Image]:
        return without_intermediates(images, () if whole else _final_images(images, filters))

    try:
        return _page(filters, count, after, keep)
    except postgres.QueryFailed as error:
        logs.logger.error("query failed", extra={"fields": logs.failure(error.__cause__ or error)})
        raise NotFound("exception during query") from error


def newest_of_sites(sites: list[str]) -> Iterator[tuple[str, str]]:
    """Return each site that has images with the URL of its newest medium JPG, sorted by site code."""
    rows = sorted(queries.newest_of_each(sites), key=lambda row: row["site"])
    return ((row["site"], jpg_url(row, MEDIUM)) for row in rows)


def _page(
    filters: Mapping[str, Any], count: int, after: Position | None, keep: Callable[..., list[Image]]
) -> Page:
    """Read rows until `count` images are kept, or one response can take no more rows or time."""
    deadline = time.monotonic() + READ_FOR_S
    kept: list[Image] = []
    position, rows_read, more = after, 0, True
    while more and len(kept) < count and rows_read < MAX_ROWS and time.monotonic() < deadline:
        # If few of the rows are kept, the next read doubles, so that the number of queries stays small.
        size = min(max(count - len(kept), rows_read), ROWS_AT_ONCE, MAX_ROWS - rows_read)
        rows = queries.newest(filters, size + 1, position)
        images, more = [Image.from_row(row) for row in rows[:size]], len(rows) > size
        kept += keep(images, whole=position is None and not more)
        rows_read += len(images)
        position = images[-1].order if images else position
    if len(kept) > count:
        return Page(kept[:count], kept[count - 1].order)
    return Page(kept, position if more else None)


def _final_images(images: list[Image], filters: Mapping[str, Any]) -> list[Image]:
    """Return the final images of the stacks of `images`, from the whole list."""
    stacks = {stack for image in images if (stack := stack_of(image)) is not None}
    return [Image.from_row(row) for row in queries.final_of_each(stacks, filters)] if stacks else []
