"""Lists of images, newest first, and going on with one where an answer ends."""

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

# What one answer reads at most: about as many packages as fit Lambda's 6 MB.
MAX_ROWS = 5000
# Headers come with the rows: 8 MB for so many.
ROWS_AT_ONCE = 1000
# With 10 s for each of the two statements that may still run, the answer comes before API Gateway's 29 s.
READ_ON_FOR_S = 5


@dataclass(frozen=True)
class Page:
    """Part of a list.

    Attributes
    ----------
    images
        Newest first.
    rest
        The position after which the list goes on; None at its end.
    """

    images: list[Image]
    rest: Position | None


def newest(filters: Mapping[str, Any], count: int, after: Position | None) -> Page:
    """Answer the newest images that `filters` let through.

    Parameters
    ----------
    filters
        Parameters of `queries.CONDITIONS` and their values.
    count
        How many are wanted in all; `MAX_ROWS` come at most, and a position to go on from.
    after
        The position after which to begin; None for the start of the list.
    """
    page = _page(filters, count, after, lambda images, **_: images)
    return page if len(page.images) < count else Page(page.images, None)


def newest_without_intermediates(filters: Mapping[str, Any], count: int, after: Position | None) -> Page:
    """Answer the newest images without those that are not the final ones of their smart stacks.

    A stack is judged by all of its images in the list, whichever page they would be on.

    Parameters
    ----------
    filters, after
        As those of `newest`.
    count
        How many are wanted at once. Fewer may come, and a position to go on from, where nearly all are
        intermediates.

    Raises
    ------
    NotFound
        If PostgreSQL refuses the query, as the documentation of the route has it.
    """

    def keep(images: list[Image], *, whole: bool) -> list[Image]:
        return without_intermediates(images, () if whole else _final_images(images, filters))

    try:
        return _page(filters, count, after, keep)
    except postgres.QueryFailed as error:
        logs.logger.error("query failed", extra={"fields": logs.failure(error.__cause__ or error)})
        raise NotFound("exception during query") from error


def newest_of_sites(sites: list[str]) -> Iterator[tuple[str, str]]:
    """Return each site and the URL of the medium JPG of its newest image, for the sites that have one.

    They come in the order of the site codes.
    """
    rows = sorted(queries.newest_of_each(sites), key=lambda row: row["site"])
    return ((row["site"], jpg_url(row, MEDIUM)) for row in rows)


def _page(
    filters: Mapping[str, Any], count: int, after: Position | None, keep: Callable[..., list[Image]]
) -> Page:
    """Read on until `count` images are kept, or until it is too much for one answer."""
    deadline = time.monotonic() + READ_ON_FOR_S
    kept: list[Image] = []
    position, rows_read, more = after, 0, True
    while more and len(kept) < count and rows_read < MAX_ROWS and time.monotonic() < deadline:
        # at least what is wanted; if little of that is kept, as much again as was read before
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
    """Answer the final images of the stacks of `images`, wherever in the list they are."""
    stacks = {stack for image in images if (stack := stack_of(image)) is not None}
    return [Image.from_row(row) for row in queries.final_of_each(stacks, filters)] if stacks else []
