"""Who changed something, and from where, as the log has it: one line for each request."""

import json
from typing import Any

import pytest

from auth.access import NEEDS, Need
from local.deployment import Deployment
from local.remotehq import RemoteHq
from support.client import ApiClient
from tests.access.conftest import bearer
from tests.access.seeded_api import SeededApi
from tests.access.test_matrix_http import ask

# What the log calls each kind of caller in a protected stage.
NAMES = {
    "nobody": "nobody known",
    "user": "user auth0|observer",
    "user without a role": "user auth0|viewer",
    "expired user": "nobody known",
    "own site": "site mrc1",
    "other site": "site mrc2",
    "pipe": "pipe mrc1",
    "garbage": "nobody known",
}
# On these routes, API Gateway refuses a caller without a valid token before the route runs.
BY_GATEWAY = {Need.TOKEN, Need.GATEWAY}
USERS = {"user", "user without a role"}

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def seeded(api: ApiClient, deployment: Deployment, remotehq: RemoteHq) -> SeededApi:
    return SeededApi(api, deployment, remotehq)


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    return [line for line in lines if line["message"] in ("answered", "token refused")]


@pytest.mark.usefixtures("protected")
@pytest.mark.parametrize("caller", NAMES)
def test_a_protected_stage_logs_who_tried_each_change(
    api: ApiClient,
    seeded: SeededApi,
    callers: dict[str, dict[str, str]],
    capsys: pytest.CaptureFixture[str],
    caller: str,
) -> None:
    seeded.fill()
    for route in [route for route in NEEDS if NEEDS[route] not in (Need.NOTHING, Need.USER_TO_MAKE)]:
        if NEEDS[route] in BY_GATEWAY and caller not in USERS:
            continue
        capsys.readouterr()
        answer = ask(api, route, seeded, callers[caller])
        line = next(line for line in logged(capsys) if line["message"] == "answered")
        assert (line["route"], line["status"]) == (route, answer.status_code)
        assert (route, line["caller"], line["address"]) == (route, NAMES[caller], "127.0.0.1")


def test_an_open_stage_logs_the_address_of_each_change(
    api: ApiClient, seeded: SeededApi, callers: dict[str, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    seeded.fill()
    for route, need in NEEDS.items():
        capsys.readouterr()
        ask(api, route, seeded, callers["user"])
        line = next(line for line in logged(capsys) if line["message"] == "answered")
        if need is Need.NOTHING:
            assert "caller" not in line, route
            assert "address" not in line, route
        else:
            name = "user auth0|observer" if need in BY_GATEWAY else "anybody"
            assert (route, line["caller"], line["address"]) == (route, name, "127.0.0.1")


def test_a_refusal_of_the_authorizer_is_logged_with_route_and_address(
    api: ApiClient, callers: dict[str, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert api.delete("/nightlog/mrc1", headers=callers["expired user"]).status_code == 401
    (line,) = logged(capsys)
    assert (line["message"], line["route"]) == ("token refused", "DELETE /nightlog/{site}")
    assert line["address"] == "127.0.0.1"


@pytest.mark.usefixtures("protected")
def test_the_user_who_makes_a_room_is_logged(
    api: ApiClient, seeded: SeededApi, token: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for headers, name in (({}, "nobody known"), (bearer(token), "user auth0|tester"), ({}, "anybody")):
        capsys.readouterr()
        api.get("/control_room/mrc1", headers=headers)
        (line,) = logged(capsys)
        assert (line["caller"], line["address"]) == (name, "127.0.0.1")


@pytest.mark.usefixtures("protected")
def test_the_name_of_one_caller_is_not_logged_for_the_next(
    api: ApiClient, token: str, capsys: pytest.CaptureFixture[str]
) -> None:
    api.put("/mrc1/config", json={"name": "a"}, headers=bearer(token))
    api.get("/mrc1/config", headers=bearer(token))
    written, read = logged(capsys)
    assert written["caller"] == "user auth0|tester"
    assert "caller" not in read
