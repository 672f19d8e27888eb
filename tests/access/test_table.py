"""The table of what each route needs, against the routes that are deployed."""

from auth.access import NEEDS, Need
from local.deployment import Deployment

# Routes that answer to POST and yet read, and those that change something on GET.
READING_POSTS = {"POST /download", "POST /downloadzip"}
CHANGING_GETS = {"GET /control_room/{site}", "GET /control_room/{site}/restart"}


def routes(deployment: Deployment) -> set[str]:
    return {f"{route.method} {route.resource}" for route in deployment.routes}


def test_every_route_is_in_the_table_and_nothing_else(deployment: Deployment) -> None:
    assert set(NEEDS) == routes(deployment)


def test_the_gateway_asks_for_a_token_where_the_table_says_so(deployment: Deployment) -> None:
    with_authorizer = {f"{route.method} {route.resource}" for route in deployment.routes if route.authorizer}
    assert {route for route, need in NEEDS.items() if need in (Need.GATEWAY, Need.TOKEN)} == with_authorizer


def test_every_route_that_changes_something_needs_something(deployment: Deployment) -> None:
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
