"""Changing things in a protected stage: with keys, tokens, both, neither, over HTTP."""

from typing import Any

import pytest
import requests

from api.uploads import parse_upload
from auth import site_keys, store
from auth.endpoints import endpoint
from auth.site_keys import PIPE, SITE, Holder
from common.errors import ApiError
from common.object_names import given_name, site_of
from common.requests import Request
from common.responses import Response, ok
from local.auth0 import Auth0
from local.remotehq import RemoteHq
from remotehq import rooms
from site_configs import store as site_configs
from support.client import ApiClient
from tests.access.conftest import bearer
from tests.events import call

UNAUTHORIZED = (401, {"message": "Unauthorized"})
INVALID = (403, "The key in x-site-key is not valid.")
# The same error from `PUT /{site}/config`, whose errors are JSON.
INVALID_FOR_CONFIG = (403, {"message": INVALID[1]})
CONFIG = {"name": "Mission Ridge"}

pytestmark = pytest.mark.usefixtures("protected")


@pytest.fixture
def key(aws: str) -> str:
    """The key of site mrc1."""
    return site_keys.hand_out(Holder(SITE, "mrc1"))


def heard(answer: requests.Response) -> tuple[int, Any]:
    is_json = answer.headers["Content-Type"] == "application/json"
    return answer.status_code, answer.json() if is_json else answer.text


def put(api: ApiClient, **headers: str) -> tuple[int, Any]:
    return heard(api.put("/mrc1/config", json=CONFIG, headers=headers))


@pytest.mark.parametrize("header", ["x-site-key", "X-Site-Key", "X-SITE-KEY"])
def test_a_site_s_key_can_write_its_config(api: ApiClient, key: str, header: str) -> None:
    assert api.put("//mrc1/config/", json=CONFIG, headers={header: key}).status_code == 200
    assert site_configs.read("mrc1") == CONFIG


def test_a_refused_key_s_error_names_its_holder(api: ApiClient) -> None:
    other = site_keys.hand_out(Holder(SITE, "mrc2"))
    pipe = site_keys.hand_out(Holder(PIPE, "mrc1"))
    said = "The key in x-site-key is that of {} and does not allow this."
    assert put(api, **{"x-site-key": other}) == (403, {"message": said.format("site mrc2")})
    assert put(api, **{"x-site-key": pipe}) == (403, {"message": said.format("pipe mrc1")})
    assert site_configs.read("mrc1") is None


@pytest.mark.parametrize("change", [str.lower, str.upper, lambda key: key[:-1], lambda key: key + "A"])
def test_a_key_that_is_not_quite_right_is_wrong(api: ApiClient, key: str, change: Any) -> None:
    assert put(api, **{"x-site-key": change(key)}) == INVALID_FOR_CONFIG


@pytest.mark.parametrize("key", ["", "é", "x" * 5000, "[]"])
def test_garbage_is_no_key(api: ApiClient, key: str) -> None:
    answer = api.put("/mrc1/config", json=CONFIG, headers={"x-site-key": key.encode("latin-1")})
    assert heard(answer) == INVALID_FOR_CONFIG


def test_the_stored_hash_of_a_key_is_not_a_valid_key(api: ApiClient, key: str) -> None:
    (stored,) = site_keys.read().keys[Holder(SITE, "mrc1")]
    assert put(api, **{"x-site-key": stored.sha256}) == INVALID_FOR_CONFIG


def test_with_both_a_key_and_a_token_the_key_decides(
    api: ApiClient, key: str, token: str, auth0: Auth0
) -> None:
    expired = bearer(auth0.token("auth0|observer", [], exp=1))
    assert put(api, **expired, **{"x-site-key": key})[0] == 200
    assert put(api, **bearer(token), **{"x-site-key": "garbage"}) == INVALID_FOR_CONFIG


