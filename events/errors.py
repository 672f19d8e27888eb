"""Errors of the events routes."""

from collections.abc import Iterator
from contextlib import contextmanager

from common.errors import ApiError, BadRequest


class BadConfig(ApiError):
    """The stored config lacks what the night needs: 500, because the caller did nothing wrong."""


@contextmanager
def as_objects() -> Iterator[None]:
    """Turn the sentence of a bad request or config into `{"error": sentence}`, as `/events` responds."""
    try:
        yield
    except (BadRequest, BadConfig) as error:
        raise type(error)({"error": error.body}) from error
