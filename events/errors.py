"""How the events routes say what went wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

from common.errors import ApiError, BadRequest


class BadConfig(ApiError):
    """The stored config does not tell what the night needs: 500, for the caller did nothing wrong."""

    status = 500


@contextmanager
def as_objects() -> Iterator[None]:
    """Turn the sentence of a bad request or config into `{"error": sentence}`, as `/events` answers it."""
    try:
        yield
    except (BadRequest, BadConfig) as error:
        raise type(error)({"error": error.body}) from error
