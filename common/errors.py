"""Failures that a caller sees.

Domain code raises these; `common.endpoints` turns them into responses.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

# The body for the caller: a sentence, sent as text, or an object, sent as JSON.
Body = str | dict[str, Any]


class ApiError(Exception):
    """A failure with an HTTP status and a body for the caller.

    Parameters
    ----------
    body
        The body of the response.
    headers
        Additional headers of the response.
    """

    status = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, body: Body, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(body)
        self.body = body
        self.headers = dict(headers or {})


class BadRequest(ApiError):
    """The request is malformed: 400."""

    status = HTTPStatus.BAD_REQUEST


class Forbidden(ApiError):
    """The caller may not do this: 403."""

    status = HTTPStatus.FORBIDDEN


class NotFound(ApiError):
    """There is no such thing: 404."""

    status = HTTPStatus.NOT_FOUND


class Conflict(ApiError):
    """The current state does not allow it: 409."""

    status = HTTPStatus.CONFLICT


class TooLarge(ApiError):
    """More than can be stored: 413."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class Unprocessable(ApiError):
    """The named object exists but cannot be processed: 422."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class TryLater(ApiError):
    """A retry may help: a response with Retry-After."""

    retry_after_s = 5

    def __init__(self, body: Body) -> None:
        super().__init__(body, {"Retry-After": str(self.retry_after_s)})


class Unavailable(TryLater):
    """A backend does not respond: 503."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class TookTooLong(TryLater):
    """The work continues, but takes longer than a request may: 504."""

    status = HTTPStatus.GATEWAY_TIMEOUT
