"""Lambda's runtime API: hands one event after another to a runtime client, and takes its responses.

`awslambdaric` is the client that AWS runs functions with. It asks this API for the next event when the init
phase is over. Paths and headers are those of AWS's documentation, "Using the Lambda runtime API".
"""

import json
import time
from http import HTTPStatus
from queue import Queue
from typing import Any

from werkzeug import Request, Response

from local.server import QuietHandler, Server

_NEXT = "/2018-06-01/runtime/invocation/next"
_DEADLINE_S = 900


class _Handler(QuietHandler):
    # Otherwise the client waits 40 ms for the body of a response, which is a packet of its own.
    disable_nagle_algorithm = True


class RuntimeApi:
    """The API for one process.

    Attributes
    ----------
    address
        Its host and port, for `AWS_LAMBDA_RUNTIME_API`.
    """

    def __init__(self) -> None:
        self._asked: Queue[None] = Queue()
        self._events: Queue[Any] = Queue()
        self._responses: Queue[tuple[str, Any]] = Queue()
        self._server = Server(0, Request.application(self._serve), _Handler)
        self._server.start()
        self.address = self._server.url.removeprefix("http://")

    def wait_until_asked(self, timeout_s: float = 60) -> None:
        """Wait until the client asks for an event: the init phase is over, or the call before it."""
        self._asked.get(timeout=timeout_s)

    def call(self, event: Any, timeout_s: float = 120) -> Any:
        """Hand over an event; return the handler's response.

        Raises
        ------
        RuntimeError
            If the handler raised an error.
        """
        self._events.put(event)
        kind, response = self._responses.get(timeout=timeout_s)
        if kind != "response":
            raise RuntimeError(f"The function failed: {response}")
        return response

    def stop(self) -> None:
        """End the client's wait, and stop listening."""
        self._events.put(None)
        self._server.stop()

    def _serve(self, request: Request) -> Response:
        if request.path == _NEXT:
            return self._next()
        self._responses.put((request.path.rpartition("/")[2], request.get_json(force=True, silent=True)))
        return Response("{}", HTTPStatus.ACCEPTED, content_type="application/json")

    def _next(self) -> Response:
        self._asked.put(None)
        event = self._events.get()
        if event is None:
            return Response(status=HTTPStatus.GONE)
        headers = {
            "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
            "Lambda-Runtime-Deadline-Ms": str(round(1000 * (time.time() + _DEADLINE_S))),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:measured",
        }
        return Response(json.dumps(event), headers=headers, content_type="application/json")
