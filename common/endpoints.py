"""Lambda handlers made of functions: they turn events into requests and errors into responses."""

import time
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from common import logs, request_context
from common.errors import ApiError, Body
from common.requests import Request
from common.responses import Response, accepts_gzip, to_lambda

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
Endpoint = Callable[[Request], Response]
# Allows a request of a route, "GET /", or raises.
Check = Callable[[str, Request], None]
# Makes the body of the response from the body of an error.
ErrorBody = Callable[[Body], Body]


def make_handler(function: Endpoint, check: Check, error_body: ErrorBody) -> Handler:
    """Return a Lambda handler that checks each request and then calls `function`.

    Parameters
    ----------
    function
        From request to response.
    check
        Called first, with the route and the request. It raises `ApiError` for a caller who is not allowed.
    error_body
        `as_it_is` or `with_message`.
    """

    @wraps(function)
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        logs.set_up()
        started = time.perf_counter()
        request = Request.from_event(event)
        request_id = request.id or getattr(context, "aws_request_id", "")
        request_context.update(request_id=request_id, caller="")
        route = f"{event.get('httpMethod')} {event.get('resource')}"
        with request_context.deadline():
            response = _respond(function, check, route, request, error_body)
        _log_response(route, response["statusCode"], started, request.address)
        return response

    return handler


def _respond(
    function: Endpoint, check: Check, route: str, request: Request, error_body: ErrorBody
) -> dict[str, Any]:
    gzip = accepts_gzip(request.headers.get("accept-encoding", ""))
    try:
        check(route, request)
        if_none_match = request.headers.get("if-none-match", "") if route.startswith("GET ") else None
        return to_lambda(function(request), accepts_gzip=gzip, if_none_match=if_none_match)
    except ApiError as error:
        response = Response(error.status, error_body(error.body), error.headers)
        return to_lambda(response, accepts_gzip=gzip)
    except Exception as error:  # noqa: BLE001 - the outermost frame: callers get only the fixed response
        logs.logger.error("unforeseen error", extra={"fields": logs.failure(error)})
        body = {"error": "Internal server error", "request_id": request_context.current().request_id}
        response = Response(HTTPStatus.INTERNAL_SERVER_ERROR, error_body(body))
        return to_lambda(response, accepts_gzip=gzip)


def as_it_is(body: Body) -> Body:
    """Return an error's body unchanged."""
    return body


def with_message(body: Body) -> Body:
    """Return an error's body as an object with the sentence as `message`."""
    if isinstance(body, str):
        return {"message": body}
    return {"message": body.get("error"), **body}


def _log_response(route: str, status: int, started: float, address: str) -> None:
    """Log a response; for a change also the caller and the address."""
    fields = {
        "route": route,
        "status": status,
        "milliseconds": round((time.perf_counter() - started) * 1000, 1),
    }
    if caller := request_context.current().caller:
        fields |= {"caller": caller, "address": address}
    logs.logger.info("answered", extra={"fields": fields})
