"""Protected routes over HTTP, with good tokens, bad ones and none."""

import time
from typing import Any

import pytest

from local.auth0 import Auth0
from local.remotehq import RemoteHq
from night_log import notes
from night_log import store as night_log
from support.client import ApiClient
from support.network import ROLES_CLAIM

ROUTE = "/dummy-requires-auth"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    "header", ["Bearer {}", "bearer {}", "BEARER {}"], ids=["Bearer", "bearer", "BEARER"]
)
@pytest.mark.parametrize("name", ["Authorization", "authorization"])
def test_a_valid_token_is_accepted(api: ApiClient, token: str, name: str, header: str) -> None:
    answer = api.post(ROUTE, headers={name: header.format(token)})
    assert (answer.status_code, answer.text) == (200, "successful authorization")


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "{}", "Basic {}", "Bearer {} more", "Bearer not.a.token"]
)
def test_anything_but_a_bearer_token_is_unauthorized(api: ApiClient, token: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header.format(token)}
    answer = api.post(ROUTE, headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) - 10},
        {"nbf": int(time.time()) + 86_400},
        {"aud": "another-client"},
        {"sub": 5},
        {ROLES_CLAIM: {}},
    ],
    ids=["expired", "not yet valid", "another audience", "subject no text", "no roles"],
)
def test_a_token_with_a_wrong_claim_is_unauthorized(
    api: ApiClient, auth0: Auth0, changes: dict[str, Any]
) -> None:
    token = auth0.token("auth0|tester", ["admin"], **changes)
    assert api.post(ROUTE, headers=bearer(token)).status_code == 401


def test_a_token_of_another_signer_is_unauthorized(api: ApiClient) -> None:
    assert api.post(ROUTE, headers=bearer(Auth0().token("auth0|tester", ["admin"]))).status_code == 401


def test_auth0_down_is_unauthorized(api: ApiClient, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH0_USERINFO_URL", "http://127.0.0.1:9/userinfo")
    assert api.post(ROUTE, headers=bearer(token)).status_code == 401


def test_the_certificate_may_lack_its_first_and_last_line(
    api: ApiClient, auth0: Auth0, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The earlier service's secret of the same name has it in this form."""
    monkeypatch.setenv("AUTH0_CLIENT_PUBLIC_KEY", "\n".join(auth0.certificate.splitlines()[1:-1]))
    assert api.post(ROUTE, headers=bearer(token)).status_code == 200
    other = Auth0().token("auth0|tester", ["admin"])
    assert api.post(ROUTE, headers=bearer(other)).status_code == 401


def test_a_broken_certificate_is_a_fault_of_the_server(
    api: ApiClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH0_CLIENT_PUBLIC_KEY", "no certificate")
    answers = [api.post(ROUTE, headers=bearer(each)) for each in (token, "not.a.token")]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(500, {"message": None})] * 2


def test_a_good_token_gets_what_the_route_would_have_answered(
    api: ApiClient, remotehq: RemoteHq, token: str
) -> None:
    answers = [
        api.post("/new_remotehq_browser", json={"resolution": "huge"}, headers=bearer(token)),
        api.delete("/nightlog/mrc1", headers=bearer(token)),
        api.post("/new_remotehq_browser", headers=bearer(token)),
    ]
    assert [answer.status_code for answer in answers] == [400, 204, 200]


@pytest.mark.parametrize("write_access", ["open", "protected"])
@pytest.mark.parametrize("route", ["POST /new_remotehq_browser", "DELETE /nightlog/mrc1"])
def test_without_a_token_nothing_happens(
    api: ApiClient, remotehq: RemoteHq, monkeypatch: pytest.MonkeyPatch, write_access: str, route: str
) -> None:
    night_log.write(notes.new_note("mrc1", {"note_data": "Clear."}, time.time()))
    monkeypatch.setenv("WRITE_ACCESS", write_access)
    answer = api.request(*route.split(" "), json={})
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})
    assert remotehq.calls == []
    assert night_log.read("mrc1") is not None
