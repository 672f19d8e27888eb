"""The decorators of Lambda entry points. Each entry point checks its caller first, by `auth.access`."""

from auth import access
from common.endpoints import Endpoint, Handler, as_it_is, make_handler, with_message


def endpoint(function: Endpoint) -> Handler:
    """Make a Lambda handler of a function from request to response. It checks the caller first.

    `ApiError` becomes the response that it describes. Any other exception is logged once and becomes a fixed
    500 with the request id.
    """
    return make_handler(function, access.check, as_it_is)


def endpoint_with_json_errors(function: Endpoint) -> Handler:
    """Make a Lambda handler like `endpoint` whose errors are JSON: `{"message": sentence}`, also for a 500.

    Site computers read every response of `PUT /{site}/config` as JSON, and retry for ever if that fails.
    """
    return make_handler(function, access.check, with_message)
