"""A `/userinfo` that answers whatever a test wants."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug import Request, Response

from local.server import Server
from support.network import ROLES_CLAIM

USER = {
    ROLES_CLAIM: {"roles": ["admin", "observer"]},
    "email": "observer@example.org",
}


class UserInfo:
    """What is answered, and the Authorization headers of those who asked.

    Attributes
    ----------
    body
        Sent as JSON, unless it is bytes.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.body: Any = USER
        self.status = 200
        self.late_s = 0.0
        self.asked: list[str | None] = []

    def __call__(self, request: Request) -> Response:
        self.asked.append(request.headers.get("Authorization"))
        time.sleep(self.late_s)
        data = self.body if isinstance(self.body, bytes) else json.dumps(self.body)
        return Response(data, status=self.status, content_type="application/json")


@pytest.fixture(autouse=True)
def roles_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH0_ROLES_CLAIM", ROLES_CLAIM)


@pytest.fixture(scope="session")
def userinfo_server() -> Iterator[tuple[UserInfo, str]]:
    answers = UserInfo()
    server = Server(0, Request.application(answers))
    server.start()
    yield answers, f"{server.url}/userinfo"
    server.stop()


@pytest.fixture
def userinfo(userinfo_server: tuple[UserInfo, str], monkeypatch: pytest.MonkeyPatch) -> UserInfo:
    """The `/userinfo` of Auth0 that the authorizer asks; by default it knows the user."""
    answers, url = userinfo_server
    answers.reset()
    monkeypatch.setenv("AUTH0_USERINFO_URL", url)
    return answers
