"""Each route makes exactly the requests to backends that costs.yaml lists."""

from collections.abc import Iterator

import pytest
import requests
import yaml

from common import postgres
from local.deployment import PROJECT, Deployment
from local.remotehq import RemoteHq
from support.client import ApiClient
from support.cost_cases import CASES
from support.recorder import Cost, Recorder
from support.seed_data import SeedData

TABLE: dict[str, dict[str, Cost]] = yaml.safe_load((PROJECT / "support" / "costs.yaml").read_text())


@pytest.fixture(scope="module")
def recorder(deployment: Deployment) -> Iterator[Recorder]:
    counter = Recorder(deployment)
    with counter.installed():
        yield counter
    postgres.close_idle()


@pytest.fixture
def caller(api: ApiClient, token: str, monkeypatch: pytest.MonkeyPatch) -> SeedData:
    return SeedData(api, token, monkeypatch)


@pytest.fixture
def seed(recorder: Recorder, caller: SeedData, remotehq: RemoteHq, database: str) -> SeedData:
    postgres.close_idle()
    caller.fill()
    caller.warm_up()
    return caller


def test_every_route_and_schedule_has_a_line(deployment: Deployment) -> None:
    routes = {f"{route.method} {route.resource}" for route in deployment.routes}
    assert set(TABLE) == set(CASES) == {*routes, "every hour"}
    assert {route: set(lines) for route, lines in TABLE.items()} == {
        route: set(cases) for route, cases in CASES.items()
    }


@pytest.mark.parametrize(
    ("route", "name", "depth"),
    [
        pytest.param(route, name, depth, id=f"{route}, {name}, {depth}")
        for route, cases in CASES.items()
        for name, case in cases.items()
        for depth in case.depths
    ],
)
def test_a_route_costs_what_the_table_says(
    route: str, name: str, depth: int, seed: SeedData, recorder: Recorder
) -> None:
    case = CASES[route][name]
    seed.put_items(depth)
    for step in case.before:
        step(seed)
    with recorder.recording() as cost:
        answer = case.ask(seed)
    said = ""
    if isinstance(answer, requests.Response):
        # The text says which backend is missing, if one was slow.
        said = answer.text
        assert answer.status_code == case.status, said
    assert {backend: dict(counts) for backend, counts in cost.items()} == TABLE[route][name], said
