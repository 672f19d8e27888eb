"""The proxy that disturbs: what callers see in each of its modes."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import requests

from benchmarks.night.proxy import Mode, Proxy
from local.server import Server

BODY = b"x" * 1000
DELAY_S = 0.4


@pytest.fixture
def asked() -> list[str]:
    """What came to the backend."""
    return []


@pytest.fixture
def proxy(asked: list[str]) -> Iterator[Proxy]:
    def backend(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        asked.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Length", str(len(BODY)))])
        return [BODY]

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


@pytest.mark.parametrize("mode", [Mode.KILLED, Mode.CUT])
def test_connections_break_also_open_ones_and_come_back(
    proxy: Proxy, session: requests.Session, mode: Mode
) -> None:
    get(session, proxy)
    proxy.switch(mode)
    for _ in range(2):
        with pytest.raises(requests.RequestException, match=r"reset|aborted"):
            get(session, proxy)
    proxy.switch(Mode.CALM)
    assert get(session, proxy) == BODY


def test_what_is_cut_was_done_what_is_killed_was_not(
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


def test_silence_lasts_for_who_has_asked_and_ends_for_others(proxy: Proxy, session: requests.Session) -> None:
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
