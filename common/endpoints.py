"""The decorators of Lambda entry points: an event becomes a request, an error becomes an answer."""

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
    """Make a Lambda handler of a function from request to response, for callers who may do what it does.

    `ApiError` becomes the answer that it describes. Anything else is a fault of ours: logged once, and
    answered with a fixed 500 that carries the request id and nothing else.
    """
    return _handler(function, _as_it_is)


def endpoint_with_json_errors(function: Endpoint) -> Handler:
    """Make a Lambda handler like `endpoint` whose errors are JSON: `{"message": sentence}`, also of a 500.

    Site computers read any answer of `PUT /{site}/config` as JSON, and try again for ever where that fails.
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
    except Exception as error:  # noqa: BLE001 - the outermost frame: nothing may leave but the fixed answer
        logs.logger.error("unforeseen error", extra={"fields": logs.failure(error)})
        body = {"error": "Internal server error", "request_id": request_context.current().request_id}
        return to_lambda(Response(500, error_body(body)), accepts_gzip=gzip)


def _as_it_is(body: Body) -> Body:
    return body


def _with_message(body: Body) -> Body:
    """Return an error's body as an object that has the sentence as `message`."""
    if isinstance(body, str):
        return {"message": body}
    return {"message": body.get("error"), **body}


def _log_answer(route: str, status: int, started: float, address: str) -> None:
    """Log an answer, of a change also who asked for it, and from where."""
    fields = {
        "route": route,
        "status": status,
        "milliseconds": round((time.perf_counter() - started) * 1000, 1),
    }
    if caller := request_context.current().caller:
        fields |= {"caller": caller, "address": address}
    logs.logger.info("answered", extra={"fields": fields})
