"""The ways a request can fail that a caller should hear about.

Domain code raises these; `common.endpoints` turns them into answers.
"""

from collections.abc import Mapping
from typing import Any

# What a caller is told: a sentence, sent as it is, or an object, sent as JSON.
Body = str | dict[str, Any]


class ApiError(Exception):
    """A failure with an HTTP status and a body for the caller.

    Parameters
    ----------
    body
        What the caller is told.
    headers
        Headers of the answer beyond those that every answer has.
    """

    status = 500

    def __init__(self, body: Body, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(body)
        self.body = body
        self.headers = dict(headers or {})


class BadRequest(ApiError):
    """The request is malformed: 400."""

    status = 400


class Forbidden(ApiError):
    """The caller may not do this: 403."""

    status = 403


class NotFound(ApiError):
    """There is no such thing: 404."""

    status = 404


class Conflict(ApiError):
    """The state of things does not allow it: 409."""

    status = 409


class TooLarge(ApiError):
    """More than can be stored: 413."""

    status = 413


class Unprocessable(ApiError):
    """What the request names is there, but is not what it should be: 422."""

    status = 422


class TryLater(ApiError):
    """Trying again later may help: an answer with Retry-After."""

    retry_after_s = 5

    def __init__(self, body: Body) -> None:
        super().__init__(body, {"Retry-After": str(self.retry_after_s)})


class Unavailable(TryLater):
    """A backend does not answer: 503."""

    status = 503


class TookTooLong(TryLater):
    """The work goes on, but is not done in the time that a request has: 504."""

    status = 504
