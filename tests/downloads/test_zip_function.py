"""The zip function, called as Lambda calls it."""

import hashlib
import io
import json
import os
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from common import aws as clients
from local.invocation import LambdaContext
from support.images import put, stored
from zip_function import archives, locks, store
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


def looked_at(filenames: list[str]) -> tuple[int, str]:
    """The answer of the function if it shall only look for a zip, and pack nothing."""
    answer = pack({"filenames": filenames, "only_look": True}, None)
    return answer["statusCode"], json.loads(answer["body"])["message"]


def fetched(url: str) -> bytes:
    return requests.get(url, timeout=10).content


def remove(key: str) -> None:
    clients.client("s3").delete_object(Bucket=os.environ["S3_BUCKET_NAME"], Key=key)


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


def test_of_several_at_once_one_packs() -> None:
    names = [f"mrc1-{number}" for number in range(20)]
    for name in names:
        put(f"data/{name}", name.encode() * 50_000)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(packed, [names] * 4))
    assert {status for status, _ in answers} <= {200, 409}
    assert {message for status, message in answers if status == 409} <= {"The zip is still being packed."}
    assert [status for status, _ in answers].count(200) >= 1
    with zipfile.ZipFile(io.BytesIO(fetched(looked_at(names)[1]))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(names)
    assert open_uploads() == []
    assert stored("downloads/locks/") == {}


def hold_lock(names: list[str], **metadata: str) -> str:
    """Write the lock that another packer of these files would write; return the key of their zip."""
    key = f"downloads/{hashlib.sha256(chr(10).join(names).encode()).hexdigest()}.zip"
    lock = f"{locks.DIRECTORY}/{key.removeprefix('downloads/')}"
    metadata = {"holder": "another", **metadata}
    clients.client("s3").put_object(
        Bucket=os.environ["S3_BUCKET_NAME"], Key=lock, Body=b"x", Metadata=metadata
    )
    return key


def test_a_zip_that_another_call_packs_is_a_409_and_is_used_later() -> None:
    put("data/a", b"x")
    key = hold_lock(["a"])
    assert packed(["a"]) == (409, "The zip is still being packed.")
    assert looked_at(["a"]) == (409, "The zip is still being packed.")
    put(key, b"the other's zip")
    assert looked_at(["a"])[0] == 409
    remove(f"{locks.DIRECTORY}/{key.removeprefix('downloads/')}")
    status, url = looked_at(["a"])
    assert (status, fetched(url)) == (200, b"the other's zip")
    assert open_uploads() == []


def test_only_looking_packs_nothing() -> None:
    put("data/a", b"x")
    assert looked_at(["a"])[0] == 409
    assert (stored("downloads/"), open_uploads()) == ({}, [])
    assert looked_at([])[0] == 400


def test_the_lock_of_a_dead_packer_ends_and_its_upload_is_aborted(monkeypatch: pytest.MonkeyPatch) -> None:
    put("data/a", b"x")
    key = hold_lock(["a"])
    begun = clients.client("s3").create_multipart_upload(Bucket=os.environ["S3_BUCKET_NAME"], Key=key)
    hold_lock(["a"], upload=begun["UploadId"])
    assert packed(["a"])[0] == 409
    age = locks._age_s
    monkeypatch.setattr(locks, "_age_s", lambda found: age(found) + locks.LEASE_S + 1)
    assert packed(["a"])[0] == 200
    assert open_uploads() == []
    assert stored("downloads/locks/") == {}


@pytest.mark.slow
@pytest.mark.parametrize("noticed", ["when it renews the lock", "when it sends a part"])
def test_a_packer_that_was_too_slow_gives_up_and_the_other_s_zip_stays(
    monkeypatch: pytest.MonkeyPatch, noticed: str
) -> None:
    names = ["a", "b"]
    for name in names:
        put(f"data/{name}", name.encode() * 3_000_000)
    read, age = store.read_block, locks._age_s
    others: list[Any] = []

    def slow(block: Any) -> bytes:
        if not others:
            others.append("begun")
            # so long that another packs everything meanwhile
            with monkeypatch.context() as patch:
                patch.setattr(locks, "_age_s", lambda found: age(found) + locks.LEASE_S + 1)
                patch.setattr(store, "read_block", read)
                others.append(packed(names)[0])
        return read(block)

    def as_s3(operation: str, **arguments: Any) -> dict[str, Any]:
        # moto answers 500 where S3 says that it does not know the upload
        ids = [upload["UploadId"] for upload in open_uploads()]
        if "UploadId" in arguments and arguments["UploadId"] not in ids:
            raise ClientError({"Error": {"Code": "NoSuchUpload"}}, operation)
        return request(operation, **arguments)

    request = store.request
    monkeypatch.setattr(store, "request", as_s3)
    if noticed == "when it renews the lock":
        monkeypatch.setattr(locks, "RENEW_AFTER_S", -1)
    monkeypatch.setattr(store, "read_block", slow)
    answer = packed(names)
    assert others == ["begun", 200]
    assert answer == (503, "Try again later: another request is packing these files.")
    with zipfile.ZipFile(io.BytesIO(fetched(looked_at(names)[1]))) as archive:
        assert archive.read("b") == b"b" * 3_000_000
    assert (open_uploads(), stored("downloads/locks/")) == ([], {})


def test_a_lock_is_renewed_while_its_holder_works(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    real = locks._written

    def counted(key: str, metadata: dict[str, str], **condition: str) -> str | None:
        written.append(",".join(condition))
        return real(key, metadata, **condition)

    monkeypatch.setattr(locks, "_written", counted)
    monkeypatch.setattr(locks, "RENEW_AFTER_S", -1)
    put("data/a", b"x" * 5 * 1024**2)
    assert packed(["a"])[0] == 200
    # written when taken, when the upload is noted, and at each of three blocks
    assert written == ["IfNoneMatch", "IfMatch", "IfMatch", "IfMatch", "IfMatch"]


def test_a_holder_whose_lease_is_nearly_over_leaves_the_lock_alone() -> None:
    put("data/a", b"x")
    key = hold_lock(["a"])
    lock = f"{locks.DIRECTORY}/{key.removeprefix('downloads/')}"
    locks.Lock(lock, "slow", "etag", time.monotonic() - locks.LEASE_S).release()
    assert list(stored("downloads/locks/")) == [lock]


@pytest.mark.parametrize(("age_days", "packed_again"), [(6.9, False), (7.1, True)])
def test_a_zip_that_expires_soon_is_packed_again(
    monkeypatch: pytest.MonkeyPatch,
    age_days: float,
    packed_again: bool,  # noqa: FBT001 - a table's column
) -> None:
    put("data/mrc1-a", b"a")
    contents_of(["mrc1-a", "mrc1-b"])
    put("data/mrc1-a", b"changed")
    monkeypatch.setattr(archives, "FRESH_FOR_S", archives.FRESH_FOR_S - age_days * 24 * 3600)
    again = contents_of(["mrc1-a", "mrc1-b"])
    assert again["mrc1-a"] == (b"changed" if packed_again else b"a")
    # a zip with more files than could be packed now is handed out until it expires
    remove("data/mrc1-a")
    assert contents_of(["mrc1-a", "mrc1-b"]) == again


@pytest.mark.parametrize("sent", [0, 1, 999])
def test_a_block_that_comes_short_is_read_again_and_then_fails(
    monkeypatch: pytest.MonkeyPatch, sent: int
) -> None:
    def short(operation: str, **arguments: Any) -> dict[str, Any]:
        answer = request(operation, **arguments)
        if operation == "get_object":
            reads.append(arguments["Key"])
            if len(reads) <= shorts:
                # as a proxy may send it: a cut body, with the Content-Length of the cut body
                answer["Body"] = io.BytesIO(answer["Body"].read()[:sent])
        return answer

    put("data/a", b"x" * 1000)
    request, shorts = store.request, 100
    reads: list[str] = []
    monkeypatch.setattr(store, "request", short)
    assert packed(["a"]) == (503, "Try again later: the image store does not answer.")
    assert (stored("downloads/"), open_uploads()) == ({}, [])
    reads.clear()
    shorts = 2
    assert contents_of(["a"]) == {"a": b"x" * 1000}
    assert len(reads) == 3


@pytest.mark.parametrize("filenames", [None, [], "a", {"a": 1}, [1], ["../x"], ["/x"], ["a\nb"], [""]])
def test_what_is_no_list_of_names(filenames: Any) -> None:
    assert packed(filenames)[0] == 400


def test_a_list_without_existing_files_is_a_404_and_starts_nothing() -> None:
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


def test_an_earlier_zip_does_not_hide_that_s3_has_lost_the_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(operation: str, **arguments: Any) -> dict[str, Any]:
        if operation == "complete_multipart_upload":
            raise ClientError({"Error": {"Code": "NoSuchUpload"}}, operation)
        return request(operation, **arguments)

    put("data/mrc1-a", b"a")
    contents_of(["mrc1-a", "mrc1-b"])
    put("data/mrc1-b", b"b")
    request = store.request
    monkeypatch.setattr(store, "request", lost)
    assert packed(["mrc1-a", "mrc1-b"])[0] == 500


def test_a_zip_outlives_files_that_are_removed() -> None:
    put("data/mrc1-a", b"a")
    first = contents_of(["mrc1-a", "mrc1-b"])
    remove("data/mrc1-a")
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
