"""Serving a WSGI application on the loopback interface."""

import socket
from threading import Thread
from wsgiref.types import WSGIApplication

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

HOST = "127.0.0.1"


class QuietHandler(WSGIRequestHandler):
    """Logs nothing, for the handlers do, and speaks HTTP/1.1, for clients that wait for 100 Continue."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


class Server:
    """A threaded HTTP server.

    Parameters
    ----------
    port
        0 for any that is free.
    app
        What it serves.
    handler
        How it reads requests.

    Raises
    ------
    OSError
        If the port is taken (`errno.EADDRINUSE`).
    """

    def __init__(self, port: int, app: WSGIApplication, handler: type[QuietHandler] = QuietHandler) -> None:
        # werkzeug, left to bind by itself, ends the process when the port is taken
        with socket.create_server((HOST, port)) as bound:
            self._port: int = bound.getsockname()[1]
            self._server: BaseWSGIServer = make_server(
                HOST, self._port, app, threaded=True, request_handler=handler, fd=bound.fileno()
            )
        self._thread = Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://{HOST}:{self._port}"

    def start(self) -> None:
        """Begin to serve, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
