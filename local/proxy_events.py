"""Events and responses of API Gateway's Lambda proxy integration, REST (v1) format."""

import base64
import json
import time
import uuid
from typing import Any

from werkzeug import Request as HttpRequest
from werkzeug import Response as HttpResponse

from common.aws import region
from local.deployment import Route

ACCOUNT = "000000000000"
API_ID = "local"
# Lambda's limit for a response.
MAX_RESPONSE_BYTES = 6 * 1024 * 1024
_STATUSES = range(100, 600)


class InvalidResponse(Exception):
    """A handler returned a value that API Gateway cannot turn into an HTTP response."""


def proxy_event(
    request: HttpRequest,
    route: Route,
    variables: dict[str, str],
    stage: str,
    *,
    as_base64: bool,
) -> dict[str, Any]:
    """Return the event for a request to `route`; `variables` are its decoded path parameters."""
    body = request.get_data()
    query = request.args.to_dict(flat=False)
    headers = _headers(request)
    return {
        "resource": route.resource,
        "path": request.path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": variables or None,
        "stageVariables": None,
        "requestContext": _context(request, route, stage),
        "body": _body_text(body, as_base64=as_base64),
        "isBase64Encoded": bool(body) and as_base64,
    }


def authorizer_event(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event of a REQUEST authorizer for a handler's `event`."""
    context = event["requestContext"]
    shared = {name: value for name, value in event.items() if name not in {"body", "isBase64Encoded"}}
    # the path below the stage, without doubled slashes
    route_path = "/".join(list(filter(None, context["path"].split("/")))[1:])
    arn = (
        f"arn:aws:execute-api:{region()}:{ACCOUNT}:{API_ID}/{context['stage']}"
        f"/{event['httpMethod']}/{route_path}"
    )
    return {"type": "REQUEST", "methodArn": arn, **shared}


def http_response(result: Any, request: HttpRequest) -> HttpResponse:
    """Return the HTTP response for a handler's result.

    Raises
    ------
    InvalidResponse
        If the result does not have the documented format, or is over 6 MB.
    """
    _check_result(result)
    body = result.get("body") or ""
    try:
        data = base64.b64decode(body) if result.get("isBase64Encoded") else body.encode()
    except ValueError as error:
        raise InvalidResponse("body is not base64") from error
    response = HttpResponse(data, status=result["statusCode"])
    response.headers.clear()
    headers = {name: [value] for name, value in (result.get("headers") or {}).items()}
    headers.update(result.get("multiValueHeaders") or {})
    for name, values in headers.items():
        for value in values:
            response.headers.add(name, str(value))
    if "Content-Type" not in response.headers:
        response.headers["Content-Type"] = "application/json"
    if request.method == "HEAD":
        response.set_data(b"")
    return response


def _check_result(result: Any) -> None:
    if not isinstance(result, dict):
        raise InvalidResponse("not an object")
    status = result.get("statusCode")
    if isinstance(status, bool) or not isinstance(status, int) or status not in _STATUSES:
        raise InvalidResponse("statusCode is not an HTTP status")
    if not isinstance(result.get("body") or "", str):
        raise InvalidResponse("body is not text")
    try:
        size = len(json.dumps(result, ensure_ascii=False).encode())
    except (TypeError, ValueError) as error:
        raise InvalidResponse("not JSON") from error
    if size > MAX_RESPONSE_BYTES:
        raise InvalidResponse("over 6 MB")


def _headers(request: HttpRequest) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for name, value in request.headers.items():
        headers.setdefault(name, []).append(value)
    return headers


def _body_text(body: bytes, *, as_base64: bool) -> str | None:
    if not body:
        return None
    return base64.b64encode(body).decode() if as_base64 else body.decode(errors="replace")


def _context(request: HttpRequest, route: Route, stage: str) -> dict[str, Any]:
    return {
        "accountId": ACCOUNT,
        "apiId": API_ID,
        "httpMethod": request.method,
        "identity": {"sourceIp": request.remote_addr, "userAgent": request.headers.get("User-Agent")},
        "path": request.path,
        "protocol": request.environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
        "requestId": str(uuid.uuid4()),
        "requestTimeEpoch": int(time.time() * 1000),
        "resourcePath": route.resource,
        "stage": stage,
    }
