"""Uploads in pieces: what is sent once is never sent again, and the file is what was announced."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from api import piece_store, pieces
from api.pieces import PIECE_BYTES, PIECES_OF_A_PART
from common import aws, s3
from info_images import store as info_images
from support.client import ApiClient
from support.network import BUCKET
from support.pieces import announced, cut, md5

NAME = "mrc1-sq01-20260101-00000001-EX00.fits.fz"
PART_BYTES = PIECES_OF_A_PART * PIECE_BYTES
SIZES = [
    1,
    PIECE_BYTES - 1,
    PIECE_BYTES,
    PIECE_BYTES + 1,
    PART_BYTES - 1,
    PART_BYTES,
    PART_BYTES + 1,
    2 * PART_BYTES + PIECE_BYTES + 1,
]


def content_of(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def body(content: bytes, **more: Any) -> dict[str, Any]:
    return {"object_name": NAME, "pieces": announced(content), **more}


def ask(api: ApiClient, content: bytes, **more: Any) -> dict[str, Any]:
    answer = api.post("/upload", json=body(content, **more))
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()["pieces"]
    return said


def put(wanted: dict[str, Any], piece: bytes) -> requests.Response:
    return requests.put(wanted["url"], data=piece, headers=wanted["headers"], timeout=10)


def send(api: ApiClient, content: bytes, **more: Any) -> list[dict[str, Any]]:
    """Send a file until it is complete; return what the API said."""
    said = []
    for _ in range(20):
        said.append(ask(api, content, **more))
        if said[-1]["complete"]:
            return said
        for wanted in said[-1]["missing"]:
            # A client asks again after an error. moto has one if two requests write an object at once.
            put(wanted, cut(content)[wanted["number"]])
    raise AssertionError("the upload does not end")


def stored(key: str = f"data/{NAME}") -> bytes:
    content: bytes = aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return content


def keys(prefix: str) -> list[str]:
    listed = aws.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    return [each["Key"] for each in listed.get("Contents", [])]


@pytest.mark.parametrize("size", SIZES)
def test_a_file_in_pieces_is_stored_byte_for_byte(api: ApiClient, size: int) -> None:
    content = content_of(size)
    said = send(api, content)
    assert stored() == content
    assert said[-1] == {"complete": True, "piece_bytes": PIECE_BYTES, "stored_bytes": size, "missing": []}


def test_an_upload_goes_on_where_it_stopped(api: ApiClient) -> None:
    content = content_of(2 * PART_BYTES)
    first = ask(api, content)
    assert (first["stored_bytes"], len(first["missing"])) == (0, 16)
    # out of order, and the first part whole
    for number in (12, *reversed(range(PIECES_OF_A_PART))):
        put(first["missing"][number], cut(content)[number]).raise_for_status()
    second = ask(api, content)
    assert second["stored_bytes"] == 9 * PIECE_BYTES
    assert [wanted["number"] for wanted in second["missing"]] == [8, 9, 10, 11, 13, 14, 15]
    for wanted in second["missing"]:
        put(wanted, cut(content)[wanted["number"]]).raise_for_status()
    assert ask(api, content)["complete"]
    assert stored() == content


def test_a_complete_upload_is_asked_for_nothing_more(api: ApiClient) -> None:
    content = content_of(PIECE_BYTES + 1)
    send(api, content)
    for key in keys("pieces/"):
        aws.client("s3").delete_object(Bucket=BUCKET, Key=key)
    assert send(api, content)[0]["complete"]


def test_a_file_that_another_one_replaced_is_sent_again(api: ApiClient) -> None:
    content, other = content_of(PIECE_BYTES + 1), content_of(PIECE_BYTES + 1, seed=2)
    send(api, content)
    send(api, other)
    assert stored() == other
    send(api, content)
    assert stored() == content


def test_pieces_of_another_file_or_name_do_not_count(api: ApiClient) -> None:
    content = content_of(2 * PIECE_BYTES)
    put(ask(api, content)["missing"][0], cut(content)[0]).raise_for_status()
    changed = cut(content)[0] + content_of(PIECE_BYTES, seed=2)
    assert ask(api, changed)["stored_bytes"] == 0
    assert ask(api, content, object_name="mrc1-a-20260101-00000002-EX00.fits.fz")["stored_bytes"] == 0
    assert ask(api, content, s3_directory="test")["stored_bytes"] == 0


def test_a_response_has_a_limited_number_of_urls(api: ApiClient) -> None:
    said = ask(api, content_of(40 * PIECE_BYTES))
    assert [wanted["number"] for wanted in said["missing"]] == list(range(32))


def test_a_request_makes_a_limited_number_of_parts(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piece_store, "PARTS_AT_ONCE", 1)
    content = content_of(3 * PART_BYTES)
    for wanted in ask(api, content)["missing"]:
        put(wanted, cut(content)[wanted["number"]]).raise_for_status()
    said = [ask(api, content) for _ in range(3)]
    assert [each["complete"] for each in said] == [False, False, True]
    assert said[0]["missing"] == []
    assert stored() == content


def test_more_objects_than_one_list_has(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    content = content_of(7 * PIECE_BYTES)
    request = s3.request

    def two_at_a_time(operation: str, **arguments: Any) -> dict[str, Any]:
        more = {"MaxKeys": 2} if operation == "list_objects_v2" else {}
        return request(operation, **arguments, **more)

    monkeypatch.setattr(s3, "request", two_at_a_time)
    for wanted in ask(api, content)["missing"][:5]:
        put(wanted, cut(content)[wanted["number"]]).raise_for_status()
    assert [wanted["number"] for wanted in ask(api, content)["missing"]] == [5, 6]


def test_a_url_takes_only_the_announced_piece(api: ApiClient) -> None:
    content = content_of(PIECE_BYTES)
    (wanted,) = ask(api, content)["missing"]
    assert "content-length%3Bcontent-md5" in wanted["url"]
    assert wanted["headers"] == {"Content-MD5": md5(content)}
    assert 3000 < int(wanted["url"].partition("X-Amz-Expires=")[2].partition("&")[0]) <= 3600


@pytest.mark.parametrize("wrong", [content_of(PIECE_BYTES, seed=2), b"short", b""])
def test_a_wrong_piece_is_asked_for_again(api: ApiClient, wrong: bytes) -> None:
    """S3 itself checks the MD5 of a piece. Were a wrong one stored, it would not become part of the file."""
    content = content_of(3 * PIECE_BYTES)
    fingerprint = pieces.parse_pieces(f"data/{NAME}", announced(content)).fingerprint
    for wanted in ask(api, content)["missing"]:
        put(wanted, cut(content)[wanted["number"]]).raise_for_status()
    aws.client("s3").put_object(Bucket=BUCKET, Key=f"pieces/{fingerprint}/piece-00001", Body=wrong)
    said = ask(api, content)
    assert not said["complete"]
    assert [wanted["number"] for wanted in said["missing"]] == [1]
    assert keys("data/") == []
    send(api, content)
    assert stored() == content


def test_two_clients_at_once_send_one_file(api: ApiClient) -> None:
    content = content_of(PART_BYTES + 1)
    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(send, api, content) for _ in range(2)]:
            assert future.result()[-1]["complete"]
    assert stored() == content


@pytest.mark.parametrize("operation", ["copy_object", "complete_multipart_upload"])
@pytest.mark.parametrize("was_done", [True, False])
def test_a_lost_response_to_the_last_request(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, operation: str, *, was_done: bool
) -> None:
    """botocore sends a request again whose response was lost, and then hears that its upload is gone."""
    content = content_of(PIECE_BYTES if operation == "copy_object" else PART_BYTES + 1)
    request, gone = s3.request, {"Error": {"Code": "NoSuchUpload"}}
    failures: list[str] = []

    def losing(asked: str, **arguments: Any) -> dict[str, Any]:
        if asked != operation or failures:
            return request(asked, **arguments)
        failures.append(asked)
        if was_done:
            request(asked, **arguments)
        raise ClientError(gone, asked)  # type: ignore[arg-type] # botocore reads no more of it

    monkeypatch.setattr(s3, "request", losing)
    for wanted in ask(api, content)["missing"]:
        put(wanted, cut(content)[wanted["number"]]).raise_for_status()
    answer = api.post("/upload", json=body(content))
    assert failures
    assert answer.status_code == (200 if was_done else 503)
    assert ask(api, content)["complete"]
    assert stored() == content


@pytest.mark.usefixtures("ingester")
@pytest.mark.parametrize("size", [PIECE_BYTES, PART_BYTES + 1])
def test_the_ingester_files_it(api: ApiClient, size: int) -> None:
    send(api, content_of(size))
    deadline = time.monotonic() + 15
    while not (uploads := api.get("/recentuploads?site=mrc1").json()):
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.05)
    # moto announces a file that is made of parts twice, S3 once
    assert {(each["filename"], each["size_bytes"]) for each in uploads} == {(f"data/{NAME}", size)}


def test_an_info_image_is_announced_until_it_is_complete(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    announcements: list[tuple[str, int, str]] = []
    monkeypatch.setattr(info_images, "await_image", lambda *image: announcements.append(image))
    base = "mrc1-sq01-20260101-00000001"
    more = {"object_name": f"{base}-EX10.jpg", "s3_directory": "info-images", "info_channel": 2}
    said = send(api, content_of(1), **more)
    assert announcements == [("mrc1", 2, base)] * len(said)
    assert stored(f"info-images/{base}-EX10.jpg") == content_of(1)
    assert ask(api, content_of(1), **more)["complete"]
    assert len(announcements) == len(said)


def test_the_response_also_has_a_form_for_the_whole_file(api: ApiClient) -> None:
    """A caller written for forms reads the same members in every response."""
    content = content_of(2)
    for _ in range(2):
        form = api.post("/upload", json=body(content)).json()
        assert (form.keys(), form["fields"]["key"]) == ({"url", "fields", "pieces"}, f"data/{NAME}")
        send(api, content)
    assert api.post("/upload", json={"object_name": NAME}).json().keys() == {"url", "fields"}


@pytest.mark.parametrize(
    ("given", "status", "says"),
    [
        ([], 400, "pieces must be an object with size_bytes and md5."),
        ({}, 400, "pieces.size_bytes must be the size of the file in bytes, 1 or more."),
        ({"size_bytes": 0, "md5": []}, 400, "pieces.size_bytes must be"),
        ({"size_bytes": True, "md5": [md5(b"a")]}, 400, "pieces.size_bytes must be"),
        ({"size_bytes": 1.0, "md5": [md5(b"a")]}, 400, "pieces.size_bytes must be"),
        ({"size_bytes": 1}, 400, "pieces.md5 must be a list of 1 MD5s, one for each 1048576 bytes"),
        ({"size_bytes": PIECE_BYTES + 1, "md5": [md5(b"a")]}, 400, "pieces.md5 must be a list of 2 MD5s"),
        ({"size_bytes": 1, "md5": ["d41d8cd98f00b204e9800998ecf8427e"]}, 400, "MD5 in base64"),
        ({"size_bytes": 1, "md5": ["é"]}, 400, "MD5 in base64"),
        ({"size_bytes": 1, "md5": [7]}, 400, "MD5 in base64"),
        ({"size_bytes": 1_000_000_001, "md5": []}, 413, "The file is too large: 1000000000 bytes at most."),
    ],
)
def test_wrong_pieces_are_refused(api: ApiClient, given: Any, status: int, says: str) -> None:
    answer = api.post("/upload", json={"object_name": NAME, "pieces": given})
    assert answer.status_code == status
    assert says in answer.text


def test_a_request_without_pieces_gets_a_form(api: ApiClient) -> None:
    for more in ({}, {"pieces": None}):
        assert set(api.post("/upload", json={"object_name": NAME, **more}).json()) == {"url", "fields"}
