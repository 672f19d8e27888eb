"""Whether a row is stored already."""

from typing import Any

from common.dynamodb import Item, deserialised, serialised


def is_stored_as(row: Item, stored: Item) -> bool:
    """Return whether writing `row` over the row `stored`, as it was read, would change nothing."""
    return _is_same(deserialised(serialised(row)), stored)


def _is_same(one: Any, other: Any) -> bool:
    # Python takes True for 1, and DynamoDB does not.
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_is_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return bool(one == other)
