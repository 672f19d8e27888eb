"""The decorators of Lambda entry points: they turn events into requests and errors into responses."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from auth import access
from common import logs, request_context
from common.errors import ApiError, Body
from common.requests import Request
from common.responses import Response, accepts_gzip, to_lambda

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
Endpoint = Callable[[Request], Response]


def endpoint(function: Endpoint) -> Handler:
    """Make a Lambda handler of a function from request to response. It checks the caller first.

    `ApiError` becomes the response that it describes. Any other exception is logged once and becomes a fixed
    500 with the request id.
    """
    return _handler(function, _as_it_is)


def endpoint_with_json_errors(function: Endpoint) -> Handler:
    """Make a Lambda handler like `endpoint` whose errors are JSON: `{"message": sentence}`, also of a 500.

    Site computers read every response of `PUT /{site}/config` as JSON, and retry for ever if that fails.
    """
    return _handler(function, _with_message)


def _handler(function: Endpoint, error_body: Callable[[Body], Body]) -> Handler:
    @wraps(function)
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        logs.set_up()
        started = time.perf_counter()
        request = Request.from_event(event)
        request_id = request.id or getattr(context, "aws_request_id", "")
        request_context.update(request_id=request_id, caller="")
        route = f"{event.get('httpMethod')} {event.get('resource')}"
        with request_context.deadline():
            answer = _answer(function, route, request, error_body)
        _log_answer(route, answer["statusCode"], started, request.address)
        return answer

    return handler


def _answer(
    function: Endpoint, route: str, request: Request, error_body: Callable[[Body], Body]
) -> dict[str, Any]:
    gzip = accepts_gzip(request.headers.get("accept-encoding", ""))
    try:
        access.check(route, request)
        return to_lambda(function(request), accepts_gzip=gzip)
    except ApiError as error:
        answer = Response(error.status, error_body(error.body), error.headers)
        return to_lambda(answer, accepts_gzip=gzip)
    except Exception as error:  # noqa: BLE001 - the outermost frame: callers get only the fixed response
        logs.logger.error("unforeseen error", extra={"fields": logs.failure(error)})
        body = {"error": "Internal server error", "request_id": request_context.current().request_id}
        return to_lambda(Response(500, error_body(body)), accepts_gzip=gzip)


def _as_it_is(body: Body) -> Body:
    return body


def _with_message(body: Body) -> Body:
    """Return an error's body as an object with the sentence as `message`."""
    if isinstance(body, str):
        return {"message": body}
    return {"message": body.get("error"), **body}


def _log_answer(route: str, status: int, started: float, address: str) -> None:
    """Log a response; for a change also the caller and the address."""
    fields = {
        "route": route,
        "status": status,
        "milliseconds": round((time.perf_counter() - started) * 1000, 1),
    }
    if caller := request_context.current().caller:
        fields |= {"caller": caller, "address": address}
    logs.logger.info("answered", extra={"fields": fields})
