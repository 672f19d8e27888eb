"""Smart stacks: short exposures that are added up as they come in, each sum an image of its own.

Header card SMARTSTK says which stack an image belongs to, SSTKNUM how many exposures it adds up. Both are
text in one kind of header and integers in the other. Only the last sum of a stack is worth showing.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from common.numerals import number
from db.image import Image

_LESS_THAN_ANY = Decimal("-Infinity")


def stack_of(image: Image) -> Decimal | None:
    """Answer the number of the stack that an image belongs to; None where SMARTSTK is no number."""
    return number(image.card("SMARTSTK"))


def without_intermediates(images: list[Image], elsewhere: Iterable[Image] = ()) -> list[Image]:
    """Answer those of `images` that are the final ones of their stacks or belong to none, in their order.

    Parameters
    ----------
    images
        A list, or part of one.
    elsewhere
        Images of the rest of that list; if one of them is the final image, none of its stack is answered.
    """
    final = _final_images([*images, *elsewhere])
    return [image for image in images if (stack := stack_of(image)) is None or final[stack].id == image.id]


def _final_images(images: Iterable[Image]) -> dict[Decimal, Image]:
    """Answer the final image of each stack."""
    final: dict[Decimal, Image] = {}
    for image in images:
        stack = stack_of(image)
        if stack is not None and (stack not in final or _rank(image) > _rank(final[stack])):
            final[stack] = image
    return final


def _rank(image: Image) -> tuple[Decimal, Any]:
    """Answer what the final image is highest in: SSTKNUM, none being the lowest, and then its age."""
    counter = number(image.card("SSTKNUM"))
    return _LESS_THAN_ANY if counter is None else counter, image.order
