"""Every route, over HTTP, tried by every kind of caller, in open stages and in protected ones."""

from itertools import product
from typing import Any

import pytest
import requests

from auth.access import NEEDS, Need
from local.deployment import Deployment
from local.remotehq import RemoteHq
from support.client import ApiClient
from tests.access.seeded_api import BODIES, PATH, SeededApi

KEYS = {"own site", "other site", "pipe", "garbage"}
# Who is let in besides users, in protected stages.
LET_IN = {
    Need.USER: {"user"},
    Need.SITE: {"user", "own site"},
    Need.UPLOAD: {"user", "own site"},
    Need.PIPE: {"user", "pipe"},
}
ROLELESS = "user without a role"
CHANGING = [*LET_IN, Need.GATEWAY, Need.TOKEN]
# No site is called "all", so no key belongs to it, and nobody can change its config.
OF_ALL_SITES = {"PUT /all/config", "DELETE /all/config"}
# Routes that change nothing, even for callers that are allowed to use them.
CHANGELESS = {*OF_ALL_SITES, "POST /dummy-requires-auth"}

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def seeded(api: ApiClient, deployment: Deployment, remotehq: RemoteHq) -> SeededApi:
    return SeededApi(api, deployment, remotehq)


def ask(api: ApiClient, route: str, seeded: SeededApi, headers: dict[str, str]) -> requests.Response:
    method, resource = route.split(" ")
    body = BODIES[route](seeded) if route in BODIES else {}
    return api.request(method, resource.format(**PATH), headers=headers, **body)


def verdict(answer: requests.Response) -> Any:
    """Return 401 or 403 for a refusal and check its form; return "in" if the route itself answered."""
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    if answer.status_code == 401:
        assert answer.json() == {"message": "Unauthorized"}
        return 401
    if answer.status_code == 403 and ("x-site-key" in answer.text or "roles admin." in answer.text):
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        as_json = answer.headers["Content-Type"] == "application/json"
        changes_config = answer.request.method == "PUT" and "/config" in str(answer.request.path_url)
        assert as_json == changes_config
        assert as_json or answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        return 403
    return "in"


def expected(route: str, caller: str) -> Any:
    """What a protected stage says to a caller of a route."""
    need = NEEDS[route]
    if need is Need.TOKEN:
        return with_a_token(caller)
    if need is Need.GATEWAY:
        return 403 if caller == ROLELESS else with_a_token(caller)
    let_in = {"user"} if route in OF_ALL_SITES else LET_IN.get(need, {caller})
    if caller in let_in:
        return "in"
    return 403 if caller in {*KEYS, ROLELESS} else 401


def with_a_token(caller: str) -> Any:
    """What a route that needs any user's token answers."""
    return "in" if caller in {"user", ROLELESS} else 401


@pytest.mark.usefixtures("protected")
def test_a_protected_stage_answers_reads_of_every_caller(
    api: ApiClient, seeded: SeededApi, callers: dict[str, dict[str, str]]
) -> None:
    seeded.fill()
    for route, caller in product([route for route in NEEDS if NEEDS[route] not in CHANGING], callers):
        answer = ask(api, route, seeded, callers[caller])
        assert (route, caller, verdict(answer)) == (route, caller, "in")
        assert answer.status_code != 500


@pytest.mark.usefixtures("protected")
@pytest.mark.parametrize("need", CHANGING)
def test_a_protected_stage_allows_changes_to_exactly_the_callers_of_the_table(
    api: ApiClient, seeded: SeededApi, callers: dict[str, dict[str, str]], need: Need
) -> None:
    refill = seeded.fill_queue if need is Need.PIPE else seeded.fill_site
    seeded.fill()
    before = seeded.state()
    for route, caller in product([route for route in NEEDS if NEEDS[route] is need], callers):
        wanted = expected(route, caller)
        answer = ask(api, route, seeded, callers[caller])
        changed = (after := seeded.state()) != before
        assert (route, caller, verdict(answer)) == (route, caller, wanted)
        assert (route, caller, changed) == (route, caller, wanted == "in" and route not in CHANGELESS)
        assert answer.status_code != 500
        if changed:
            refill()
            after = seeded.state()
        before = after


def test_an_open_stage_allows_every_caller_except_on_routes_with_an_authorizer(
    api: ApiClient, seeded: SeededApi, callers: dict[str, dict[str, str]]
) -> None:
    seeded.fill()
    for route, caller in product(NEEDS, callers):
        wanted = with_a_token(caller) if NEEDS[route] in (Need.GATEWAY, Need.TOKEN) else "in"
        answer = ask(api, route, seeded, callers[caller])
        assert (route, caller, verdict(answer)) == (route, caller, wanted)
