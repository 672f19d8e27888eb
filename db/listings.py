"""Pages as answers: packages, cut where Lambda's 6 MB end, with the way on."""

from collections.abc import Callable, Mapping
from typing import Any

from common.responses import Listing
from db.arguments import position_text, present
from db.lists import Page, Position
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
    packages = [package(image) for image in page.images]
    places = {image.id: place for place, image in enumerate(page.images, 1)}

    def query(answered: int, position: Position) -> dict[str, str]:
        parameters = present({**onward(answered), "after": position_text(position)})
        return {name: str(value) for name, value in parameters.items()}

    def query_after(last: dict[str, Any]) -> dict[str, str]:
        place = places[last["image_id"]]
        return query(place, page.images[place - 1].order)

    return Listing(packages, query_after, query(len(packages), page.rest) if page.rest else None)
