"""Responses made of pages: packages, cut at Lambda's 6 MB, with a link to the next page."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Any

from common.responses import Listing
from db import image_lists
from db.arguments import position_text, present
from db.image_lists import Page, Position
from db.packages import package


def listing(page: Page, next_page: Callable[[int], Mapping[str, Any]]) -> Listing:
    """Return the packages of a page.

    Parameters
    ----------
    page
        The images.
    next_page
        Returns the parameters of the next page, except the position, for the number of images sent so far.
    """

    def query(place: tuple[int, Position]) -> dict[str, str]:
        sent, position = place
        parameters = present({**next_page(sent), "after": position_text(position)})
        return {name: str(value) for name, value in parameters.items()}

    packages = (((count, image.order), package(image)) for count, image in enumerate(page.images, 1))
    return Listing(packages, query, query((len(page.images), page.rest)) if page.rest else None)


def newest_of_sites(sites: list[str], after: str) -> Listing:
    """Return the URL of the newest JPG of each site that has one, by site code.

    Parameters
    ----------
    sites
        Site codes, sorted. One response covers at most `image_lists.MAX_ROWS` of them.
    after
        Only sites after this one are covered; "" for all.
    """
    following = sites[bisect_right(sites, after) :]
    covered = following[: image_lists.MAX_ROWS]
    rest = {"after": covered[-1]} if len(following) > len(covered) else None
    return Listing(image_lists.newest_of_sites(covered), lambda site: {"after": site}, rest, is_object=True)
