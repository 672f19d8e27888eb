"""A stand-in for Lambda's API: serves Invoke with the project's functions."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from werkzeug import Request, Response

from local.deployment import Function
from local.invocation import Invoker

# The first segment of Lambda's paths, its API version.
PREFIX = "2015-03-31"
# Lambda's longest timeout.
MAX_TIMEOUT_S = 900


def lambda_api(functions: dict[str, Function], invoker: Invoker) -> Callable[[Request], Response]:
    """Return an application for `/2015-03-31/functions/{name}/invocations`."""
    by_deployed_name = {function.deployed_name: function for function in functions.values()}

    def invoke(request: Request) -> Response:
        if request.method != "POST":
            return _json(
                {"Message": "A function is invoked with POST"}, 405, "InvalidRequestContentException"
            )
        name = unquote(request.path.removeprefix(f"/{PREFIX}/functions/").partition("/")[0])
        function = by_deployed_name.get(name)
        if function is None:
            return _json({"Message": f"Function not found: {name}"}, 404, "ResourceNotFoundException")
        try:
            event = json.loads(request.get_data() or b"null")
        except ValueError:
            return _json({"Message": "The payload is not JSON"}, 400, "InvalidRequestContentException")
        return _invoked(invoker, function, event)

    return invoke


def _invoked(invoker: Invoker, function: Function, event: Any) -> Response:
    try:
        return _json(invoker(function, event, MAX_TIMEOUT_S), 200)
    except Exception as error:  # noqa: BLE001 - Lambda reports any exception in its response
        response = _json({"errorMessage": str(error), "errorType": type(error).__name__}, 200)
        response.headers["X-Amz-Function-Error"] = "Unhandled"
        return response


def _json(body: Any, status: int, error_type: str | None = None) -> Response:
    response = Response(json.dumps(body), status=status, content_type="application/json")
    if error_type:
        response.headers["x-amzn-ErrorType"] = error_type
    return response
