"""Pages as answers: packages, cut where Lambda's 6 MB end, with the way on."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Any

from common.responses import Listing
from db import image_lists
from db.arguments import position_text, present
from db.image_lists import Page, Position
from db.packages import package


def listing(page: Page, onward: Callable[[int], Mapping[str, Any]]) -> Listing:
    """Answer the packages of a page.

    Parameters
    ----------
    page
        The images.
    onward
        Given the number of images answered: the parameters, beside the position, that lead on from there.
    """

    def query(place: tuple[int, Position]) -> dict[str, str]:
        answered, position = place
        parameters = present({**onward(answered), "after": position_text(position)})
        return {name: str(value) for name, value in parameters.items()}

    packages = (((count, image.order), package(image)) for count, image in enumerate(page.images, 1))
    return Listing(packages, query, query((len(page.images), page.rest)) if page.rest else None)


def newest_of_sites(sites: list[str], after: str) -> Listing:
    """Return the URL of the newest JPG of each site that has one, by site code.

    Parameters
    ----------
    sites
        Site codes, sorted. One answer is about so many of them as a list of images has rows at most.
    after
        Only sites after this one are looked at; "" for all.
    """
    following = sites[bisect_right(sites, after) :]
    looked_at = following[: image_lists.MAX_ROWS]
    rest = {"after": looked_at[-1]} if len(following) > len(looked_at) else None
    return Listing(image_lists.newest_of_sites(looked_at), lambda site: {"after": site}, rest, is_object=True)
