"""HTTP to Auth0 and RemoteHQ, with bounds on the time and the size of a whole answer.

`requests` bounds the time between two bytes only, so a server that drips bytes would hold its caller.
"""

import encodings.idna  # noqa: F401 - otherwise imported when the socket first resolves a host name
import io
import socket
import ssl
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from typing import Any
from urllib.parse import SplitResult, urlsplit

MAX_BYTES = 64 * 1024


class NoAnswer(Exception):
    """The server does not answer in time, sends a response that is too long, or does not speak HTTP."""


@dataclass(frozen=True)
class Limits:
    """How long to wait for a server; seconds.

    Attributes
    ----------
    connect_s
        For the connection to each of its addresses.
    answer_s
        From then on to the last byte of the answer.
    """

    connect_s: float
    answer_s: float


@dataclass(frozen=True)
class Answer:
    """The response of a server. Redirects are returned, not followed, because the token would go along."""

    status: int
    body: bytes


class _Received(io.RawIOBase):
    """The bytes that a socket receives until a moment of the monotonic clock."""

    def __init__(self, connected: socket.socket, end: float) -> None:
        self._connected = connected
        self._end = end

    def makefile(self, *_mode: str) -> io.BufferedReader:
        """Return a reader. `HTTPResponse` calls this method of its socket."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Return True: the stream can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes into `buffer`; return how many, 0 at the end.

        Raises
        ------
        TimeoutError
            If none have come in time.
        """
        left_s = self._end - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._connected.settimeout(left_s)
        return self._connected.recv_into(buffer)


def ask(method: str, url: str, token: str, limits: Limits, json_body: str | None = None) -> Answer:
    """Return what a server answers to a request with a bearer token.

    Raises
    ------
    NoAnswer
        If there is no answer within the limits, or one of more than `MAX_BYTES`.
    """
    try:
        answer = _ask(method, urlsplit(url), token, limits, json_body)
    except (OSError, HTTPException, ValueError) as error:
        raise NoAnswer(type(error).__name__) from error
    if len(answer.body) > MAX_BYTES:
        raise NoAnswer("answered too much")
    return answer


def _ask(method: str, url: SplitResult, token: str, limits: Limits, json_body: str | None) -> Answer:
    headers = {"Authorization": f"Bearer {token}", "User-Agent": "photonranch-api"}
    if json_body is not None:
        headers["Content-Type"] = "application/json"
    connection = _connection(url, limits.connect_s)
    try:
        connection.connect()
        end = time.monotonic() + limits.answer_s
        connection.sock.settimeout(limits.answer_s)
        connection.request(
            method, url.path or "/", None if json_body is None else json_body.encode(), headers
        )
        received = _Received(connection.sock, end)
        # Closed here: the garbage collector may close its parts in an order that Python 3.13 complains of.
        with HTTPResponse(received, method=method) as response:  # type: ignore[arg-type]
            response.begin()
            body = response.read(MAX_BYTES + 1)
            if response.length and len(body) <= MAX_BYTES:
                # with a limit, `read` takes the end of the connection for the end of the answer
                raise IncompleteRead(body, response.length)
            return Answer(response.status, body)
    finally:
        connection.close()


def _connection(url: SplitResult, connect_s: float) -> HTTPConnection:
    if not url.hostname or url.scheme not in {"http", "https"}:
        raise ValueError("no http:// or https:// URL")
    if url.scheme == "http":
        return HTTPConnection(url.hostname, url.port, timeout=connect_s)
    return HTTPSConnection(url.hostname, url.port, timeout=connect_s, context=ssl.create_default_context())
