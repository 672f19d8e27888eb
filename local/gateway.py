"""The gateway: serves the handlers over HTTP with the visible behaviour of API Gateway."""

import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug import Request, Response

from common import logs
from local import callers
from local.deployment import Deployment, Function, Route
from local.invocation import Invoker
from local.proxy_events import InvalidResponse, authorizer_event, http_response, proxy_event
from local.routing import find, resource_tree

MAX_REQUEST_BYTES = 10 * 1024 * 1024

StandIn = Callable[[Request], Response]


class Gateway:
    """A WSGI application that serves the routes of a deployment.

    Parameters
    ----------
    deployment
        serverless.yml.
    invoker
        Runs the handlers.
    stand_ins
        Applications for paths outside the API, by first segment: Lambda's own API, Auth0, RemoteHQ.
    """

    def __init__(
        self, deployment: Deployment, invoker: Invoker, stand_ins: dict[str, StandIn] | None = None
    ) -> None:
        self._deployment = deployment
        self._invoke = invoker
        self._stand_ins = stand_ins or {}
        self._root = resource_tree(deployment.routes)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        request = Request(environ)
        response = self._respond(request)
        return response(environ, start_response)

    def _respond(self, request: Request) -> Response:
        first, *rest = list(filter(None, _raw_path(request).split("/"))) or [""]
        if first in self._stand_ins:
            return self._call_stand_in(first, request)
        found = find(self._root, "/".join(rest)) if first == self._deployment.base_path else None
        if found is None:
            return self._own(403, "Missing Authentication Token")
        resource, variables = found
        if request.method == "OPTIONS":
            return self._preflight(resource.routes)
        route = resource.routes.get(request.method)
        if route is None:
            return self._own(403, "Missing Authentication Token")
        return self._call(request, route, variables)

    def _call_stand_in(self, first: str, request: Request) -> Response:
        """Pass on the request of a program. Web pages may call only the API."""
        if callers.is_foreign_host(request.environ) or callers.is_from_a_page(request.environ):
            return Response(json.dumps({"message": callers.REFUSAL}), 403, content_type="application/json")
        return self._stand_ins[first](request)

    def _call(self, request: Request, route: Route, variables: dict[str, str]) -> Response:
        if (request.content_length or 0) > MAX_REQUEST_BYTES:
            return self._own(413, "Request Too Long")
        # A chunked body has no length: read one byte more than the limit to detect the excess.
        request.max_content_length = MAX_REQUEST_BYTES + 1
        if len(request.get_data()) > MAX_REQUEST_BYTES:
            return self._own(413, "Request Too Long")
        event = proxy_event(
            request, route, variables, self._deployment.stage, as_base64=self._deployment.takes_binary
        )
        if route.authorizer is not None:
            refusal = self._authorize(route.authorizer, event)
            if refusal is not None:
                return refusal
        return self._run(request, route, event)

    def _run(self, request: Request, route: Route, event: dict[str, Any]) -> Response:
        try:
            return http_response(self._invoke(route.function, event), request)
        except TimeoutError:
            return self._own(504, "Endpoint request timed out")
        except InvalidResponse as error:
            _log(route.function, f"invalid response: {error}")
        except Exception as error:  # noqa: BLE001 - for API Gateway, any exception of a handler is a 502
            _log(route.function, "handler raised", logs.failure(error))
        return self._own(502, "Internal server error")

    def _authorize(self, authorizer: Function, event: dict[str, Any]) -> Response | None:
        """Call the authorizer. Return its refusal, or None after adding its context to the event."""
        if not any(name.lower() == "authorization" and value for name, value in event["headers"].items()):
            # API Gateway does not call the authorizer without the identity source.
            return self._own(401, "Unauthorized")
        try:
            policy = self._invoke(authorizer, authorizer_event(event))
            effect = policy["policyDocument"]["Statement"][0]["Effect"]
        except Exception as error:  # noqa: BLE001 - an authorizer that raises anything else is misconfigured
            if str(error) == "Unauthorized":
                return self._own(401, "Unauthorized")
            _log(authorizer, "authorizer raised", logs.failure(error))
            return self._own(500, None)
        if effect != "Allow":
            return self._own(403, "User is not authorized to access this resource with an explicit deny")
        event["requestContext"]["authorizer"] = {
            "principalId": policy["principalId"],
            **{name: str(value) for name, value in policy.get("context", {}).items()},
        }
        return None

    def _preflight(self, routes: dict[str, Route]) -> Response:
        with_cors = [route for route in routes.values() if route.preflight_headers is not None]
        if not with_cors:
            return self._own(403, "Missing Authentication Token")
        methods = ",".join(["OPTIONS", *(route.method for route in with_cors)])
        headers = {**(with_cors[0].preflight_headers or {}), "Access-Control-Allow-Methods": methods}
        return Response(status=200, headers=headers, content_type="application/json")

    def _own(self, status: int, message: str | None) -> Response:
        """Return a response that API Gateway makes without the handler."""
        return Response(
            json.dumps({"message": message}),
            status=status,
            headers=self._deployment.gateway_headers(status),
            content_type="application/json",
        )


def _raw_path(request: Request) -> str:
    """Return the path as sent, percent-encoded: %2F does not separate segments."""
    raw = str(request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.path)
    # a client that treats this server as a proxy sends the whole URL
    absolute = raw.startswith(("http://", "https://"))
    return (urlsplit(raw).path if absolute else raw).partition("?")[0]


def _log(function: Function, message: str, fields: dict[str, str] | None = None) -> None:
    logs.logger.error(message, extra={"fields": {"function": function.name, **(fields or {})}})
