"""Uploads as site computers make them: ask for a form, post the file to S3."""

import base64
import json
import time
from datetime import datetime
from typing import Any

import pytest
import requests

from common import aws
from common.dynamodb import Table
from support.client import ApiClient
from support.network import BUCKET

INFO_IMAGES = Table("INFO_IMAGES_TABLE")
NAME = "mrc1-sq01-20260101-00000001-EX01.fits.fz"


def policy(form: dict[str, Any]) -> dict[str, Any]:
    """What a presigned POST allows."""
    decoded: dict[str, Any] = json.loads(base64.b64decode(form["fields"]["policy"]))
    return decoded


def stored(key: str) -> bytes:
    content: bytes = aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return content


def test_an_upload_lands_in_s3_byte_for_byte(api: ApiClient) -> None:
    content = bytes(range(256)) * 1000
    form = api.post("//upload/", data=json.dumps({"object_name": NAME}), headers={"Content-Type": None})
    assert form.status_code == 200
    answer = requests.post(
        form.json()["url"], data=form.json()["fields"], files={"file": (NAME, content)}, timeout=10
    )
    assert answer.status_code == 204
    assert stored(f"data/{NAME}") == content


@pytest.mark.parametrize("member", ["object_name", "filename"])
@pytest.mark.parametrize("directory", ["data", "info-images", "allsky", "test"])
def test_a_form_writes_exactly_one_key_for_five_minutes(api: ApiClient, member: str, directory: str) -> None:
    form = api.post("/upload", json={member: NAME, "s3_directory": directory, "metadata": '{"a": 1}'}).json()
    allowed = policy(form)
    assert form["fields"]["key"] == f"{directory}/{NAME}"
    assert {"key": f"{directory}/{NAME}"} in allowed["conditions"]
    expires = datetime.fromisoformat(allowed["expiration"]).timestamp()
    assert 295 < expires - time.time() <= 300


@pytest.mark.parametrize(
    "body", [{"object_name": None, "filename": "a-b"}, {"object_name": "a-b", "filename": "c"}]
)
def test_the_name_may_be_given_under_either_key(api: ApiClient, body: dict[str, Any]) -> None:
    assert api.post("/upload", json=body).json()["fields"]["key"] == "data/a-b"


@pytest.mark.parametrize("metadata", ["", None, {"FWHM": 2.1}, '{"FWHM": 2.1}', '{"FWHM": NaN}'])
def test_metadata_is_taken_as_sites_send_it(api: ApiClient, metadata: Any) -> None:
    assert api.post("/upload", json={"object_name": NAME, "metadata": metadata}).status_code == 200


def test_the_directory_is_data_by_default(api: ApiClient) -> None:
    assert api.post("/upload", json={"object_name": "a b.txt"}).json()["fields"]["key"] == "data/a b.txt"


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({}, 400, "object_name is required"),
        ({"object_name": ""}, 400, "object_name is required"),
        ({"object_name": 5}, 400, "object_name is required"),
        ({"object_name": "é" * 510}, 400, "object_name is too long"),
        ({"object_name": "a\nb"}, 400, "control characters"),
        ({"object_name": "a\x7fb"}, 400, "control characters"),
        ({"object_name": "\ud800"}, 400, "control characters"),
        ({"object_name": "../data/x"}, 400, "a .. segment"),
        ({"object_name": "a/../../x"}, 400, "a .. segment"),
        ({"object_name": "."}, 400, "a . segment"),
        ({"object_name": "./a"}, 400, "a . segment"),
        ({"object_name": "a/./b"}, 400, "a . segment"),
        ({"object_name": "a/."}, 400, "a . segment"),
        ({"object_name": "/a"}, 400, "must not begin with /"),
        ({"object_name": "${filename}"}, 400, "must not have ${filename}"),
        ({"object_name": NAME, "s3_directory": "downloads"}, 403, "s3_directory must be one of data, "),
        ({"object_name": NAME, "s3_directory": ["data"]}, 403, "s3_directory must be one of data, "),
        ({"object_name": NAME, "metadata": "{"}, 400, "metadata must be a JSON text."),
        ({"object_name": NAME, "metadata": "[" * 100_000}, 400, "metadata must be a JSON text."),
        ({"object_name": NAME, "metadata": 5}, 400, "metadata must be a JSON text."),
    ],
)
def test_an_upload_that_is_not_allowed(
    api: ApiClient, body: dict[str, Any], status: int, reason: str
) -> None:
    answer = api.post("/upload", data=json.dumps(body))
    assert answer.status_code == status
    assert reason in answer.text


