"""Smart stacks: short exposures that are summed as they arrive. Each sum is an image.

The header card SMARTSTK says which stack an image belongs to, SSTKNUM how many exposures it sums. Some
headers have them as text, others as integers. Lists show only the last sum of a stack, the final image.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from common.number_parsing import number
from db.image import Image

_LESS_THAN_ANY = Decimal("-Infinity")


def stack_of(image: Image) -> Decimal | None:
    """Return the number of an image's stack; None if SMARTSTK is not a number."""
    return number(image.card("SMARTSTK"))


def without_intermediates(images: list[Image], elsewhere: Iterable[Image] = ()) -> list[Image]:
    """Return those of `images` that are final images or belong to no stack, in their order.

    Parameters
    ----------
    images
        A list, or part of one.
    elsewhere
        Images of the rest of that list. If one of them is the final image of a stack, no image of that stack
        is returned.
    """
    final = _final_images([*images, *elsewhere])
    return [image for image in images if (stack := stack_of(image)) is None or final[stack].id == image.id]


def _final_images(images: Iterable[Image]) -> dict[Decimal, Image]:
    """Return the final image of each stack."""
    final: dict[Decimal, Image] = {}
    for image in images:
        stack = stack_of(image)
        if stack is not None and (stack not in final or _rank(image) > _rank(final[stack])):
            final[stack] = image
    return final


def _rank(image: Image) -> tuple[Decimal, Any]:
    """Return the sort key that is highest for the final image: SSTKNUM, then the newest."""
    counter = number(image.card("SSTKNUM"))
    return _LESS_THAN_ANY if counter is None else counter, image.order
