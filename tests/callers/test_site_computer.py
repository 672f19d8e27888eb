"""The calls of an observatory's computer, as its Python program makes them with `requests`."""

import json
import time
from typing import Any

import pytest
import requests

from auth import site_keys
from common import aws
from local.auth0 import Auth0
from support.client import ApiClient
from support.images import packed, sky, stored

BASE = "mrc1-sq01-20260101-00000001"
HEADER = "".join(
    f"{card:80}" for card in ("SIMPLE  =                    T", "EXPTIME =                 30.0", "END")
)


def upload(api: ApiClient, name: str, content: bytes, **more: Any) -> int:
    """Upload a file as the program does: no Content-Type, a doubled slash, and one at the end."""
    body = json.dumps({"object_name": name, **more})
    form = api.post("//upload/", data=body, headers={"Content-Type": None}).json()
    answer = requests.post(form["url"], data=form["fields"], files={"file": (name, content)}, timeout=10)
    return answer.status_code


def test_an_exposure_is_uploaded_header_first(api: ApiClient) -> None:
    files = {
        f"{BASE}-EX00.txt": HEADER.encode(),
        f"{BASE}-EX10.jpg": b"\xff\xd8\xff picture",
        f"{BASE}-EX00.fits.fz": packed(sky().astype("uint16")),
    }
    for name, content in files.items():
        assert upload(api, name, content) == 204
    assert {key.removeprefix("data/"): content for key, content in stored("data/").items()} == files
    # others who ask for the large file get it, although the site sends it at another level
    answer = api.post("/download", json={"object_name": f"{BASE}-EX01.fits.fz"})
    assert requests.get(answer.text, timeout=30).status_code == 200


@pytest.mark.usefixtures("ingester")
def test_a_large_fits_of_level_00_is_fetched_from_its_channel(api: ApiClient) -> None:
    content = packed(sky().astype("uint16"))
    name = f"{BASE}-EX00.fits.fz"
    assert upload(api, name, content, s3_directory="info-images", info_channel=2) == 204
    deadline = time.monotonic() + 15
    while not (answer := api.get("/infoimage/mrc1/2")).content:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    shown = answer.json()
    assert shown["fits_01_exists"]
    assert requests.get(shown["fits_01_url"], timeout=10).content == content


def sent(api: ApiClient, body: str, **headers: Any) -> tuple[int, dict[str, Any]]:
    """Send a config; return status and JSON. The program loops forever if an answer is not JSON."""
    answer = api.put("/mrc1/config/", data=body, headers={"Content-Type": None, **headers})
    found = answer.json()
    assert isinstance(found, dict)
    return answer.status_code, found


def test_a_config_that_is_stored_says_so_in_its_metadata(api: ApiClient) -> None:
    status, answer = sent(api, json.dumps({"name": "Mission Ridge", "elevation": 317.75}))
    assert (status, answer["ResponseMetadata"]["HTTPStatusCode"]) == (200, 200)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("{", 400),
        ("[]", 400),
        ('{"seeing": NaN}', 400),
        ('{"a": 1e999}', 400),
        ("\ud800".encode(errors="surrogatepass"), 400),
        (json.dumps({"text": "x" * 401 * 1024}), 413),
        (json.dumps({"text": "x" * 5 * 1024 * 1024}), 413),
        (json.dumps({"text": "x" * 11 * 1024 * 1024}), 413),
    ],
    ids=[
        "empty",
        "broken",
        "list",
        "NaN",
        "too large a number",
        "no UTF-8",
        "over 400 KB",
        "over 4 MiB",
        "over 10 MB",
    ],
)
def test_a_refused_config_gets_a_json_error(api: ApiClient, body: Any, status: int) -> None:
    told_status, answer = sent(api, body)
    assert told_status == status
    assert isinstance(answer["message"], str)
    assert api.get("/mrc1/config").status_code == 404


def test_a_stage_that_asks_for_keys_refuses_in_json(
    api: ApiClient, auth0: Auth0, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRITE_ACCESS", "protected")
    site_keys.forget()
    assert sent(api, "{}") == (401, {"message": "Unauthorized"})
    status, answer = sent(api, "{}", **{"x-site-key": "wrong"})
    assert (status, answer) == (403, {"message": "The key in x-site-key is not valid."})
    visitor = auth0.token("auth0|visitor", ["viewer"])
    status, answer = sent(api, "{}", Authorization=f"Bearer {visitor}")
    assert (status, answer["message"]) == (
        403,
        "Your token is good, but this needs one of the roles admin.",
    )
    site_keys.forget()


def test_an_outage_of_the_table_gets_a_json_error(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")
    monkeypatch.setattr(aws, "_made_client", aws._made_client.__wrapped__)
    status, answer = sent(api, "{}")
    assert status == 503
    assert answer["message"].startswith("Try again later")


def test_a_fault_of_the_service_gets_a_json_error(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFIG_TABLE_NAME", "")
    status, answer = sent(api, "{}")
    assert (status, answer["message"]) == (500, "Internal server error")


def test_an_unknown_route_is_api_gateway_s_to_tell(api: ApiClient) -> None:
    assert api.put("/mrc1/configs/", data="{}").json() == {"message": "Missing Authentication Token"}
