"""The headers that every answer has, whoever answers: a route, its refusal, or the gateway."""

import pytest

from auth.access import NEEDS
from local.deployment import Deployment
from local.remotehq import RemoteHq
from support.client import ApiClient
from tests.access.seeded_api import SeededApi
from tests.access.test_matrix_http import ask

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.parametrize("write_access", ["open", "protected"])
def test_no_browser_guesses_the_type_of_a_response(
    api: ApiClient,
    deployment: Deployment,
    remotehq: RemoteHq,
    monkeypatch: pytest.MonkeyPatch,
    write_access: str,
) -> None:
    seeded = SeededApi(api, deployment, remotehq)
    seeded.fill()
    monkeypatch.setenv("WRITE_ACCESS", write_access)
    for route in NEEDS:
        answer = ask(api, route, seeded, {})
        assert (route, answer.headers.get("X-Content-Type-Options")) == (route, "nosniff")


@pytest.mark.parametrize("path", ["/no/such/route", "/dummy-requires-auth"])
def test_no_browser_guesses_what_the_gateway_s_own_answer_is(api: ApiClient, path: str) -> None:
    answer = api.post(path)
    assert answer.status_code in (401, 403)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_plot_runs_and_loads_nothing(api: ApiClient, deployment: Deployment, remotehq: RemoteHq) -> None:
    SeededApi(api, deployment, remotehq).fill()
    answer = api.get("/events/plot", params={"site": "mrc1"})
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