def test_a_user_unknown_to_auth0_is_unauthorized(
    api: ApiClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert put(api, **bearer(Auth0().token("auth0|observer", ["admin"]))) == UNAUTHORIZED
    monkeypatch.setenv("AUTH0_USERINFO_URL", "http://127.0.0.1:9/userinfo")
    assert put(api, **bearer(token)) == UNAUTHORIZED
    assert site_configs.read("mrc1") is None


@pytest.fixture
def writers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stage's `writerRoles`."""
    monkeypatch.setenv("WRITER_ROLES", request.param)


@pytest.mark.parametrize(
    ("writers", "roles", "status"),
    [
        ("admin", ["admin"], 200),
        ("admin, operator", ["viewer", "operator"], 200),
        ("admin,operator", ["viewer"], 403),
        ("admin", [], 403),
        ("admin", [["admin"], {"admin": 1}, 1, None], 403),
        # a stage that names no role accepts no role, not even an empty one
        ("", ["admin", ""], 403),
        (",", [""], 403),
    ],
    indirect=["writers"],
)
@pytest.mark.usefixtures("writers")
def test_a_user_changes_things_only_with_a_role_that_the_stage_names(
    api: ApiClient, auth0: Auth0, roles: list[Any], status: int
) -> None:
    token = bearer(auth0.token("auth0|someone", roles))
    assert put(api, **token)[0] == status
    assert (site_configs.read("mrc1") is None) == (status == 403)
    # where API Gateway has asked the authorizer already, its answer counts
    assert api.delete("/nightlog/mrc1", headers=token).status_code == (204 if status == 200 else 403)
    assert api.post("/dummy-requires-auth", headers=token).status_code == 200


def test_the_error_for_a_missing_role_lists_the_roles(api: ApiClient, auth0: Auth0) -> None:
    token = bearer(auth0.token("auth0|someone", ["viewer"]))
    sentence = "Your token is good, but this needs one of the roles admin."
    assert put(api, **token) == (403, {"message": sentence})


def test_a_broken_body_with_a_wrong_key_is_refused_for_the_key(api: ApiClient, key: str) -> None:
    assert heard(api.post("/upload", data="{", headers={"x-site-key": "garbage"})) == INVALID
    assert heard(api.post("/upload", data="{")) == UNAUTHORIZED
    assert heard(api.post("/upload", data="{", headers={"x-site-key": key}))[0] == 400


@pytest.mark.parametrize("directory", ["data", "info-images", "allsky", "test"])
@pytest.mark.parametrize("field", ["object_name", "filename"])
def test_a_site_uploads_only_its_own_files(api: ApiClient, key: str, directory: str, field: str) -> None:
    def status(name: str) -> int:
        body = {field: name, "s3_directory": directory}
        return api.post("/upload", json=body, headers={"x-site-key": key}).status_code

    assert status("mrc1-sq01-20260101-00000001-EX10.jpg") == 200
    for name in (
        "mrc2-a-EX10.jpg",
        "mrc12-a-EX10.jpg",
        "mrc-1-EX10.jpg",
        "mrc1/a-EX10.jpg",
        "-mrc1-EX10.jpg",
        "mrc1-a/mrc2-sq01-20260101-00000001-EX10.jpg",
        "mrc1-a/-EX10.jpg",
    ):
        assert (name, status(name)) == (name, 403)


@pytest.mark.parametrize(
    "body",
    [
        {"object_name": "mrc2-a-EX10.jpg", "filename": "mrc1-a-EX10.jpg"},
        {"object_name": None, "filename": "mrc2-a-EX10.jpg"},
        {"object_name": "", "filename": "mrc1-a-EX10.jpg"},
        {"object_name": ["mrc1-a"]},
        {"object_name": {"mrc1-a": 1}},
        {},
        '{"object_name": "mrc1-a-EX10.jpg", "object_name": "mrc2-a-EX10.jpg"}',
    ],
)
def test_an_upload_that_names_two_sites_or_none_is_refused(api: ApiClient, key: str, body: Any) -> None:
    sent = {"data": body} if isinstance(body, str) else {"json": body}
    assert api.post("/upload", headers={"x-site-key": key}, **sent).status_code == 403


def test_a_key_of_a_site_called_none_uploads_no_file_without_a_name(api: ApiClient, key: str) -> None:
    """Once, `object_name: null` was the name "None" for the key check, but no name for the upload."""
    none = {"x-site-key": site_keys.hand_out(Holder(SITE, "None"))}
    body = {"object_name": None, "filename": "mrc1-a-EX10.jpg"}
    assert api.post("/upload", json=body, headers=none).status_code == 403
    form = api.post("/upload", json=body, headers={"x-site-key": key}).json()
    assert form["fields"]["key"] == "data/mrc1-a-EX10.jpg"


@pytest.mark.parametrize("directory", ["data", "info-images"])
@pytest.mark.parametrize(
    "body",
    [
        {"object_name": "mrc1-a-b.jpg"},
        {"object_name": None, "filename": "mrc2-a-b.jpg"},
        {"filename": "mrc1-a-b.jpg"},
        {"object_name": "mrc1-a-b.jpg", "filename": "mrc2-a-b.jpg"},
        {"object_name": "a/b-c-d.jpg"},
        {"object_name": "--.jpg"},
    ],
)
def test_the_site_that_is_checked_is_the_site_that_is_written(body: dict[str, Any], directory: str) -> None:
    checked = site_of(given_name(body))
    try:
        wanted = parse_upload({**body, "s3_directory": directory})
    except ApiError:
        return
    assert wanted.key.startswith(f"{directory}/{checked}")
    assert wanted.info_image is None or wanted.info_image.site == checked


def test_every_caller_gets_a_stored_room_and_only_users_make_one(
    api: ApiClient, remotehq: RemoteHq, key: str, token: str
) -> None:
    for headers in ({}, {"x-site-key": key}):
        assert heard(api.get("/control_room/mrc1", headers=headers)) == UNAUTHORIZED
    assert remotehq.calls == []
    assert rooms.get("mrc1") is None

    made = heard(api.get("/control_room/mrc1", headers=bearer(token)))
    assert made[0] == 200
    for headers in ({}, {"x-site-key": key}, {"x-site-key": "garbage"}):
        assert heard(api.get("/control_room/mrc1", headers=headers)) == made


@pytest.mark.parametrize("word", ["protected", "Open", "opne", "OPEN", "false", " "])
def test_only_the_word_open_opens_a_stage(api: ApiClient, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("WRITE_ACCESS", word)
    assert put(api) == UNAUTHORIZED


@pytest.mark.parametrize("word", ["open", ""])
def test_an_open_stage_looks_at_no_key(api: ApiClient, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("WRITE_ACCESS", word)
    monkeypatch.setattr(store, "read_all", None)
    assert put(api, **{"x-site-key": "garbage"})[0] == 200


def test_without_the_parameter_store_a_write_is_refused_with_503(
    api: ApiClient, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", "http://127.0.0.1:9")
    from common import aws

    monkeypatch.setattr(aws, "_made_client", aws._made_client.__wrapped__)
    answer = api.put("/mrc1/config", json=CONFIG, headers={"x-site-key": key})
    assert heard(answer) == (503, {"message": "Try again later: the parameter store does not answer."})
    assert answer.headers["Retry-After"] == "5"
    assert site_configs.read("mrc1") is None


def test_a_route_without_an_entry_is_denied() -> None:
    ran = []

    @endpoint
    def handler(_request: Request) -> Response:
        ran.append(1)
        return ok("changed")

    assert call(handler, method="POST").status == 500
    assert ran == []


def test_no_key_and_no_token_is_logged(
    api: ApiClient, key: str, token: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    for headers in (
        {"x-site-key": key},
        {"x-site-key": key + "A"},
        bearer(token),
        bearer(token[:-4] + "AAAA"),
    ):
        put(api, **headers)
    logged = "".join([*capsys.readouterr(), caplog.text])
    assert "answered" in logged
    assert key not in logged
    assert token[:-4] not in logged


def test_a_browser_may_send_a_key(api: ApiClient) -> None:
    answer = api.options(
        "/mrc1/config",
        headers={"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-site-key"},
    )
    assert "*" in answer.headers["Access-Control-Allow-Headers"].split(",")
