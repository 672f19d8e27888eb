"""S3, DynamoDB, SQS and SSM in one process: moto's server. Runs as a child process."""

import json
import socket
import sys
import time
from collections.abc import Callable, Iterable
from io import BytesIO
from threading import Lock
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug import Response

from local import callers, faster_moto, upload_limits
from local.child import stay_until_parent_ends
from local.server import QuietHandler, Server

# nginx's status for a client that disconnected before the response.
CLIENT_CLOSED_REQUEST = 499
# CPU time, so that other load does not count. A row takes about 50 microseconds, a cold first request 0.3 s.
SLOW_S = 0.5
WARNING_INTERVAL_S = 60.0


class Handler(QuietHandler, MotoRequestHandler):
    """Parses headers in the form that moto needs."""


class PageFilter:
    """Rejects requests of web pages, except those that use presigned URLs and forms of S3."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        from_a_page = callers.is_from_a_page(environ)
        if callers.is_foreign_host(environ) or (from_a_page and not callers.may_page_call_s3(environ)):
            refusal = Response(json.dumps({"message": callers.REFUSAL}), 403, content_type="application/json")
            return refusal(environ, start_response)
        return self._app(environ, start_response)


class RequestLock:
    """Serves one request to DynamoDB or one conditional write to S3 at a time.

    moto's operations are not atomic.

    Parameters
    ----------
    app
        Serves the requests.
    slow_s
        CPU time from which a request is reported as slow, at most once a minute (seconds).
    """

    def __init__(self, app: WSGIApplication, slow_s: float = SLOW_S) -> None:
        self._app = app
        self._lock = Lock()
        self._slow_s = slow_s
        self._silent_until = 0.0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if not (_is_for_dynamodb(environ) or _is_conditional_write(environ)):
            return self._app(environ, start_response)
        if length := environ.get("CONTENT_LENGTH"):
            # read before taking the lock, so that a client that stalls delays no other
            environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(int(length)))
        with self._lock:
            if _has_disconnected(environ):
                return Response(status=CLIENT_CLOSED_REQUEST)(environ, start_response)
            started_s = time.thread_time()
            try:
                return self._app(environ, start_response)
            finally:
                if _is_for_dynamodb(environ):
                    self._warn_if_slow(
                        environ["HTTP_X_AMZ_TARGET"].partition(".")[2], time.thread_time() - started_s
                    )

    def _warn_if_slow(self, operation: str, took_s: float) -> None:
        """Print a warning if a request was slow."""
        if took_s <= self._slow_s or time.monotonic() < self._silent_until:
            return
        self._silent_until = time.monotonic() + WARNING_INTERVAL_S
        print(
            f"The local DynamoDB took {took_s:.1f} s for a {operation}. It becomes slow with some thousand"
            " rows in a queue or a table. DynamoDB on AWS does not.",
            file=sys.stderr,
            flush=True,
        )


def _is_for_dynamodb(environ: WSGIEnvironment) -> bool:
    return str(environ.get("HTTP_X_AMZ_TARGET", "")).startswith("DynamoDB_")


def _is_conditional_write(environ: WSGIEnvironment) -> bool:
    return environ["REQUEST_METHOD"] == "PUT" and (
        "HTTP_IF_MATCH" in environ or "HTTP_IF_NONE_MATCH" in environ
    )


def _has_disconnected(environ: WSGIEnvironment) -> bool:
    """Return whether the client has closed its connection.

    A client retries after a timeout. If the server still ran the abandoned requests, it would never catch up
    once it is behind.
    """
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is None:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def make_server(wrap: Callable[[WSGIApplication], WSGIApplication] = lambda app: app) -> Server:
    """Return a server on a free port, yet to be started; `wrap` puts a layer in front of the services."""
    faster_moto.install()
    upload_limits.install()
    app = PageFilter(RequestLock(DomainDispatcherApplication(create_backend_app)))
    return Server(0, wrap(app), Handler)


def main() -> None:
    """Serve on a free port, report its URL, and end when the parent ends."""
    server = make_server()
    server.start()
    stay_until_parent_ends({"url": server.url})


if __name__ == "__main__":
    main()
