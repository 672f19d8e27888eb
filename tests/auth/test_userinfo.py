"""Auth0's `/userinfo` as a hostile or broken server answers it."""

import itertools
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from auth import userinfo
from support.network import ROLES_CLAIM

GOOD = json.dumps({ROLES_CLAIM: {"roles": ["admin"]}}).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
Answer = Callable[[socket.socket], None]


@contextmanager
def serving(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """Run a server that lets `answer` respond to each connection; yield the requests that it got."""
    asked: list[bytes] = []

    def serve(listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                asked.append(connection.recv(65536))
                try:
                    answer(connection)
                except OSError:
                    """The caller has had enough."""

    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=serve, args=(listening,), daemon=True).start()
        monkeypatch.setenv("AUTH0_USERINFO_URL", f"http://127.0.0.1:{listening.getsockname()[1]}/userinfo")
        yield asked
        listening.shutdown(socket.SHUT_RDWR)


def dripping(content: Iterator[bytes]) -> Answer:
    """An answer of one byte every 50 ms: each comes long before any timeout of the socket."""

    def answer(connection: socket.socket) -> None:
        for byte in content:
            connection.sendall(byte)
            time.sleep(0.05)

    return answer


def drips(text: bytes) -> Iterator[bytes]:
    return (text[at : at + 1] for at in range(len(text)))


def test_a_good_answer_names_the_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(GOOD), GOOD)
    with serving(lambda connection: connection.sendall(whole), monkeypatch) as asked:
        assert userinfo.roles("a.b.c") == ["admin"]
    assert b"Authorization: Bearer a.b.c\r\n" in asked[0]


def test_an_answer_that_is_shorter_than_its_length_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(GOOD) + 10, GOOD)
    with (
        serving(lambda connection: connection.sendall(cut), monkeypatch),
        pytest.raises(userinfo.UserInfoFailed),
    ):
        userinfo.roles("a.b.c")


@pytest.mark.parametrize(
    "content",
    [
        lambda: itertools.chain([HEAD, b"X: "], itertools.repeat(b"x")),
        lambda: itertools.chain([HEAD], itertools.cycle([b"X", b":", b"y", b"\r\n"])),
        lambda: itertools.chain([HEAD + b"Content-Length: 9999\r\n\r\n"], itertools.repeat(b" ")),
        lambda: itertools.chain([HEAD + b"\r\n" + GOOD], itertools.repeat(b" ")),
        lambda: itertools.chain(
            [HEAD + b"Transfer-Encoding: chunked\r\n\r\n"], itertools.repeat(b"1\r\n \r\n")
        ),
        lambda: itertools.chain(drips(HEAD), itertools.repeat(b"")),
        lambda: itertools.repeat(b""),
    ],
    ids=["a header", "headers", "a body", "after the body", "chunks", "a status", "nothing"],
)
def test_a_server_that_sends_too_slowly_times_out(
    monkeypatch: pytest.MonkeyPatch, content: Callable[[], Iterator[bytes]]
) -> None:
    monkeypatch.setattr(userinfo, "TIMEOUT_S", (0.5, 0.5))
    began = time.monotonic()
    with serving(dripping(content()), monkeypatch), pytest.raises(userinfo.UserInfoFailed):
        userinfo.roles("a.b.c")
    # it would drip for ever
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    redirect = b"HTTP/1.1 %d Elsewhere\r\nLocation: /userinfo\r\nContent-Length: %d\r\n\r\n%s" % (
        status,
        len(GOOD),
        GOOD,
    )
    with (
        serving(lambda connection: connection.sendall(redirect), monkeypatch) as asked,
        pytest.raises(userinfo.UserInfoFailed),
    ):
        userinfo.roles("a.b.c")
    assert len(asked) == 1


@pytest.mark.parametrize(
    "head", [b"Content-Length: 104857600\r\n\r\n", b"\r\n"], ids=["length given", "length not given"]
)
def test_of_an_answer_of_100_mb_little_is_read(monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    sent = []

    def answer(connection: socket.socket) -> None:
        connection.sendall(HEAD + head + GOOD)
        for _ in range(1600):
            connection.sendall(b" " * 65536)
            sent.append(65536)

    with serving(answer, monkeypatch), pytest.raises(userinfo.UserInfoFailed):
        userinfo.roles("a.b.c")
    # bytes that were sent but not read are in the buffers of the two sockets
    assert sum(sent) < 20_000_000


@pytest.mark.parametrize(
    "url", ["no url", "file:///etc/passwd", "ftp://127.0.0.1/", "http://", "http://[", "//a"]
)
def test_an_invalid_address_fails(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("AUTH0_USERINFO_URL", url)
    with pytest.raises(userinfo.UserInfoFailed):
        userinfo.roles("a.b.c")


def test_a_token_cannot_put_headers_into_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        serving(lambda connection: connection.sendall(HEAD + b"\r\n"), monkeypatch) as asked,
        pytest.raises(userinfo.UserInfoFailed),
    ):
        userinfo.roles("a\r\nX-Injected: b")
    assert not any(b"Injected" in request for request in asked)
