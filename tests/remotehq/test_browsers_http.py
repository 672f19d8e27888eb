"""Shared browsers over HTTP, with a stand-in for RemoteHQ's API."""

import time
from collections.abc import Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from local.auth0 import Auth0
from local.remotehq import Fault, RemoteHq
from local.server import Server
from remotehq import client
from support.client import ApiClient
from support.network import UI_URL

ROUTE = "/new_remotehq_browser"


@pytest.fixture
def user(auth0: Auth0) -> dict[str, str]:
    return {"Authorization": f"Bearer {auth0.token('auth0|observer', [])}"}


def browser(**changes: str) -> dict[str, Any]:
    return {
        "kioskModeEnabled": False,
        "incognitoModeEnabled": False,
        "browserURL": UI_URL,
        "resolution": "medium",
        "region": "us-east-1",
        **changes,
    }


@pytest.mark.parametrize(
    ("body", "opened"),
    [
        (None, browser()),
        ({}, browser()),
        ({"resolution": None, "initial_url": None}, browser()),
        ({"resolution": "low"}, browser(resolution="low")),
        ({"resolution": "mobile"}, browser(resolution="mobile")),
        (
            {"resolution": "high", "initial_url": "http://example.org/a?b=1#c"},
            browser(resolution="high", browserURL="http://example.org/a?b=1#c"),
        ),
    ],
)
def test_a_browser_is_opened_as_it_was_asked_for(
    api: ApiClient, remotehq: RemoteHq, user: dict[str, str], body: Any, opened: dict[str, Any]
) -> None:
    answer = api.post(ROUTE, json=body, headers=user)
    assert answer.status_code == 200
    assert remotehq.browsers == [opened]
    assert answer.json()["error"] is None
    assert answer.json()["data"]["instanceURN"].startswith("urn:remotehq:cb:")
    assert answer.json()["data"]["embedURL"].startswith("https://remotehq.example/embed/")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"resolution": "huge"}, "resolution must be one of low, medium, high, mobile."),
        ({"resolution": ["low"]}, "resolution must be one of low, medium, high, mobile."),
        ({"initial_url": "ftp://example.org"}, "initial_url must be an http or https URL"),
        ({"initial_url": "https://"}, "initial_url must be an http or https URL"),
        ({"initial_url": "http://[::1"}, "initial_url must be an http or https URL"),
        ({"initial_url": 5}, "initial_url must be an http or https URL"),
        ({"initial_url": "https://example.org/" + "x" * 2048}, "initial_url must be an http or https URL"),
        ([], "The body must be a JSON object."),
    ],
)
def test_an_impossible_browser_is_refused(
    api: ApiClient, remotehq: RemoteHq, user: dict[str, str], body: Any, reason: str
) -> None:
    answer = api.post(ROUTE, json=body, headers=user)
    assert answer.status_code == 400
    assert answer.text.startswith(reason)
    assert remotehq.calls == []


def test_without_a_token_none_is_opened(api: ApiClient, remotehq: RemoteHq) -> None:
    answer = api.post(ROUTE, json={})
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})
    assert remotehq.calls == []


@pytest.mark.parametrize(
    "fault",
    [
        *(Fault(status) for status in (400, 401, 404, 409, 429, 500, 503)),
        Fault(late_s=1.4),
        Fault(body=b"<html>"),
        Fault(body=b"[]"),
        Fault(body=b""),
        Fault(body=b"[" * 100_000),
    ],
    ids=str,
)
def test_a_failure_of_remotehq_is_reported(
    api: ApiClient,
    remotehq: RemoteHq,
    user: dict[str, str],
    fault: Fault,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "READ_TIMEOUT_S", 0.7)
    remotehq.fail("POST /cb", fault)
    answer = api.post(ROUTE, json={}, headers=user)
    assert (answer.status_code, answer.text) == (503, "Try again later: RemoteHQ opens no browser.")
    assert answer.headers["Retry-After"] == "5"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_what_remotehq_says_is_passed_on_as_it_is(
    api: ApiClient, remotehq: RemoteHq, user: dict[str, str]
) -> None:
    remotehq.fail("POST /cb", Fault(body=b'{"data": null, "error": {"code": 7, "load": 0.5}}'))
    answer = api.post(ROUTE, json={}, headers=user)
    assert (answer.status_code, answer.json()) == (200, {"data": None, "error": {"code": 7, "load": 0.5}})


def test_a_remotehq_that_sends_too_slowly_times_out(
    api: ApiClient, remotehq: RemoteHq, user: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def drip(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        while True:
            yield b" "
            time.sleep(0.1)

    server = Server(0, drip)
    server.start()
    monkeypatch.setenv("REMOTEHQ_API_URL", server.url)
    monkeypatch.setattr(client, "READ_TIMEOUT_S", 0.7)
    answer = api.post(ROUTE, json={}, headers=user)
    server.stop()
    # Without a limit for the whole response, API Gateway would time out first, with a 504.
    assert (answer.status_code, answer.text) == (503, "Try again later: RemoteHQ opens no browser.")
