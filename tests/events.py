"""Builders of Lambda events, and a way to call a handler without HTTP."""

import json
from dataclasses import dataclass
from typing import Any

from common.endpoints import Handler


def event(
    *,
    path: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    body: Any = None,
    headers: dict[str, str] | None = None,
    method: str = "GET",
) -> dict[str, Any]:
    """A REST proxy event; a `body` that is no text becomes JSON."""
    return {
        "resource": "/under/test",
        "httpMethod": method,
        "headers": headers,
        "pathParameters": path,
        "queryStringParameters": query,
        "body": body if body is None or isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
        "requestContext": {"requestId": "request-1", "identity": {"sourceIp": "192.0.2.1"}},
    }


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: dict[str, str]


def call(handler: Handler, **parts: Any) -> Answer:
    """Call a handler with the event that `event(**parts)` makes; a JSON body is parsed."""
    answer = handler(event(**parts), None)
    body = answer["body"]
    if answer["headers"].get("Content-Type") == "application/json":
        body = json.loads(body)
    return Answer(answer["statusCode"], body, answer["headers"])
