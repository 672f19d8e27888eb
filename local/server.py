"""Serve a WSGI application on the loopback interface."""

import socket
import sys
from collections.abc import Iterable
from threading import Thread
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

HOST = "127.0.0.1"


class QuietHandler(WSGIRequestHandler):
    """Logs no requests, as the handlers do, and supports HTTP/1.1 clients that wait for 100 Continue."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Do nothing: the handlers log their requests."""


class Server:
    """A threaded HTTP server.

    Parameters
    ----------
    port
        0 for any free port.
    app
        The application.
    handler
        Parses requests.

    Raises
    ------
    OSError
        If the port is in use (`errno.EADDRINUSE`).
    """

    def __init__(self, port: int, app: WSGIApplication, handler: type[QuietHandler] = QuietHandler) -> None:
        # werkzeug's own bind ends the process when the port is in use
        with socket.create_server((HOST, port)) as bound:
            self._port: int = bound.getsockname()[1]
            self._server: BaseWSGIServer = make_server(
                HOST,
                self._port,
                _without_tracebacks(app),
                threaded=True,
                request_handler=handler,
                fd=bound.fileno(),
            )
        self._thread = Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """The URL of the server, without a trailing slash."""
        return f"http://{HOST}:{self._port}"

    def start(self) -> None:
        """Start serving in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def _without_tracebacks(app: WSGIApplication) -> WSGIApplication:
    """Return `app`, with one line in the log when a client disconnects while it sends a request body."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except ClientDisconnected:
            request = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
            print(
                f"{request}: the client disconnected before the end of the body.", file=sys.stderr, flush=True
            )
            # werkzeug ends such a request silently
            raise ConnectionAbortedError from None

    return serve
