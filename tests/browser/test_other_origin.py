"""A page of another origin reads every answer of the API, errors included."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from selenium import webdriver

from common.errors import Unavailable
from local.server import Server
from support.client import ApiClient

Fetch = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.browser

FETCH = """
const [url, options, done] = arguments;
fetch(url, options)
  .then(async answer => done({
    status: answer.status, body: await answer.text(),
    link: answer.headers.get("Link"), retry: answer.headers.get("Retry-After"),
  }))
  .catch(error => done({failed: String(error)}));
"""


def blank_page(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/html")])
    return [b"<!doctype html><title>another origin</title>"]


@pytest.fixture
def fetch(api: ApiClient, browser: webdriver.Chrome) -> Iterator[Fetch]:
    """Calls the API from a page that another server served."""
    page = Server(0, blank_page)
    page.start()
    browser.get(page.url)
    yield lambda path, **options: browser.execute_async_script(FETCH, f"{api.base_url}{path}", options)
    page.stop()


def test_a_failed_fetch_has_its_own_message(fetch: Fetch, browser: webdriver.Chrome) -> None:
    # what the other tests would see if a CORS header were missing
    answer = browser.execute_async_script(FETCH, "http://127.0.0.1:9/", {})
    assert answer == {"failed": "TypeError: Failed to fetch"}


@pytest.mark.parametrize(
    ("path", "options", "status", "body"),
    [
        ("/", {}, 200, "New photon ranch API"),
        ("/nightlog/mrc1", {}, 204, ""),
        ("/mrc1/config", {"method": "PUT", "body": "{"}, 400, '{"message":"The body is not valid JSON: '),
        ("/dummy-requires-auth", {"method": "POST"}, 401, '{"message": "Unauthorized"}'),
        ("/nightlog/mrc1", {"method": "DELETE"}, 401, '{"message": "Unauthorized"}'),
        ("/no/such/route", {}, 403, '{"message": "Missing Authentication Token"}'),
        ("/nowhere/config", {}, 404, "No config found for site nowhere."),
        ("/recentuploads", {}, 404, "Please be sure to include the sitecode query parameter."),
    ],
)
def test_answers_can_be_read(
    fetch: Fetch, path: str, options: dict[str, Any], status: int, body: str
) -> None:
    answer = fetch(path, **options)
    assert answer.get("status") == status, answer
    assert answer["body"].startswith(body)


def test_a_body_of_json_is_sent_after_a_preflight(fetch: Fetch) -> None:
    options = {"method": "PUT", "headers": {"Content-Type": "application/json"}, "body": '{"a": 1}'}
    assert fetch("/mrc1/config", **options)["status"] == 200
    assert fetch("/mrc1/config")["body"] == '{"site":"mrc1","configuration":{"a":1}}'


def test_a_token_is_sent_after_a_preflight(fetch: Fetch, token: str) -> None:
    answer = fetch("/nightlog/mrc1", method="DELETE", headers={"Authorization": f"Bearer {token}"})
    assert answer["status"] == 204


def test_a_request_that_is_too_large_can_be_read(fetch: Fetch) -> None:
    answer = fetch("/mrc1/config", method="PUT", body="x" * (10 * 1024 * 1024 + 1))
    assert (answer["status"], answer["body"]) == (413, '{"message": "Request Too Long"}')


def test_a_bad_gateway_can_be_read(fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.service_handlers.home", lambda _event, _context: "no proxy answer")
    answer = fetch("/")
    assert (answer["status"], answer["body"]) == (502, '{"message": "Internal server error"}')


def test_an_outage_and_when_to_come_back_can_be_read(fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(_site: str) -> None:
        raise Unavailable("Try again later.")

    monkeypatch.setattr("site_configs.store.read", down)
    answer = fetch("/mrc1/config")
    assert (answer["status"], answer["retry"]) == (503, "5")
