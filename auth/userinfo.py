"""What Auth0 knows of a user beyond the token."""

import io
import json
import socket
import ssl
import time
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, urlsplit

from common.settings import setting

METADATA_CLAIM = "https://photonranch.org/user_metadata"
# For the connection, and for all that follows until the last byte of the answer.
TIMEOUT_S = (2.0, 5.0)
MAX_BYTES = 64 * 1024
OK = 200


class UserInfoFailed(Exception):
    """Auth0 did not answer, or not with the user's roles."""


class _Bounded(io.RawIOBase):
    """The bytes that a socket receives until a moment of the monotonic clock.

    A timeout of the socket alone begins anew with each byte, so a server that drips would hold its caller.
    """

    def __init__(self, received: socket.socket, end: float) -> None:
        self._received = received
        self._end = end

    def makefile(self, *_mode: str) -> io.BufferedReader:
        """Return a reader, as `HTTPResponse` asks a socket for one."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Return that it can be read."""
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
        self._received.settimeout(left_s)
        return self._received.recv_into(buffer)


def roles(token: str) -> list[Any]:
    """Return the roles of the token's user, from Auth0's `/userinfo`. One HTTP request.

    Raises
    ------
    UserInfoFailed
        If Auth0 does not answer in time, refuses the token, redirects, answers too much or names no roles.
    """
    try:
        answer = _answer(urlsplit(setting("AUTH0_USERINFO_URL")), token)
        found = json.loads(answer)[METADATA_CLAIM]["roles"]
    except (OSError, HTTPException, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserInfoFailed from error
    if not isinstance(found, list):
        raise UserInfoFailed
    return found


def _answer(url: SplitResult, token: str) -> bytes:
    """Return the body of the answer to a GET with the token.

    No redirect is followed, because it would take the token along. `requests` cannot bound the whole time.
    """
    connection = _connection(url)
    try:
        connection.connect()
        end = time.monotonic() + TIMEOUT_S[1]
        connection.request("GET", url.path or "/", headers={"Authorization": f"Bearer {token}"})
        response = HTTPResponse(_Bounded(connection.sock, end), method="GET")  # type: ignore[arg-type]
        response.begin()
        body = response.read(MAX_BYTES + 1)
    finally:
        connection.close()
    if response.status != OK or len(body) > MAX_BYTES:
        raise UserInfoFailed
    return body


def _connection(url: SplitResult) -> HTTPConnection:
    if not url.hostname or url.scheme not in {"http", "https"}:
        raise UserInfoFailed
    if url.scheme == "http":
        return HTTPConnection(url.hostname, url.port, timeout=TIMEOUT_S[0])
    return HTTPSConnection(url.hostname, url.port, timeout=TIMEOUT_S[0], context=ssl.create_default_context())
