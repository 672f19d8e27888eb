"""The part of RemoteHQ's HTTP API that this project uses."""

import json
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from common import logs
from common.outgoing_http import Answer, Limits, NoAnswer, ask
from common.settings import secret, setting

CONNECT_TIMEOUT_S = 2.0
READ_TIMEOUT_S = 8.0
# All calls of RemoteHQ for one request of ours end within this time plus a connect timeout. That is below API
# Gateway's 29 s, with time left for DynamoDB.
BUDGET_S = 22.0


class RemoteHqFailed(Exception):
    """RemoteHQ did not respond in time, refused, or sent an unreadable response."""


class RemoteHqRefused(RemoteHqFailed):
    """RemoteHQ refused the request: nothing has changed there."""


@dataclass(frozen=True)
class Room:
    """A room at RemoteHQ: its id, its name in paths, and its URL."""

    id: str
    slug: str
    url: str


class RemoteHq:
    """Calls RemoteHQ for one request of ours.

    Every method makes one HTTP request. It raises `RemoteHqFailed` unless RemoteHQ reports success.
    """

    def __init__(self) -> None:
        self._deadline = time.monotonic() + BUDGET_S

    def open_browser(self, browser: dict[str, Any]) -> dict[str, Any]:
        """Open a shared browser; return RemoteHQ's response."""
        answer = self._call("POST", "/cb", browser)
        _check("POST", answer, good=_succeeded(answer))
        return _json_object("POST", answer)

    def delete_room(self, slug: str) -> None:
        """Delete the room `slug`, if there is one."""
        answer = self._call("DELETE", f"/rooms/{quote(slug, safe='')}")
        _check("DELETE", answer, good=answer.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND))

    def make_room(self, room: dict[str, Any]) -> Room:
        """Create a room without an app."""
        answer = self._call("POST", "/rooms", room)
        _check("POST", answer, good=answer.status == HTTPStatus.CREATED)
        data = _json_object("POST", answer).get("data")
        parts = [data.get(name) if isinstance(data, dict) else None for name in ("id", "slug", "url")]
        _check("POST", answer, good=all(isinstance(part, str) and part for part in parts))
        return Room(*map(str, parts))

    def configure_room(self, slug: str, app: dict[str, Any]) -> None:
        """Give the room `slug` its app."""
        answer = self._call("PUT", f"/rooms/{quote(slug, safe='')}/room-app-config", app)
        _check("PUT", answer, good=_succeeded(answer))

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise _failed(method, "no time left")
        # A redirect counts as a failure, because a redirected POST would become a GET.
        limits = Limits(min(CONNECT_TIMEOUT_S, left_s), min(READ_TIMEOUT_S, left_s))
        url = f"{setting('REMOTEHQ_API_URL')}{path}"
        sent = None if body is None else json.dumps(body)
        try:
            return ask(method, url, secret("remotehq-token"), limits, sent)
        except NoAnswer as error:
            raise _failed(method, str(error)) from error


def _succeeded(answer: Answer) -> bool:
    return HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES


def _json_object(method: str, answer: Answer) -> dict[str, Any]:
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        value = None
    _check(method, answer, good=isinstance(value, dict))
    checked: dict[str, Any] = value
    return checked


def _check(method: str, answer: Answer, *, good: bool) -> None:
    if not good:
        refused = HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
        raise _failed(method, f"answered {answer.status}", RemoteHqRefused if refused else RemoteHqFailed)


def _failed(method: str, reason: str, kind: type[RemoteHqFailed] = RemoteHqFailed) -> RemoteHqFailed:
    """Log a failure and return its exception. Callers do not see the cause."""
    logs.logger.warning("RemoteHQ failed", extra={"fields": {"method": method, "reason": reason}})
    return kind()
