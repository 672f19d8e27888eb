"""The table of what each route needs, against the routes that are deployed."""

from collections import defaultdict
from importlib import import_module

import pytest

from auth import access
from auth.access import NEEDS, Need
from common.endpoints import Handler
from local.deployment import Deployment
from tests.events import event

# POST routes that only read, and GET routes that change something.
READING_POSTS = {"POST /download", "POST /downloadzip"}
CHANGING_GETS = {"GET /control_room/{site}", "GET /control_room/{site}/restart"}
MANY_HANDLERS = 40


def routes(deployment: Deployment) -> set[str]:
    return {f"{route.method} {route.resource}" for route in deployment.routes}


def test_every_route_is_in_the_table_and_nothing_else(deployment: Deployment) -> None:
    assert set(NEEDS) == routes(deployment)


def test_the_gateway_asks_for_a_token_where_the_table_says_so(deployment: Deployment) -> None:
    with_authorizer = {f"{route.method} {route.resource}" for route in deployment.routes if route.authorizer}
    assert {route for route, need in NEEDS.items() if need in (Need.GATEWAY, Need.TOKEN)} == with_authorizer


def test_every_route_that_changes_something_needs_permission(deployment: Deployment) -> None:
    changing = {route for route in routes(deployment) if not route.startswith("GET ")}
    changing = (changing - READING_POSTS) | CHANGING_GETS
    assert {route for route, need in NEEDS.items() if need is not Need.NOTHING} == changing


def test_keys_of_sites_reach_routes_that_name_a_site(deployment: Deployment) -> None:
    of_sites = {route for route, need in NEEDS.items() if need is Need.SITE}
    assert of_sites == {
        "PUT /{site}/config",
        "PUT /all/config",
        "DELETE /{site}/config",
        "DELETE /all/config",
        "POST /nightlog/{site}",
    }


def test_every_stage_says_who_may_change_things() -> None:
    stages = {stage: Deployment(stage).environment["WRITE_ACCESS"] for stage in ("prod", "dev", "test")}
    assert stages == dict.fromkeys(("prod", "dev", "test"), "open")


def test_every_stage_says_which_users_may_change_things() -> None:
    stages = {stage: Deployment(stage).environment["WRITER_ROLES"] for stage in ("prod", "dev", "test")}
    assert stages == dict.fromkeys(("prod", "dev", "test"), "admin")


def test_every_handler_checks_its_caller_first(
    deployment: Deployment, protected: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a table in which every route needs a key, a caller without one gets 401 from each handler."""
    monkeypatch.setattr(access, "NEEDS", defaultdict(lambda: Need.SITE))
    answers = {
        route.function.handler: import_handler(route.function.handler)(event(), None)
        for route in deployment.routes
    }
    assert len(answers) > MANY_HANDLERS
    assert {handler: answer["statusCode"] for handler, answer in answers.items()} == dict.fromkeys(
        answers, 401
    )


def import_handler(name: str) -> Handler:
    module, _, function = name.rpartition(".")
    handler: Handler = getattr(import_module(module.replace("/", ".")), function)
    return handler
