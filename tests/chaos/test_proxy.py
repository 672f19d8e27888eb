"""What callers see in each mode of the proxy."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import requests

from local.server import Server
from support.proxy import Mode, Proxy

BODY = b"x" * 1000
BIG = b"y" * 8_000_000
DELAY_S = 0.4


@pytest.fixture
def asked() -> list[str]:
    """The requests that reached the backend."""
    return []


@pytest.fixture
def proxy(asked: list[str]) -> Iterator[Proxy]:
    def backend(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        asked.append(environ["PATH_INFO"])
        body = BIG if environ["PATH_INFO"] == "/big" else BODY
        start_response("200 OK", [("Content-Length", str(len(body))), ("x-amz-crc32", "1")])
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    server = Server(0, backend)
    server.start()
    proxy = Proxy(int(server.url.rpartition(":")[2]), DELAY_S)
    yield proxy
    proxy.stop()
    server.stop()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def get(session: requests.Session, proxy: Proxy, path: str = "/") -> bytes:
    return session.get(f"{proxy.url}{path}", timeout=DELAY_S * 2).content


def test_in_calm_it_is_not_noticed(proxy: Proxy, session: requests.Session) -> None:
    assert [get(session, proxy), get(session, proxy)] == [BODY, BODY]


def test_in_calm_a_slow_reader_gets_the_whole_of_a_large_answer(
    proxy: Proxy, session: requests.Session
) -> None:
    with session.get(f"{proxy.url}/big", timeout=10, stream=True, headers={"Connection": "close"}) as answer:
        # by then the backend has sent all of it and closed its connection
        time.sleep(DELAY_S)
        assert answer.content == BIG


def test_only_half_of_a_short_answer_arrives(proxy: Proxy, session: requests.Session) -> None:
    proxy.switch(Mode.SHORT)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="500 more expected"):
        get(session, proxy)


def test_a_shrunk_answer_looks_whole(proxy: Proxy, session: requests.Session) -> None:
    proxy.switch(Mode.SHRUNK)
    answer = session.get(proxy.url, timeout=10)
    assert (answer.content, answer.headers["Content-Length"]) == (BODY[:500], "500")
    assert "x-amz-crc32" not in answer.headers


@pytest.mark.parametrize("mode", [Mode.SHORT, Mode.SHRUNK])
def test_what_has_no_body_is_neither_short_nor_shrunk(
    proxy: Proxy, session: requests.Session, mode: Mode
) -> None:
    proxy.switch(mode)
    assert session.head(proxy.url, timeout=10).headers["Content-Length"] == "1000"


def test_a_dribbling_answer_arrives_whole(proxy: Proxy, session: requests.Session) -> None:
    proxy.switch(Mode.DRIBBLING)
    assert get(session, proxy) == BODY


@pytest.mark.parametrize("mode", [Mode.KILLED, Mode.CUT])
def test_connections_break_even_open_ones_and_can_be_made_again(
    proxy: Proxy, session: requests.Session, mode: Mode
) -> None:
    get(session, proxy)
    proxy.switch(mode)
    for _ in range(2):
        with pytest.raises(requests.RequestException, match=r"reset|aborted"):
            get(session, proxy)
    proxy.switch(Mode.CALM)
    assert get(session, proxy) == BODY


def test_a_cut_request_was_done_and_a_killed_one_was_not(
    proxy: Proxy, session: requests.Session, asked: list[str]
) -> None:
    for mode in (Mode.CUT, Mode.KILLED, Mode.SILENT):
        proxy.switch(mode)
        with pytest.raises(requests.RequestException):
            get(session, proxy, f"/{mode.value}")
    assert asked == ["/cut"]


def test_slow_answers_come_late_and_whole(proxy: Proxy, session: requests.Session) -> None:
    proxy.switch(Mode.SLOW)
    began = time.monotonic()
    assert get(session, proxy) == BODY
    assert time.monotonic() - began >= DELAY_S


def test_silence_lasts_for_open_requests_only(proxy: Proxy, session: requests.Session) -> None:
    proxy.switch(Mode.SILENT)
    with pytest.raises(requests.Timeout):
        get(session, proxy)
    proxy.switch(Mode.CALM)
    assert get(session, proxy) == BODY


def test_a_backend_that_is_down_looks_killed(session: requests.Session) -> None:
    proxy = Proxy("/nowhere", 0)
    with pytest.raises(requests.ConnectionError):
        get(session, proxy)
    proxy.stop()