@pytest.mark.parametrize("size", [0, 1, 999, 1000])
def test_a_file_up_to_the_limit_is_taken(api: ApiClient, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setenv("MAX_UPLOAD_BYTES", "1000")
    form = api.post("/upload", json={"object_name": NAME}).json()
    answer = requests.post(form["url"], data=form["fields"], files={"file": (NAME, b"x" * size)}, timeout=10)
    assert answer.status_code == 204
    assert stored(f"data/{NAME}") == b"x" * size


def test_a_file_over_the_limit_is_refused_by_s3_and_not_stored(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_UPLOAD_BYTES", "1000")
    form = api.post("/upload", json={"object_name": NAME}).json()
    answer = requests.post(form["url"], data=form["fields"], files={"file": (NAME, b"x" * 1001)}, timeout=10)
    assert answer.status_code == 400
    assert "<Code>EntityTooLarge</Code>" in answer.text
    assert aws.client("s3").list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


def test_a_form_limits_the_size_to_a_gigabyte(api: ApiClient) -> None:
    form = api.post("/upload", json={"object_name": NAME}).json()
    assert ["content-length-range", 0, 1_000_000_000] in policy(form)["conditions"]


@pytest.mark.parametrize("name", ["a//b", "a/", "a//", "x/.../y", "é ü+%.jpg", "a?b#c", "a\\b", "%2e%2e/x"])
def test_a_file_of_an_odd_name_that_is_taken_can_be_fetched(api: ApiClient, name: str) -> None:
    form = api.post("/upload", json={"object_name": name}).json()
    requests.post(form["url"], data=form["fields"], files={"file": b"content"}, timeout=10).raise_for_status()
    link = api.post("/download", json={"object_name": name, "image_type": "as it is"})
    assert link.status_code == 200
    fetched = requests.get(link.text, timeout=10)
    assert (fetched.status_code, fetched.content) == (200, b"content")


@pytest.mark.parametrize("name", ["a..b", "...", "x/.../y", "a/b.fits", "é ü+%.jpg", "x" * 1019])
def test_names_that_only_look_odd_are_allowed(api: ApiClient, name: str) -> None:
    assert api.post("/upload", json={"object_name": name}).json()["fields"]["key"] == f"data/{name}"


def test_an_info_image_is_awaited_on_its_channel_alone(api: ApiClient) -> None:
    bases = [f"mrc1-sq01-20260101-0000000{number}" for number in range(4)]
    channels: list[Any] = [None, 2, "3", 1]
    for base, channel in zip(bases, channels, strict=True):
        body = {"object_name": f"{base}-EX10.jpg", "s3_directory": "info-images", "info_channel": channel}
        if channel is None:
            del body["info_channel"]
        assert api.post("/upload", json=body).status_code == 200
    assert INFO_IMAGES.get({"pk": "mrc1#metadata"}) == {
        "pk": "mrc1#metadata",
        "channel1": bases[3],
        "channel2": bases[1],
        "channel3": bases[2],
    }


@pytest.mark.parametrize("channel", [0, 4, "x", True, 1.5, None, [1]])
def test_a_bad_channel_is_refused_and_awaits_nothing(api: ApiClient, channel: Any) -> None:
    body = {"object_name": NAME, "s3_directory": "info-images", "info_channel": channel}
    answer = api.post("/upload", json=body)
    assert (answer.status_code, answer.text) == (403, "info_channel must be one of 1, 2, 3.")
    assert list(INFO_IMAGES.scan()) == []


def test_the_channel_counts_for_info_images_alone(api: ApiClient) -> None:
    assert api.post("/upload", json={"object_name": NAME, "info_channel": 9}).status_code == 200
    assert list(INFO_IMAGES.scan()) == []


@pytest.mark.parametrize("name", ["plot.jpg", "mrc1-x/y-EX10.jpg"])
def test_an_info_image_needs_a_name_with_its_site(api: ApiClient, name: str) -> None:
    answer = api.post("/upload", json={"object_name": name, "s3_directory": "info-images"})
    assert answer.status_code == 400
    assert answer.text.startswith("object_name of an info image must be {site}-")
