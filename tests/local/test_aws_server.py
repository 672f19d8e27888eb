"""The lock of the local DynamoDB: stalled clients do not hold it, abandoned requests are not run."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from werkzeug import Request, Response

from local.aws_server import RequestLock
from local.server import Server

TARGET = {"X-Amz-Target": "DynamoDB_20120810.GetItem"}


class Backend:
    """Records the bodies of its requests, and responds when `may_respond` is set."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.may_respond = Event()
        self.may_respond.set()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.bodies.append(Request(environ).get_data())
        assert self.may_respond.wait(20)
        return Response(b"{}")(environ, start_response)


@pytest.fixture
def backend() -> Backend:
    return Backend()


@pytest.fixture
def url(backend: Backend) -> Iterator[str]:
    server = Server(0, RequestLock(backend))
    server.start()
    yield server.url
    backend.may_respond.set()
    server.stop()


def post(url: str, body: bytes) -> int:
    return requests.post(url, data=body, headers=TARGET, timeout=20).status_code


def start_request(url: str, sent: bytes, length: int) -> socket.socket:
    """Send the headers of a request and a part of its body; do not wait for the response."""
    connection = socket.create_connection(("127.0.0.1", urlsplit(url).port or 0))
    head = [
        "POST / HTTP/1.1",
        "Host: a",
        f"X-Amz-Target: {TARGET['X-Amz-Target']}",
        f"Content-Length: {length}",
    ]
    connection.sendall("\r\n".join([*head, "", ""]).encode() + sent)
    return connection


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.01)


def test_a_stalled_request_does_not_delay_others(url: str, backend: Backend) -> None:
    with start_request(url, b"half", length=8):
        assert post(url, b"whole") == 200
    assert backend.bodies == [b"whole"]


def test_an_abandoned_request_is_not_run(url: str, backend: Backend) -> None:
    backend.may_respond.clear()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(post, url, b"first")
        wait_for(lambda: backend.bodies == [b"first"])
        start_request(url, b"left", length=4).close()
        last = pool.submit(post, url, b"last")
        time.sleep(0.3)
        backend.may_respond.set()
        assert (first.result(), last.result()) == (200, 200)
    assert backend.bodies == [b"first", b"last"]
