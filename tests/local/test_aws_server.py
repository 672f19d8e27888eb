"""The lock of the local DynamoDB: nobody holds it who stalls, and nothing is done for who has left."""

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

from local.aws_server import OneAtATime
from local.server import Server

TARGET = {"X-Amz-Target": "DynamoDB_20120810.GetItem"}


class Backend:
    """Notes the bodies that it is asked, and answers once it may."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.may_answer = Event()
        self.may_answer.set()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.asked.append(Request(environ).get_data())
        assert self.may_answer.wait(20)
        return Response(b"{}")(environ, start_response)


@pytest.fixture
def backend() -> Backend:
    return Backend()


@pytest.fixture
def url(backend: Backend) -> Iterator[str]:
    server = Server(0, OneAtATime(backend))
    server.start()
    yield server.url
    backend.may_answer.set()
    server.stop()


def ask(url: str, body: bytes) -> int:
    return requests.post(url, data=body, headers=TARGET, timeout=20).status_code


def begin(url: str, sent: bytes, length: int) -> socket.socket:
    """Send a request, or the beginning of one, and wait for nothing."""
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
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def test_who_stalls_in_the_middle_of_a_request_holds_up_nobody(url: str, backend: Backend) -> None:
    with begin(url, b"half", length=8):
        assert ask(url, b"whole") == 200
    assert backend.asked == [b"whole"]


def test_what_nobody_waits_for_any_more_is_not_done(url: str, backend: Backend) -> None:
    backend.may_answer.clear()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ask, url, b"first")
        wait_for(lambda: backend.asked == [b"first"])
        begin(url, b"left", length=4).close()
        last = pool.submit(ask, url, b"last")
        time.sleep(0.3)
        backend.may_answer.set()
        assert (first.result(), last.result()) == (200, 200)
    assert backend.asked == [b"first", b"last"]
