"""The zip function, called as Lambda calls it."""

import hashlib
import io
import json
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from common import aws as clients
from local.invocation import LambdaContext
from tests.downloads.images import put, stored
from zip_function import store
from zip_function.handlers import pack
from zip_function.store import StoredFile

pytestmark = pytest.mark.usefixtures("aws")


def packed(filenames: Any, context: Any = None) -> tuple[int, str]:
    answer = pack({"filenames": filenames}, context)
    assert set(answer) == {"statusCode", "body"}
    return answer["statusCode"], json.loads(answer["body"])["message"]


def contents_of(filenames: list[str]) -> dict[str, bytes]:
    """The files of the zip that is handed out."""
    status, url = packed(filenames)
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(requests.get(url, timeout=10).content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def open_uploads() -> list[Any]:
    listed = clients.client("s3").list_multipart_uploads(Bucket=os.environ["S3_BUCKET_NAME"])
    uploads: list[Any] = listed.get("Uploads", [])
    return uploads


def test_the_key_is_the_sha256_of_the_sorted_names() -> None:
    for name in ("b", "a"):
        put(f"data/{name}", b"x")
    assert packed(["b", "a", "b"])[0] == packed(["a", "b"])[0] == 200
    assert list(stored("downloads/")) == [
        f"downloads/{hashlib.sha256(b'a' + chr(10).encode() + b'b').hexdigest()}.zip"
    ]


def test_two_at_once_agree() -> None:
    names = [f"mrc1-{number}" for number in range(20)]
    for name in names:
        put(f"data/{name}", name.encode() * 50_000)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(packed, [names, names]))
    assert [status for status, _ in answers] == [200, 200]
    contents = [requests.get(url, timeout=10).content for _, url in answers]
    assert contents[0] == contents[1]
    with zipfile.ZipFile(io.BytesIO(contents[0])) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(names)
    assert open_uploads() == []


@pytest.mark.parametrize("filenames", [None, [], "a", {"a": 1}, [1], ["../x"], ["/x"], ["a\nb"], [""]])
def test_what_is_no_list_of_names(filenames: Any) -> None:
    assert packed(filenames)[0] == 400


def test_none_that_exists_is_not_found_and_starts_nothing() -> None:
    assert packed(["a", "b"]) == (404, "None of the files exists.")
    assert (stored("downloads/"), open_uploads()) == ({}, [])


def test_a_zip_that_lacks_files_is_made_again_when_more_have_come() -> None:
    put("data/mrc1-a", b"a")
    first = contents_of(["mrc1-a", "mrc1-b", "mrc1-c"])
    put("data/mrc1-a", b"changed")
    assert contents_of(["mrc1-a", "mrc1-b", "mrc1-c"]) == first
    put("data/mrc1-c", b"c")
    more = contents_of(["mrc1-a", "mrc1-b", "mrc1-c"])
    assert (more["mrc1-a"], more["mrc1-c"]) == (b"changed", b"c")
    assert more["MISSING.txt"].endswith(b":\nmrc1-b\n")
    put("data/mrc1-b", b"b")
    assert set(contents_of(["mrc1-a", "mrc1-b", "mrc1-c"])) == {"mrc1-a", "mrc1-b", "mrc1-c"}


def test_an_earlier_zip_does_not_pass_for_one_that_s3_has_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(operation: str, **arguments: Any) -> dict[str, Any]:
        if operation == "complete_multipart_upload":
            raise ClientError({"Error": {"Code": "NoSuchUpload"}}, operation)
        return request(operation, **arguments)

    put("data/mrc1-a", b"a")
    contents_of(["mrc1-a", "mrc1-b"])
    put("data/mrc1-b", b"b")
    request = store._request
    monkeypatch.setattr(store, "_request", lost)
    assert packed(["mrc1-a", "mrc1-b"])[0] == 500


def test_a_zip_outlives_files_that_are_removed() -> None:
    put("data/mrc1-a", b"a")
    first = contents_of(["mrc1-a", "mrc1-b"])
    clients.client("s3").delete_object(Bucket=os.environ["S3_BUCKET_NAME"], Key="data/mrc1-a")
    assert contents_of(["mrc1-a", "mrc1-b"]) == first


def test_running_out_of_time_leaves_nothing() -> None:
    put("data/a", b"x" * 100)
    status, message = packed(["a"], LambdaContext("zip", deadline=0))
    assert (status, message) == (503, "The files are too large to be packed in time: ask for fewer.")
    assert (stored("downloads/"), open_uploads()) == ({}, [])


def test_a_file_that_changes_meanwhile_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def looked_up_before_the_change(key: str) -> StoredFile | None:
        found = real(key)
        if key == "data/b":
            put(key, b"another content, longer than before")
        return found

    real = store.look_up
    for name in ("a", "b", "c"):
        put(f"data/{name}", b"content")
    monkeypatch.setattr(store, "look_up", looked_up_before_the_change)
    assert packed(["a", "b", "c"]) == (503, "Try again: a file changed while it was packed.")
    assert (stored("downloads/"), open_uploads()) == ({}, [])


def test_an_unforeseen_error_says_nothing_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_key: str) -> Any:
        raise ValueError("secret")

    monkeypatch.setattr(store, "look_up", broken)
    assert packed(["a"]) == (500, "Internal server error")


def test_who_unpacks_may_read_the_files_and_sees_when_they_were_made() -> None:
    put("data/mrc1-a", b"x")
    _, url = packed(["mrc1-a", "missing"])
    with zipfile.ZipFile(io.BytesIO(requests.get(url, timeout=10).content)) as archive:
        entry, missing = archive.infolist()
    assert entry.external_attr >> 16 == 0o644
    assert entry.date_time[0] > 2000
    assert missing.external_attr >> 16 & 0o400
