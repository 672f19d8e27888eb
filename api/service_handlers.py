"""Lambda entry points that show that the service runs."""

from auth.endpoints import endpoint
from common.requests import Request
from common.responses import Response, ok


@endpoint
def home(_request: Request) -> Response:
    """`GET /`: show that the API runs."""
    return ok("New photon ranch API")


@endpoint
def dummy_requires_auth(_request: Request) -> Response:
    """`POST /dummy-requires-auth`: show that the caller's token is valid."""
    return ok("successful authorization")
