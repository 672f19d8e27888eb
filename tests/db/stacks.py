"""The rule of smart stacks as one reads it: slow and obvious."""

from decimal import Decimal
from typing import Any

Package = dict[str, Any]


def final_images(newest_first: list[Package]) -> list[Package]:
    """Of packages (or cards), newest first, those that are no intermediates."""
    return [image for image in newest_first if image is _final(image, newest_first)]


def _final(image: Package, newest_first: list[Package]) -> Package:
    stack = _number(image.get("SMARTSTK"))
    if stack is None:
        return image
    stacked = [other for other in newest_first if _number(other.get("SMARTSTK")) == stack]
    highest = max(_counter(other) for other in stacked)
    return next(other for other in stacked if _counter(other) == highest)


def _counter(image: Package) -> Decimal:
    counter = _number(image.get("SSTKNUM"))
    return Decimal("-Infinity") if counter is None else counter


def _number(value: Any) -> Decimal | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        return None
    return number if number.is_finite() else None
